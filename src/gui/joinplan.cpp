// SPDX-License-Identifier: MIT
#include "joinplan.h"

#include <QCoreApplication>
#include <QRegularExpression>
#include <QSet>

#include <cmath>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::JoinPlan)
};

constexpr int maxPort = 65535;
constexpr milliseconds minTtl = 1s;
constexpr milliseconds minV3Ttl = 2s;
constexpr milliseconds maxTtl = 24h * 365;
constexpr milliseconds minHeartbeat = 100ms;

using Field = JoinPlan::Field;

/// Nothing if it is no number of seconds, whatever its size.
std::optional<milliseconds> seconds(QString text)
{
    bool ok = false;
    const double value = text.replace(u',', u'.').toDouble(&ok) * 1000;
    if (!ok || !(std::abs(value) < 1e15))
        return {};
    return milliseconds(std::llround(value));
}

/// "" is no port.
std::optional<int> portOf(const QString &text)
{
    if (text.isEmpty())
        return 0;
    bool ok = false;
    const int port = text.toInt(&ok);
    return ok && port >= 1 && port <= maxPort ? std::optional(port) : std::nullopt;
}

/// The JSON object that was typed: itself, or its fields as a key=value on each line.
Result<QByteArray> documentOf(const QString &text)
{
    const auto refused = [](const QString &why) {
        return Error{.code = Error::Code::InvalidArgument, .detail = why};
    };
    if (text.trimmed().startsWith(u'{')) {
        const QByteArray json = text.toUtf8();
        const auto fields = Json::fields(json);
        return fields ? Result<QByteArray>(Json::compact(json)) : fields.error();
    }
    Json::Fields fields;
    QSet<QString> names;
    const auto lines = text.split(u'\n');
    for (qsizetype i = 0; i < lines.size(); ++i) {
        if (lines[i].trimmed().isEmpty())
            continue;
        const auto equals = lines[i].indexOf(u'=');
        const QString name = lines[i].first(std::max<qsizetype>(equals, 0)).trimmed();
        if (name.isEmpty())
            return refused(
                Text::tr("Line %1 is no key=value. Write one on each line, or one JSON object.")
                    .arg(i + 1));
        if (names.contains(name))
            return refused(Text::tr("Line %1: %2 stands above already.").arg(i + 1).arg(name));
        names.insert(name);
        fields.append({name, Json::valueFromInput(lines[i].sliced(equals + 1).trimmed())});
    }
    return Json::object(fields);
}

class Planner
{
public:
    Planner(const JoinForm &form, const ConnectionString &connection)
        : m_form(form)
        , m_connection(connection)
    {}

    JoinPlan make()
    {
        checkName();
        checkNameSpace();
        checkHostname();
        checkProtocol();
        m_service.whenTaken =
            m_form.rejoins ? Service::WhenTaken::Rejoin : Service::WhenTaken::LetGo;
        checkPort();
        checkDocument();
        if (!hasErrors()) {
            if (const auto record = Layout::encode(m_service))
                m_plan.record = *record;
            makeServices();
        }
        checkTimes();
        if (hasErrors())
            m_plan.services.clear();
        for (Service &service : m_plan.services) {
            service.ttl = m_service.ttl;
            service.heartbeat = m_service.heartbeat;
        }
        return std::move(m_plan);
    }

private:
    void refuse(Field field, const QString &why) { m_plan.remarks.insert(field, {true, why}); }
    void warn(Field field, const QString &why) { m_plan.remarks.insert(field, {false, why}); }

    bool hasErrors() const
    {
        return std::any_of(m_plan.remarks.begin(), m_plan.remarks.end(),
                           [](const JoinPlan::Remark &remark) { return remark.error; });
    }

    void checkName()
    {
        m_service.name = m_form.name.trimmed();
        if (m_service.name.isEmpty())
            refuse(Field::Name, Text::tr("Give the service a name."));
    }

    void checkNameSpace()
    {
        const auto segments = m_form.nameSpace.trimmed().split(u'/', Qt::SkipEmptyParts);
        m_service.nameSpace = segments.join(u'/');
        const QString &looked = m_connection.nameSpace;
        if (segments.contains(u"."_s) || segments.contains(u".."_s))
            refuse(Field::NameSpace,
                   Text::tr("No part of it can be . or .., which etcd reads as another path."));
        else if (m_connection.api != ConnectionString::Api::V3
                 && std::any_of(segments.begin(), segments.end(),
                                [](const QString &segment) { return segment.startsWith(u'_'); }))
            warn(
                Field::NameSpace,
                Text::tr("The v2 store never lists what begins with _, so it would not be found."));
        else if (!looked.isEmpty()
                 && !QString(m_service.nameSpace + u'/').startsWith(looked + u'/'))
            warn(Field::NameSpace,
                 Text::tr("Outside %1, so it will not show in this window.").arg(looked));
    }

    void checkHostname()
    {
        static const QRegularExpression strange(uR"([\s/@?#])"_s);
        m_service.hostname = m_form.hostname.trimmed();
        if (m_service.hostname.contains(strange))
            refuse(Field::Hostname,
                   Text::tr("Only a name or an address, without protocol, path or blanks."));
        else if (m_service.hostname.contains(u':') && !m_service.hostname.endsWith(u']'))
            refuse(Field::Hostname,
                   Text::tr("The port has its own field; an IPv6 address stands in [brackets]."));
    }

    void checkProtocol()
    {
        static const QRegularExpression scheme(uR"(^[A-Za-z][A-Za-z0-9+.-]*$)"_s);
        m_service.protocol = m_form.protocol.trimmed();
        if (!m_service.protocol.isEmpty() && !scheme.match(m_service.protocol).hasMatch())
            refuse(Field::Protocol, Text::tr("Only a word such as http, https or grpc."));
    }

    void checkPort()
    {
        if (const auto port = portOf(m_form.port.trimmed()))
            m_service.port = *port;
        else
            refuse(Field::Port, Text::tr("A port is a whole number from 1 to %1.").arg(maxPort));
    }

    void checkDocument()
    {
        if (const auto document = documentOf(m_form.document))
            m_service.document = *document;
        else
            refuse(Field::Document, document.error().message());
    }

    void makeServices()
    {
        if (m_service.port > 0 && m_service.port + m_form.count - 1 > maxPort) {
            refuse(Field::Count, Text::tr("From port %1 on there are only %2 ports.")
                                     .arg(m_service.port)
                                     .arg(maxPort - m_service.port + 1));
            return;
        }
        QSet<QString> keys;
        for (int i = 0; i < m_form.count; ++i) {
            Service service = m_service;
            service.port += service.port > 0 ? i : 0;
            if (const auto record = Layout::encode(service))
                keys.insert(record->key);
            m_plan.services.append(service);
        }
        if (keys.size() < m_form.count)
            refuse(Field::Count,
                   m_service.port == 0 ? Text::tr(
                       "Without a port they would all have the same key. Set the first one's.")
                                       : Text::tr("The further fields set host or url, so they "
                                                  "would all have the same key."));
    }

    void checkTimes()
    {
        if (const auto ttl = seconds(m_form.ttl.trimmed())) {
            m_service.ttl = *ttl;
            checkTtl(*ttl);
        } else {
            refuse(Field::Ttl, Text::tr("Write a number of seconds, such as 10."));
        }
        if (m_plan.remarks.value(Field::Ttl, {false, {}}).error)
            return;

        const milliseconds longest = m_plan.longestHeartbeat = m_service.ttl / 2;
        const QString typed = m_form.heartbeat.trimmed();
        const auto heartbeat = typed.isEmpty() ? longest : seconds(typed);
        if (!heartbeat)
            refuse(Field::Heartbeat, Text::tr("Write a number of seconds, such as 5 or 2.5."));
        else if (*heartbeat < minHeartbeat)
            refuse(Field::Heartbeat, Text::tr("At least %1 s.").arg(secondsText(minHeartbeat)));
        else if (*heartbeat > longest)
            refuse(Field::Heartbeat,
                   Text::tr("At most half the TTL, %1 s, so that one lost beat does no harm.")
                       .arg(secondsText(longest)));
        else
            m_service.heartbeat = *heartbeat;
    }

    void checkTtl(milliseconds ttl)
    {
        if (ttl < minTtl || ttl > maxTtl)
            refuse(Field::Ttl, Text::tr("From %1 s to %2 s, which is a year.")
                                   .arg(secondsText(minTtl), secondsText(maxTtl)));
        else if (ttl < minV3Ttl && m_connection.api != ConnectionString::Api::V2)
            warn(Field::Ttl,
                 Text::tr("The v3 store grants no less than %1 s.").arg(secondsText(minV3Ttl)));
        else if (ttl % 1s != 0ms)
            warn(Field::Ttl, Text::tr("etcd counts whole seconds: this becomes %1 s.")
                                 .arg(secondsText(std::chrono::ceil<std::chrono::seconds>(ttl))));
    }

    const JoinForm &m_form;
    const ConnectionString &m_connection;
    JoinPlan m_plan;
    Service m_service;
};

} // namespace

JoinPlan JoinPlan::make(const JoinForm &form, const ConnectionString &connection)
{
    return Planner(form, connection).make();
}

JoinForm formOf(const Service &service)
{
    JoinForm form;
    form.name = service.name;
    form.nameSpace = service.nameSpace;
    form.hostname = service.hostname;
    form.port = service.port > 0 ? QString::number(service.port) : QString();
    form.protocol = service.protocol;
    form.rejoins = service.whenTaken == Service::WhenTaken::Rejoin;
    form.ttl = secondsText(std::chrono::ceil<std::chrono::seconds>(service.ttl)); // as etcd does
    if (service.heartbeat < service.ttl / 2)
        form.heartbeat = secondsText(service.heartbeat);

    const auto document = Json::fields(service.document);
    if (!document)
        return form;
    Json::Fields fields = *document;
    /// Takes the field out of the document if it says what the form can say.
    const auto take = [&fields](const QString &name, QString &text, auto fits) {
        fields.removeIf([&](const Json::Field &field) {
            const QString value = Json::text(field.value);
            if (field.name != name || !fits(value))
                return false;
            if (text.isEmpty())
                text = value;
            return true;
        });
    };
    const auto always = [](const QString &) { return true; };
    take(u"name"_s, form.name, always);
    take(u"hostname"_s, form.hostname, always);
    take(u"protocol"_s, form.protocol, always);
    take(u"port"_s, form.port, [](const QString &port) { return portOf(port).value_or(0) > 0; });
    QString host = form.hostname + (form.port.isEmpty() ? QString() : u':' + form.port);
    take(u"host"_s, host, [host](const QString &given) { return given == host; });
    QString url;
    take(u"url"_s, url, [&](const QString &given) {
        return given.endsWith(u"://"_s + host)
               && (form.protocol.isEmpty() || given == form.protocol + u"://"_s + host);
    });
    if (form.protocol.isEmpty() && !url.startsWith(u"http:"_s))
        form.protocol = url.section(u"://"_s, 0, 0);
    if (!fields.isEmpty())
        form.document = QString::fromUtf8(Json::indented(Json::object(fields)));
    return form;
}

QString secondsText(milliseconds duration)
{
    return QString::number(double(duration.count()) / 1000, 'g', 12);
}

} // namespace EtcdRegistry
