// SPDX-License-Identifier: MIT
#include "scenario.h"

#include <QCoreApplication>
#include <QRegularExpression>

#include <algorithm>
#include <cmath>
#include <functional>

using namespace Qt::StringLiterals;
using std::chrono::milliseconds;

namespace EtcdRegistry {
namespace {

constexpr int lastPort = 65535;
constexpr int year = 365 * 24 * 3600; // seconds, the longest time
constexpr double blink = 0.1;         // the shortest

/// Blanks for all outside of strings that the pattern matches; positions stay.
void blank(QByteArray &text, const QString &pattern)
{
    const QRegularExpression regex(uR"("(?:[^"\\]|\\.)*+"|()"_s + pattern + u')',
                                   QRegularExpression::DotMatchesEverythingOption);
    for (auto it = regex.globalMatch(QString::fromLatin1(text)); it.hasNext();) {
        const QRegularExpressionMatch match = it.next();
        for (auto at = match.capturedStart(1); at >= 0 && at < match.capturedEnd(1); ++at) {
            if (text[at] != '\n')
                text[at] = ' ';
        }
    }
}

class Parser
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::Scenario)
public:
    std::variant<Scenario, Scenario::Fault> parse(const QByteArray &text)
    {
        m_text = text;
        blank(m_text, u"//[^\n]*|/\\*.*?\\*/"_s);
        blank(m_text, u",(?=\\s*[\\]}])"_s);
        if (const auto fault = Json::fault(m_text))
            return Scenario::Fault{Json::position(text, fault->offset), fault->reason};
        object(QByteArrayView(m_text).trimmed(),
               {{"$schema", [](QByteArrayView) {}},
                {"registrations", list([this](QByteArrayView each) { group(each); }), Required}});
        if (m_reason.isEmpty())
            return m_scenario;
        return Scenario::Fault{Json::position(text, m_offset), m_reason};
    }

private:
    using Read = std::function<void(QByteArrayView value)>;
    enum Need { Optional, Required };
    struct Member
    {
        const char *name;
        Read read;
        Need need = Optional;
    };

    /// The first fault counts.
    void fail(QByteArrayView at, const QString &reason)
    {
        if (!m_reason.isEmpty())
            return;
        m_reason = reason;
        m_offset = at.data() - m_text.constData();
    }

    void object(QByteArrayView text, const QList<Member> &members)
    {
        if (!text.startsWith('{'))
            return fail(text, tr("an object is expected here, in braces"));
        QStringList names, read;
        for (const Member &member : members)
            names += QString::fromLatin1(member.name);
        const auto parsed = Json::forEachField(text, [&](QByteArrayView name,
                                                         QByteArrayView value) {
            const QString given = Json::text(name);
            const auto known = names.indexOf(given);
            if (known < 0)
                return fail(
                    name,
                    tr("there is no field %1 here; there are %2").arg(given, names.join(u", "_s)));
            if (read.contains(given))
                return fail(name, tr("%1 is here for the second time").arg(given));
            read += given;
            members[known].read(value);
        });
        Q_ASSERT(parsed);
        for (const Member &member : members) {
            const QString name = QString::fromLatin1(member.name);
            if (member.need == Required && !read.contains(name))
                fail(text, tr("%1 is missing in this object").arg(name));
        }
    }

    // ---- what reads a value

    Read list(const Read &each)
    {
        return [this, each](QByteArrayView value) {
            int count = 0;
            Json::forEachElement(value, [&](QByteArrayView element) {
                ++count;
                each(element);
            });
            if (count == 0)
                fail(value, tr("a list of at least one is expected here, in brackets"));
        };
    }

    Read text(QString &to)
    {
        return [this, &to](QByteArrayView value) {
            to = Json::text(value);
            if (!value.startsWith('"') || to.isEmpty())
                fail(value, tr("a text is expected here, in double quotes"));
        };
    }

    Read number(int &to, int least, int most)
    {
        return [=, this, &to](QByteArrayView value) {
            bool ok = false;
            to = value.toInt(&ok);
            if (!ok || to < least || to > most)
                fail(value,
                     tr("a whole number from %1 to %2 is expected here").arg(least).arg(most));
        };
    }

    template <typename Duration> // milliseconds, which may be optional
    Read seconds(Duration &to, double least = blink)
    {
        return [=, this, &to](QByteArrayView value) {
            bool ok = false;
            const double seconds = value.toDouble(&ok);
            if (ok && seconds >= least && seconds <= year)
                to = milliseconds(std::llround(seconds * 1000));
            else
                fail(value,
                     tr("a number of seconds from %1 to %2 is expected here").arg(least).arg(year));
        };
    }

    // ---- the objects

    void group(QByteArrayView text)
    {
        Scenario::Group group;
        Service &service = group.service;
        QByteArrayView heartbeat;
        object(text,
               {{"name", this->text(service.name), Required},
                {"namespace", this->text(service.nameSpace)},
                {"count", number(group.count, 1, lastPort)},
                {"port", number(service.port, 1, lastPort)},
                {"hostname", this->text(service.hostname)},
                {"protocol", this->text(service.protocol)},
                {"document", document(service.document)},
                {"ttl", seconds(service.ttl, 1)},
                {"heartbeat",
                 [&](QByteArrayView value) {
                     heartbeat = value;
                     seconds(service.heartbeat)(value);
                 }},
                {"whenTaken", whenTaken(service.whenTaken)},
                {"behaviour", [&](QByteArrayView value) { behaviour(value, group.behaviour); }}});
        if (service.ttl > milliseconds(0) && service.heartbeat > service.ttl / 2)
            fail(heartbeat, tr("the heartbeat must be at most half the ttl"));
        if (service.port + group.count - 1 > lastPort) {
            fail(text, tr("%1 ports from %2 on are more than there are")
                           .arg(group.count)
                           .arg(service.port));
        }
        m_scenario.groups += group;
        if (m_reason.isEmpty())
            checkKeys(text, group);
    }

    Read document(QByteArray &to)
    {
        return [this, &to](QByteArrayView value) {
            if (value.startsWith('{'))
                to = Json::compact(value);
            else
                fail(value, tr("an object is expected here, in braces"));
        };
    }

    Read whenTaken(Service::WhenTaken &to)
    {
        return [this, &to](QByteArrayView value) {
            if (value != "\"rejoin\"" && value != "\"let-go\"")
                fail(value, tr("\"rejoin\" or \"let-go\" is expected here"));
            if (value == "\"let-go\"")
                to = Service::WhenTaken::LetGo;
        };
    }

    void behaviour(QByteArrayView text, Scenario::Behaviour &to)
    {
        object(text,
               {{"crashAfter", seconds(to.crashAfter)},
                {"leaveAfter", seconds(to.leaveAfter)},
                {"pause", [&](QByteArrayView value) { pause(value, to.pause.emplace()); }},
                {"flap", [&](QByteArrayView value) { flap(value, to.flap.emplace()); }},
                {"change", [&](QByteArrayView value) { change(value, to.change.emplace()); }}});
    }

    void pause(QByteArrayView text, Scenario::Behaviour::Pause &to)
    {
        object(text,
               {{"after", seconds(to.after), Required}, {"for", seconds(to.length), Required}});
    }

    void flap(QByteArrayView text, Scenario::Behaviour::Flap &to)
    {
        object(text,
               {{"every", seconds(to.every), Required}, {"for", seconds(to.length), Required}});
        if (to.length >= to.every)
            fail(text, tr("what flaps must be away for less time than from flap to flap"));
    }

    void change(QByteArrayView text, Scenario::Behaviour::Change &to)
    {
        const auto value = [&](QByteArrayView value) { to.values += Json::compact(value); };
        object(text, {{"field", this->text(to.field), Required},
                      {"every", seconds(to.every), Required},
                      {"values", list(value)}});
    }

    // ---- what only all of it tells

    /// That each instance has a key of its own, and keeps it.
    void checkKeys(QByteArrayView text, const Scenario::Group &group)
    {
        ConnectionString somewhere;
        somewhere.nameSpace = u"-"_s;
        if (m_keys.size() + group.count > Scenario::mostInstances)
            return fail(text, tr("these are more than %1 instances").arg(Scenario::mostInstances));
        QString hostname; // looked up once for all of them
        for (Service service : group.services(somewhere)) {
            if (!hostname.isEmpty())
                service.hostname = hostname;
            const Result<Layout::Record> record = Layout::encode(service);
            if (!record)
                return fail(text, record.error().message());
            const Instance instance =
                Layout::decode({.key = record->key, .value = record->value}, Api::V2, {});
            if (const auto taken = m_keys.constFind(record->key); taken != m_keys.cend()) {
                return fail(text, tr("%1 would have the URL %2 of one at line %3: give it another "
                                     "port")
                                      .arg(service.name, instance.url)
                                      .arg(Json::position(m_text, *taken).line));
            }
            if (hostname.isEmpty())
                checkChange(text, service, record->key, group.behaviour.change);
            hostname = instance.hostname;
            m_keys.insert(record->key, text.data() - m_text.constData());
        }
    }

    void checkChange(QByteArrayView text, Service service, const QString &key,
                     const std::optional<Scenario::Behaviour::Change> &change)
    {
        if (!change)
            return;
        const QByteArray document = service.document;
        for (int times = 1; times <= std::max<int>(1, change->values.size()); ++times) {
            service.document = change->applied(document, times);
            const Result<Layout::Record> record = Layout::encode(service);
            if (!record || record->key != key)
                return fail(text, tr("%1 can't change: the URL would, too").arg(change->field));
        }
    }

    QByteArray m_text;
    Scenario m_scenario;
    QHash<QString, qsizetype> m_keys; ///< and where their group is
    QString m_reason;
    qsizetype m_offset = 0;
};

} // namespace

std::variant<Scenario, Scenario::Fault> Scenario::parse(const QByteArray &text)
{
    return Parser().parse(text);
}

} // namespace EtcdRegistry
