// SPDX-License-Identifier: MIT
#include "transfer.h"

#include "plaintext.h"

#include <QCoreApplication>

#include <cmath>

using namespace Qt::StringLiterals;

namespace EtcdRegistry::Cli {
namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::Transfer)
};

/// The service in a line; an error says just what is wrong with it.
Result<Service> serviceIn(const QByteArray &line, const Service &preset)
{
    const auto wrong = [](const QString &why) {
        return Error{.code = Error::Code::InvalidArgument, .detail = why};
    };
    const Result<Json::Fields> fields = Json::fields(line);
    if (!fields)
        return fields.error();
    Service service = preset;
    QString key;
    service.document.clear();
    for (const Json::Field &field : *fields) {
        if (field.name == "key"_L1) {
            key = Json::text(field.value);
        } else if (field.name == "document"_L1) {
            service.document = field.value;
        } else if (field.name == "ttl"_L1 && field.value != "null") {
            bool ok = false;
            const double seconds = field.value.toDouble(&ok);
            if (!ok || !(seconds >= 1) || seconds > 1e9)
                return wrong(Text::tr("ttl must be a number of seconds, 1 at least"));
            service.ttl = std::chrono::milliseconds(std::llround(seconds * 1000));
            service.heartbeat = std::min(preset.heartbeat, service.ttl / 2);
        } else if (field.name != "ttl"_L1) {
            return wrong(Text::tr("%1 is none of key, ttl and document").arg(field.name));
        }
    }
    const Result<Json::Fields> document = Json::fields(service.document);
    if (!document)
        return wrong(Text::tr("document: %1").arg(document.error().detail));
    for (const Json::Field &field : *document) {
        if (field.name == "name"_L1)
            service.name = Json::text(field.value);
    }
    if (!key.isValidUtf16())
        return wrong(Text::tr("key is no text"));
    if (!key.isEmpty()) {
        const Instance instance =
            Layout::decode({.key = key, .value = service.document}, Api::V3, {});
        if (!(instance.nameSpace + u'/').startsWith(preset.nameSpace + u'/')
            && !preset.nameSpace.isEmpty()) {
            return wrong(Text::tr("%1 is not below the namespace of the connection, %2")
                             .arg(key, preset.nameSpace));
        }
        service.nameSpace = instance.nameSpace;
    }
    const Result<Layout::Record> record = Layout::encode(service);
    if (!record)
        return record.error();
    if (!key.isEmpty() && record->key != key)
        return wrong(Text::tr("the key of this document would be %1").arg(record->key));
    return service;
}

} // namespace

bool isWhole(const Instance &instance)
{
    return instance.problem != Instance::Problem::NotAnObject && instance.key.isValidUtf16();
}

QByteArray toLines(const QList<Instance> &instances)
{
    QByteArray lines;
    for (const Instance &instance : instances) {
        if (!isWhole(instance))
            continue;
        using std::chrono::ceil, std::chrono::seconds;
        const QByteArray ttl =
            instance.ttl ? QByteArray::number(qint64(ceil<seconds>(*instance.ttl).count()))
                         : "null";
        lines += plainJson(Json::object({{u"key"_s, Json::quoted(instance.key)},
                                         {u"ttl"_s, ttl},
                                         {u"document"_s, Json::compact(instance.document)}}))
                 + '\n';
    }
    return lines;
}

Result<QList<Service>> fromLines(const QByteArray &lines, const Service &preset)
{
    QList<Service> services;
    int number = 0;
    for (const QByteArray &line : lines.split('\n')) {
        ++number;
        if (line.trimmed().isEmpty())
            continue;
        const Result<Service> service = serviceIn(line, preset);
        if (!service) {
            return Error{.code = Error::Code::InvalidArgument,
                         .detail = Text::tr("line %1: %2").arg(number).arg(service.error().detail)};
        }
        services += *service;
    }
    return services;
}

} // namespace EtcdRegistry::Cli
