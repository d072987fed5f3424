// SPDX-License-Identifier: MIT
#include "connectionstring.h"

#include <QCoreApplication>
#include <QMap>
#include <QRegularExpression>

#include <algorithm>
#include <optional>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace EtcdRegistry {
namespace {

constexpr int defaultPort = 4001;
constexpr double longestTime = 1e9; // 30 years in seconds, 11 days in milliseconds

QString decoded(const QString &text)
{
    // Behind something else a byte order mark is kept.
    return QUrl::fromPercentEncoding('x' + text.toUtf8()).sliced(1);
}

/// Only what would be misread is escaped, so that names in any script stay readable.
QString encoded(const QString &text, QStringView separators)
{
    QString result;
    for (const QChar c : text) {
        if (c.unicode() <= u' ' || c == u'\x7f' || c.isSpace() || c == u'%'
            || separators.contains(c))
            result += QLatin1StringView(QUrl::toPercentEncoding(c));
        else
            result += c;
    }
    return result;
}

QString seconds(milliseconds time)
{
    return QString::number(double(time.count()) / 1000, 'g', 15);
}

/// What somebody wrote who meant a host: a part of a namespace looks so only where it is escaped.
bool looksLikeHost(const QString &segment)
{
    static const QRegularExpression host(u"^(?:[^:]+:\\d{1,5}|\\d{1,3}(?:\\.\\d{1,3}){3}"
                                         "|\\[[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*\\](?::\\d*)?"
                                         "|[0-9A-Fa-f.]*::[0-9A-Fa-f:.]*)$"_s);
    return host.match(segment).hasMatch();
}

QString encodedNameSpace(const QString &nameSpace)
{
    QStringList segments = encoded(nameSpace, u"?@,").split(u'/');
    for (QString &segment : segments) {
        if (looksLikeHost(segment))
            segment.replace(u':', "%3A"_L1).replace(u'.', "%2E"_L1);
    }
    return segments.join(u'/');
}

/// Each step takes its part of the text, or leaves the reason why it can't in m_error. Reasons
/// quote no text that could be a part of a password.
class Parser
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::ConnectionString)
public:
    Result<ConnectionString> parse(const QString &text)
    {
        if (split(text.trimmed()) && (m_isDiscovery ? readDiscovery() : readHosts())
            && readNameSpace() && readOptions())
            return m_result;
        return Error{.code = Error::Code::InvalidArgument, .detail = m_error};
    }

private:
    bool fail(const QString &reason)
    {
        m_error = reason;
        return false;
    }

    /// [discovery+]scheme://hosts?query
    bool split(const QString &text)
    {
        if (text.isEmpty())
            return fail(tr("Type the address of a node, such as %1.").arg(u"127.0.0.1:4001"_s));
        static const QRegularExpression control(u"[\\x00-\\x1f\\x7f]"_s);
        if (text.contains(control))
            return fail(tr("There is a line break or another control character in it."));
        static const QRegularExpression badEscape(u"%(?![0-9A-Fa-f]{2})"_s);
        if (text.contains(badEscape))
            return fail(tr("Write %25 for a percent sign: two hexadecimal digits come after a %."));

        static const QRegularExpression scheme(u"^([^:/?@,]*)://"_s);
        const auto schemeMatch = scheme.match(text);
        const QString rest = text.sliced(schemeMatch.capturedLength());
        m_scheme = schemeMatch.hasMatch() ? schemeMatch.captured(1).toLower() : u"http"_s;
        m_isDiscovery = m_scheme.startsWith("discovery+"_L1);
        if (m_isDiscovery)
            m_scheme.remove(0, "discovery+"_L1.size());
        if (m_scheme != "http"_L1 && m_scheme != "https"_L1)
            return fail(tr("Unknown protocol %1: use http or https.").arg(m_scheme));

        m_query = rest.section(u'?', 1);
        m_hosts = rest.section(u'?', 0, 0);
        if (!m_hosts.contains(u'@') && m_query.section(u'=', 0, 0).contains(u'@'))
            return fail(badLogin());
        if (m_scheme == "https"_L1
            && m_hosts.section(u'/', 0, 0).toLower() == "discovery.etcd.io"_L1)
            m_isDiscovery = true;
        return true;
    }

    static QString badLogin()
    {
        return tr("Write / and ? in a user or password as %2F and %3F, and an @ that does not end "
                  "them as %40.");
    }

    static QString userInTheMiddle()
    {
        return tr("Write the user only once, before the first host, and an @ and a comma in a "
                  "password as %40 and %2C.");
    }

    /// What stands before an @ in front of a host, which is taken away; it may be there again
    /// before each of the hosts.
    bool readUser(QString &hosts)
    {
        const auto at = hosts.indexOf(u'@');
        if (at < 0)
            return true;
        const auto login = hosts.first(at);
        const auto user = login.section(u':', 0, 0);
        // Or is it another host and its port that stand in front?
        static const QRegularExpression host(u"^[^:]*:\\d{1,5}[/\\s]*,"_s);
        const bool isOther = !m_login.isEmpty() && login != m_login;
        if (isOther || user.contains(u',') || host.match(login).hasMatch())
            return fail(userInTheMiddle());
        if (login.contains(u'/'))
            return fail(badLogin());
        if (user.isEmpty())
            return fail(tr("The user's name before : and @ is missing."));
        m_login = login;
        m_result.user = decoded(user);
        m_result.password = login.contains(u':') ? decoded(login.section(u':', 1)) : QString();
        hosts.remove(0, at + 1);
        static const QString again = u",\\s*%1@"_s;
        hosts.replace(QRegularExpression(again.arg(QRegularExpression::escape(login))), u","_s);
        return true;
    }

    bool readDiscovery()
    {
        if (!readUser(m_hosts))
            return false;
        const auto path = m_hosts.indexOf(u'/');
        m_result.discovery = QUrl(m_scheme + "://"_L1 + m_hosts, QUrl::StrictMode);
        return (m_result.discovery.isValid() && !m_result.discovery.host().isEmpty() && path >= 0
                && path + 1 < m_hosts.size() && !m_result.discovery.hasFragment())
               || fail(tr("A discovery address is one URL with a token, such as %1.")
                           .arg(u"https://discovery.etcd.io/3e86b59982e49066c5d813af1c2e2579"_s));
    }

    /// host1,host2/namespace. In etcdctl's way each host may have the protocol and the user before
    /// it, and a slash behind it.
    bool readHosts()
    {
        static const QRegularExpression next(u"[/\\s]*,\\s*([^:/?@,\\s]*)://"_s);
        qsizetype begin = 0;
        for (auto match = next.match(m_hosts); match.hasMatch();
             match = next.match(m_hosts, begin)) {
            if (match.captured(1).trimmed().toLower() != m_scheme) {
                return fail(tr("All hosts have one protocol, http or https: write the same before "
                               "each, or one before the first."));
            }
            if (!readPart(m_hosts.sliced(begin, match.capturedStart() - begin)))
                return false;
            begin = match.capturedEnd();
        }
        return readPart(m_hosts.sliced(begin));
    }

    /// Hosts up to the next one that has a protocol, and behind the last of all the namespace.
    bool readPart(QString hosts)
    {
        if (!m_path.isEmpty())
            return fail(tr("The namespace stands only once, behind the last host."));
        if (!readUser(hosts))
            return false;
        static const QRegularExpression comma(u"[/\\s]*,\\s*"_s), open(u"/\\s*,\\s*$"_s);
        const bool endsOpen = hosts.contains(open);
        hosts.replace(comma, u","_s);
        if (hosts.contains("://"_L1)) {
            return fail(tr("A protocol stands in the middle: write it before a host, and commas "
                           "between hosts."));
        }
        QString authority = hosts.section(u'/', 0, 0);
        m_path = hosts.sliced(authority.size());
        if (endsOpen && authority.endsWith(u',')) // etcdctl takes "http://a:2379/,"
            authority.chop(1);
        static const QRegularExpression nothing(u"^[/\\s]*$"_s);
        if (m_path.contains(nothing))
            m_path.clear();
        if (m_path.contains(u'@'))
            return fail(badLogin());
        if (authority.contains(u'@'))
            return fail(userInTheMiddle());
        for (const auto &host : authority.split(u',')) {
            const auto endpoint = readHost(host.trimmed());
            if (!endpoint)
                return false;
            if (!m_result.endpoints.contains(*endpoint))
                m_result.endpoints.append(*endpoint);
        }
        return true;
    }

    std::optional<QUrl> readHost(const QString &text)
    {
        static const QRegularExpression parts(u"^(\\[.*\\]|[^:\\[\\]]*)(?::([^:]*))?$"_s);
        const auto match = parts.match(text);
        if (!match.hasMatch()) {
            fail(tr("Write an IPv6 address in brackets, such as %1.").arg(u"[::1]:2379"_s));
            return {};
        }
        const auto host = match.captured(1);
        if (host.isEmpty()) {
            fail(tr("A host is missing: check the commas and slashes."));
            return {};
        }
        QUrl endpoint;
        endpoint.setScheme(m_scheme);
        endpoint.setHost(host, QUrl::StrictMode);
        if (endpoint.host().isEmpty()) {
            fail(tr("%1 is not a host's name or address.").arg(host));
            return {};
        }
        endpoint.setPort(match.hasCaptured(2) ? match.captured(2).toUShort() : defaultPort);
        if (endpoint.port() == 0) {
            fail(tr("The port of %1 must be a number from 1 to 65535.").arg(host));
            return {};
        }
        return endpoint;
    }

    bool readNameSpace()
    {
        if (m_path.contains(u','))
            return fail(tr("A namespace has no comma. Hosts stand before it, with commas between "
                           "them; write a comma that is meant as %2C."));
        const auto written = m_path.split(u'/', Qt::SkipEmptyParts);
        if (std::ranges::any_of(written, looksLikeHost))
            return fail(tr("A host stands where the namespace belongs: write commas between hosts, "
                           "and a : or . that is meant as %3A or %2E."));
        const auto segments = decoded(m_path).split(u'/', Qt::SkipEmptyParts);
        if (segments.contains("."_L1) || segments.contains(".."_L1))
            return fail(tr("A part of a namespace can't be . or .. alone."));
        m_result.nameSpace = segments.join(u'/');
        hintAt(segments);
        return true;
    }

    /// Somebody may have taken the path of an etcd URL, or a key, for the namespace.
    void hintAt(QStringList segments)
    {
        static const QRegularExpression api(u"^v[23](alpha|beta)?$"_s);
        if (segments.value(0).contains(api)) {
            segments.removeFirst();
            if (segments.value(0) == "keys"_L1 || segments.value(0) == "kv"_L1)
                segments.removeFirst();
        }
        if (segments.value(0) == "services"_L1)
            segments.removeFirst();
        const QString meant = segments.join(u'/');
        if (meant == m_result.nameSpace)
            return;
        const QString keys = tr("Keys begin with services/ anyway, and with the namespace %1 so "
                                "with services/%1/.")
                                 .arg(m_result.nameSpace);
        m_result.warnings +=
            keys + u' '
            + (meant.isEmpty() ? tr("Leave the namespace out if that is not meant.")
                               : tr("Write /%1 behind the hosts if that is not meant.").arg(meant));
    }

    bool readOptions()
    {
        const auto items = m_query.split(u'&', Qt::SkipEmptyParts);
        for (const auto &item : items)
            m_options.insert(decoded(item.section(u'=', 0, 0)), decoded(item.section(u'=', 1)));

        if (!readFlag(u"refresh"_s, m_result.refresh) || !readApi() || !readTimes() || !readFiles())
            return false;
        const auto cache = m_options.take(u"cache"_s);
        bool isNumber = false;
        m_result.cache = cache.toInt(&isNumber);
        if (!cache.isEmpty() && !isNumber)
            m_result.warnings += tr("The option cache is ignored: it is not a number.");
        const auto layout = m_options.take(u"layout"_s);
        if (!layout.isEmpty() && layout != m_result.layout)
            return fail(tr("Unknown layout %1: use native.").arg(layout));

        for (const auto &name : m_options.keys())
            m_result.warnings += tr("The option %1 is not known and is ignored.").arg(name);
        return true;
    }

    bool readFlag(const QString &name, bool &flag)
    {
        const auto value = m_options.take(name).toLower();
        flag = value == "true"_L1 || value == "1"_L1;
        return flag || value.isEmpty() || value == "false"_L1 || value == "0"_L1
               || fail(tr("The option %1 must be true or false.").arg(name));
    }

    bool readApi()
    {
        const auto value = m_options.take(u"api"_s);
        if (value == "v2"_L1)
            m_result.api = ConnectionString::Api::V2;
        else if (value == "v3"_L1)
            m_result.api = ConnectionString::Api::V3;
        return value.isEmpty() || value == "auto"_L1 || m_result.api != ConnectionString::Api::Auto
               || fail(tr("Unknown API %1: use auto, v2 or v3.").arg(value));
    }

    bool readTimes()
    {
        const bool hasTimeout = m_options.contains(u"timeout"_s);
        const bool hasDeadline = m_options.contains(u"deadline"_s);
        const bool hasHeartbeat = m_options.contains(u"heartbeat"_s);
        if (!readTime(u"timeout"_s, 1, m_result.timeout)
            || !readTime(u"deadline"_s, 1, m_result.deadline)
            || !readTime(u"ttl"_s, 1000, m_result.ttl)
            || !readTime(u"heartbeat"_s, 1000, m_result.heartbeat))
            return false;

        if (hasTimeout && hasDeadline && m_result.deadline < m_result.timeout)
            return fail(tr("The deadline must not be shorter than the timeout."));
        if (hasDeadline)
            m_result.timeout = std::min(m_result.timeout, m_result.deadline);
        else
            m_result.deadline = std::max(m_result.timeout, m_result.deadline);

        if (m_result.ttl < 1s)
            return fail(tr("The ttl must be at least 1 second."));
        const auto longest = m_result.ttl / 2;
        if (hasHeartbeat && m_result.heartbeat > longest)
            m_result.warnings +=
                tr("The heartbeat is shortened to half the ttl, %1 seconds.").arg(seconds(longest));
        if (!hasHeartbeat || m_result.heartbeat > longest)
            m_result.heartbeat = longest;
        return true;
    }

    /// unit: what the number counts, in milliseconds.
    bool readTime(const QString &name, int unit, milliseconds &time)
    {
        if (!m_options.contains(name))
            return true;
        bool ok = false;
        const double value = m_options.take(name).toDouble(&ok);
        time = milliseconds(ok && value > 0 && value <= longestTime ? qRound64(value * unit) : 0);
        if (time > 0ms)
            return true;
        return fail(unit == 1 ? tr("The %1 must be a number of milliseconds above 0.").arg(name)
                              : tr("The %1 must be a number of seconds above 0.").arg(name));
    }

    bool readFiles()
    {
        for (const auto &[name, file] :
             {std::pair(u"ca"_s, &m_result.caFile), std::pair(u"cert"_s, &m_result.certFile),
              std::pair(u"key"_s, &m_result.keyFile)}) {
            const auto value = m_options.take(name);
            // The nodes that a discovery service names may be https whatever it is itself.
            if (m_scheme == "https"_L1 || m_isDiscovery)
                *file = value;
            else if (!value.isEmpty())
                m_result.warnings += tr("The option %1 is ignored: it needs https.").arg(name);
        }
        return m_result.certFile.isEmpty() == m_result.keyFile.isEmpty()
               || fail(tr("The options cert and key go together: give both."));
    }

    ConnectionString m_result;
    QString m_error;
    QString m_scheme;
    QString m_hosts;
    QString m_login; ///< as it is written
    QString m_path;
    QString m_query;
    QMap<QString, QString> m_options;
    bool m_isDiscovery = false;
};

} // namespace

Result<ConnectionString> ConnectionString::parse(const QString &text)
{
    return Parser().parse(text);
}

QString ConnectionString::toString() const
{
    const ConnectionString defaults;
    QStringList options;
    const auto add = [&](const QString &name, const QString &value) {
        options += name + u'=' + encoded(value, u"&");
    };
    if (refresh)
        add(u"refresh"_s, u"true"_s);
    if (cache != defaults.cache)
        add(u"cache"_s, QString::number(cache));
    if (api != defaults.api)
        add(u"api"_s, api == Api::V2 ? u"v2"_s : u"v3"_s);
    if (layout != defaults.layout)
        add(u"layout"_s, layout);
    for (const auto &[name, file] : {std::pair(u"ca"_s, caFile), std::pair(u"cert"_s, certFile),
                                     std::pair(u"key"_s, keyFile)}) {
        if (!file.isEmpty())
            add(name, file);
    }
    if (timeout != defaults.timeout)
        add(u"timeout"_s, QString::number(timeout.count()));
    if (deadline != defaults.deadline)
        add(u"deadline"_s, QString::number(deadline.count()));
    if (ttl != defaults.ttl)
        add(u"ttl"_s, seconds(ttl));
    if (heartbeat != ttl / 2)
        add(u"heartbeat"_s, seconds(heartbeat));

    QStringList hosts;
    for (const auto &endpoint : endpoints)
        hosts += endpoint.authority(QUrl::FullyEncoded);
    const auto login = user.isEmpty() ? QString() : encoded(user, u":@/?,") + u'@';
    const auto first = discovery.isValid() ? discovery : endpoints.value(0);
    QString result = first.scheme() + "://"_L1 + login;
    if (discovery.isValid())
        result = "discovery+"_L1 + result + discovery.authority(QUrl::FullyEncoded)
                 + discovery.path(QUrl::FullyEncoded);
    else
        result += hosts.join(u',');
    if (!nameSpace.isEmpty())
        result += u'/' + encodedNameSpace(nameSpace);
    if (!options.isEmpty())
        result += u'?' + options.join(u'&');
    return result;
}

} // namespace EtcdRegistry
