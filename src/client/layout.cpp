// SPDX-License-Identifier: MIT
#include "layout.h"

#include "parallel.h"
#include "snapshot.h"

#include <QCoreApplication>
#include <QCryptographicHash>
#include <QNetworkInterface>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace EtcdRegistry::Layout {
namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::Layout)
};

constexpr auto root = "services"_L1;

/// The last field of this name, as it is the one that counts in JSON; else fields.end().
template <typename Fields>
auto find(Fields &fields, QLatin1StringView name)
{
    auto it = fields.end();
    while (it != fields.begin()) {
        if ((--it)->name == name)
            return it;
    }
    return fields.end();
}

void set(Json::Fields &fields, QLatin1StringView name, const QByteArray &value)
{
    if (const auto it = find(fields, name); it != fields.end())
        it->value = value;
    else
        fields.append({name, value});
}

bool isNumber(QByteArrayView value)
{
    return value.startsWith('-') || (value.front() >= '0' && value.front() <= '9');
}

/// As JavaScript sees it: a field counts as given only if its value is.
bool isTrue(QByteArrayView value)
{
    if (value.startsWith('"'))
        return value.size() > 2;
    return isNumber(value) ? value.toDouble() != 0 : value != "null" && value != "false";
}

/// The value as JavaScript puts it into a string, but integers keep every digit.
QString concatenated(QByteArrayView value)
{
    const auto isFraction = [](char c) { return c == '.' || c == 'e' || c == 'E'; };
    if (!isNumber(value) || std::none_of(value.begin(), value.end(), isFraction))
        return Json::text(value);
    const double number = value.toDouble();
    const bool plain = qAbs(number) >= 1e-6 && qAbs(number) < 1e21;
    return QString::number(number, plain ? 'f' : 'g', QLocale::FloatingPointShortest)
        .replace("e-0"_L1, "e-"_L1);
}

/// What the value says, or nothing if it counts as not given.
QString given(QByteArrayView value)
{
    return isTrue(value) ? concatenated(value) : QString();
}

QString given(const Json::Fields &fields, QLatin1StringView name)
{
    const auto it = find(fields, name);
    return it != fields.end() ? given(it->value) : QString();
}

/// What the field says, else the default, which is then written into it.
template <typename MakeDefault>
QString givenOr(Json::Fields &fields, QLatin1StringView name, MakeDefault makeDefault)
{
    auto value = given(fields, name);
    if (value.isNull()) {
        value = makeDefault();
        set(fields, name, Json::quoted(value));
    }
    return value;
}

QByteArray hash(const QString &name, const QString &url)
{
    const auto data = name.toUtf8() + '-' + url.toUtf8();
    return QCryptographicHash::hash(data, QCryptographicHash::Sha1).toHex();
}

bool isHash(QStringView segment)
{
    return segment.size() == 40 && std::all_of(segment.begin(), segment.end(), [](QChar c) {
               return (c >= u'0' && c <= u'9') || (c >= u'a' && c <= u'f');
           });
}

bool hasEmptySegment(QStringView path)
{
    const auto empty = [](QChar a, QChar b) { return a == u'/' && b == u'/'; };
    return std::adjacent_find(path.begin(), path.end(), empty) != path.end();
}

/// The text, and the same one again while it does not change: neighbours in a listing share their
/// namespace and service, which saves memory and comparisons.
QString shared(QStringView text, QString &last)
{
    if (last != text)
        last = text.toString();
    return last;
}

/// Namespace and service from the key; false if it has not the shape of a key of ours.
bool splitKey(Instance &instance)
{
    const auto takeLast = [](QStringView &path) {
        const auto slash = path.lastIndexOf(u'/');
        const auto last = path.sliced(slash + 1);
        path = path.first(qMax(slash, 0));
        return last;
    };
    QStringView path(instance.key);
    const bool rooted = path.startsWith(root + u'/');
    if (rooted)
        path = path.sliced(root.size() + 1);
    bool good = rooted && path.contains(u'/') && !path.startsWith(u'/') && !hasEmptySegment(path)
                && isHash(path.sliced(path.lastIndexOf(u'/') + 1));
    if (path.contains(u'/'))
        takeLast(path);
    thread_local QString lastService, lastNameSpace;
    instance.service = shared(takeLast(path), lastService);
    instance.nameSpace = shared(path, lastNameSpace);
    return good;
}

} // namespace

QString slug(const QString &name)
{
    QString result = name;
    for (auto &c : result) {
        if (c.unicode() >= 128 || (!c.isLetterOrNumber() && c != u'-'))
            c = u'-';
    }
    return result;
}

QString prefix(const QString &nameSpace, const QString &serviceName)
{
    QString result = root + u'/';
    for (const auto segment : QStringView(nameSpace).split(u'/', Qt::SkipEmptyParts))
        result += segment.toString() + u'/';
    if (!serviceName.isEmpty())
        result += slug(serviceName) + u'/';
    return result;
}

Result<Record> encode(const Service &service)
{
    if (service.name.isEmpty())
        return Error{.code = Error::Code::InvalidArgument,
                     .detail = Text::tr("The service has no name: give it one.")};
    const auto segments = service.nameSpace.split(u'/');
    if (segments.contains("."_L1) || segments.contains(".."_L1))
        return Error{.code = Error::Code::InvalidArgument,
                     .detail = Text::tr("A part of a namespace can't be . or .. alone.")};
    auto document = Json::fields(service.document);
    if (!document)
        return document.error();
    auto fields = std::move(document).value();

    if (service.port > 0)
        set(fields, "port"_L1, QByteArray::number(service.port));
    if (!service.protocol.isEmpty())
        set(fields, "protocol"_L1, Json::quoted(service.protocol));
    set(fields, "name"_L1, Json::quoted(service.name));
    if (!service.hostname.isEmpty())
        set(fields, "hostname"_L1, Json::quoted(service.hostname));

    const auto port = given(fields, "port"_L1);
    const auto protocol = given(fields, "protocol"_L1);
    const auto hostname = givenOr(fields, "hostname"_L1, &localAddress);
    const auto host = givenOr(fields, "host"_L1, [&] {
        const bool isBareV6 = hostname.contains(u':') && !hostname.startsWith(u'[');
        const QString address = isBareV6 ? u'[' + hostname + u']' : hostname;
        return port.isEmpty() ? address : address + u':' + port;
    });
    const auto url = givenOr(fields, "url"_L1, [&] {
        return (protocol.isEmpty() ? u"http"_s : protocol) + "://"_L1 + host;
    });
    const auto key =
        prefix(service.nameSpace, service.name) + QLatin1StringView(hash(service.name, url));
    return Record{key, Json::object(fields)};
}

Instance decode(const Entry &entry, Api api, Instance::Clock::time_point observed)
{
    constexpr std::chrono::milliseconds never = std::chrono::years(100);
    Instance instance;
    instance.key = entry.key;
    instance.document = entry.value;
    instance.api = api;
    instance.createRevision = entry.createRevision;
    instance.modRevision = entry.modRevision;
    instance.lease = entry.lease;
    instance.hasTtl = entry.hasTtl;
    instance.observed = observed;
    instance.ttlTold = entry.granted.has_value();
    if (entry.timeLeft) {
        instance.ttl = entry.granted ? entry.granted : entry.timeLeft;
        instance.expires = observed + *entry.timeLeft;
    }
    if (const auto &left = entry.directoryLeft; left && *left < entry.timeLeft.value_or(never)) {
        instance.hasTtl = true;
        instance.expires = observed + *left;
        instance.cutShort = entry.timeLeft.value_or(never) - *left;
    }

    const bool goodKey = splitKey(instance);
    QString name;
    const std::pair<QByteArrayView, QString *> wanted[]{{R"("name")", &name},
                                                        {R"("hostname")", &instance.hostname},
                                                        {R"("host")", &instance.host},
                                                        {R"("port")", &instance.port},
                                                        {R"("url")", &instance.url}};
    const auto take = [&](QByteArrayView field, QByteArrayView value) {
        for (const auto &[known, target] : wanted) {
            if (field == known) {
                *target = given(value);
                return true;
            }
        }
        return false;
    };
    const auto document = Json::forEachField(entry.value, [&](auto field, auto value) {
        if (!take(field, value) && field.contains('\\')) // "na\u006de" is a name too
            take(Json::quoted(Json::text(field)), value);
    });
    if (!document) {
        instance.problem = Instance::Problem::NotAnObject;
        instance.hostname = instance.host = instance.port = instance.url = QString();
    } else if (!goodKey) {
        instance.problem = Instance::Problem::KeyShape;
    } else if (!instance.key.endsWith(QLatin1StringView(hash(name, instance.url)))) {
        instance.problem = Instance::Problem::KeyMismatch;
    }
    if (document && name != instance.service && slug(name) == instance.service)
        instance.service = name;
    return instance;
}

QList<Instance> decodeAll(const QList<Entry> &entries, Api api,
                          Instance::Clock::time_point observed)
{
    QList<Instance> instances(entries.size());
    inParallel(entries.size(), [&, to = instances.data()](qsizetype i) {
        to[i] = decode(entries[i], api, observed);
    });
    if (!std::ranges::is_sorted(instances, instanceLess)) // as listings mostly are
        std::ranges::sort(instances, instanceLess);
    return instances;
}

QString localAddress()
{
    const auto interfaces = QNetworkInterface::allInterfaces();
    for (const auto &interface : interfaces) {
        const auto flags = interface.flags();
        if (flags & QNetworkInterface::IsLoopBack || !(flags & QNetworkInterface::IsRunning))
            continue;
        const auto entries = interface.addressEntries();
        for (const auto &entry : entries) {
            if (entry.ip().protocol() == QAbstractSocket::IPv4Protocol)
                return entry.ip().toString();
        }
    }
    return u"127.0.0.1"_s;
}

} // namespace EtcdRegistry::Layout
