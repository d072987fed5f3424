// SPDX-License-Identifier: MIT
#include "registrychecks.h"

#include <QCoreApplication>
#include <QHostAddress>
#include <QMap>
#include <QUrl>

#include <algorithm>
#include <functional>

using namespace Qt::StringLiterals;

namespace EtcdRegistry {
namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::RegistryChecks)
};

using Check = Finding::Check;
using Severity = Finding::Severity;

/// What a lookup of the service would find it below.
QString placeOf(const Instance &instance)
{
    return instance.key.left(instance.key.lastIndexOf(u'/') + 1);
}

/// One for all instances of a place for which `applies`; it lies there, or in the only key.
template <typename Applies>
Findings onePerPlace(const Snapshot &registry, const Finding &finding, Applies applies)
{
    QMap<QString, QStringList> keys; // by place
    for (const Instance &instance : registry.instances) {
        if (applies(instance))
            keys[placeOf(instance)] += instance.key;
    }
    Findings findings;
    for (auto it = keys.cbegin(); it != keys.cend(); ++it) {
        Finding one = finding;
        one.where = it->size() == 1 ? it->first() : it.key();
        if (it->size() > 1)
            one.what += u' ' + Text::tr("(%n instance(s))", nullptr, int(it->size()));
        findings += one;
    }
    return findings;
}

/// As users of its fields take it apart.
struct Address
{
    QString host;
    int port = -1;
};

/// Of "10.0.0.1:80", "[::1]:80" or a host alone.
Address addressIn(const QString &host)
{
    const QUrl url(u"http://"_s + host, QUrl::StrictMode);
    return {url.host(), url.port()};
}

bool isBare6(const QString &host)
{
    return QHostAddress(host).protocol() == QAbstractSocket::IPv6Protocol;
}

/// An IPv6 address without the brackets that keep it apart from the port.
bool lacksBrackets(const Instance &instance)
{
    const auto lacks = [](const QString &authority) {
        return !authority.startsWith(u'[') && authority.count(u':') > 1;
    };
    const QString authority = instance.url.section(u"://"_s, 1, 1).section(u'/', 0, 0);
    return lacks(instance.host) || lacks(authority);
}

bool isUnspecified(const QString &host)
{
    const QHostAddress address(host);
    return address == QHostAddress::AnyIPv4 || address == QHostAddress::AnyIPv6
           || address == QHostAddress(u"::ffff:0.0.0.0"_s);
}

bool isNoUrl(const Instance &instance)
{
    const QUrl url(instance.url, QUrl::StrictMode);
    return !url.isValid() || url.scheme().isEmpty() || url.host().isEmpty();
}

int portOf(const QUrl &url)
{
    return url.port(url.scheme() == "https"_L1 ? 443 : url.scheme() == "http"_L1 ? 80 : -1);
}

/// Some of its users take the URL, others the other fields.
bool contradictsItself(const Instance &instance)
{
    const QUrl url(instance.url);
    const auto isOther = [&](const Address &address) {
        return (!address.host.isEmpty() && address.host.compare(url.host(), Qt::CaseInsensitive))
               || (address.port > 0 && address.port != portOf(url));
    };
    const Address host = addressIn(instance.host);
    const Address hostname{isBare6(instance.hostname) ? instance.hostname
                                                      : addressIn(instance.hostname).host,
                           instance.port.toInt()};
    return isOther(host) || isOther(hostname);
}

QString hostOf(const Instance &instance)
{
    const QString host = QUrl(instance.url).host();
    return host.isEmpty() ? instance.hostname : host;
}

} // namespace

bool isLoopback(const QString &host)
{
    return host == "localhost"_L1 || host.endsWith(".localhost"_L1)
           || QHostAddress(host).isLoopback();
}

Findings withoutTtl(const Snapshot &registry)
{
    return onePerPlace(registry,
                       {.check = Check::Ttl,
                        .severity = Severity::Warning,
                        .what = Text::tr("It has no TTL, and stays when its service has died."),
                        .advice = Text::tr("Leave it, if that is so; else let its owner renew it "
                                           "with a TTL.")},
                       [](const Instance &instance) { return !instance.hasTtl; });
}

Findings brokenDocuments(const Snapshot &registry)
{
    const auto isGarbled = [](const Instance &instance) {
        return instance.key.contains(QChar(QChar::ReplacementCharacter));
    };
    using Problem = Instance::Problem;
    const auto having = [&](Problem problem, Severity severity, const QString &what,
                            const QString &advice) {
        return onePerPlace(
            registry,
            {.check = Check::Document, .severity = severity, .what = what, .advice = advice},
            [=](const Instance &instance) {
                return instance.problem == problem && !isGarbled(instance);
            });
    };
    const Findings unreadable = onePerPlace(
        registry,
        {.check = Check::Document,
         .severity = Severity::Warning,
         .what = Text::tr("The key is not UTF-8: it is shown with \ufffd, and can't be left or "
                          "exported by that name."),
         .advice = Text::tr("Delete it with etcdctl.")},
        isGarbled);
    return unreadable
           + having(Problem::NotAnObject, Severity::Error,
                    Text::tr("The value is no JSON object: clients skip it."),
                    Text::tr("Delete the key, or write the document again."))
           + having(Problem::KeyShape, Severity::Warning,
                    Text::tr("The key is not namespace, service and SHA-1, so its owner is no "
                             "client of this registry."),
                    Text::tr("Keep other things out of services/."))
           + having(Problem::KeyMismatch, Severity::Warning,
                    Text::tr("The key is not that of the document's name and URL, so leaving and "
                             "joining again miss it."),
                    Text::tr("Delete it and join again; then change documents only by joining."));
}

Findings sharedPlaces(const Snapshot &registry)
{
    QMap<QString, QStringList> names; // by place
    for (const Instance &instance : registry.instances) {
        QStringList &known = names[placeOf(instance)];
        if (instance.problem == Instance::Problem::None && !known.contains(instance.service))
            known += instance.service;
    }
    Findings findings;
    for (auto it = names.cbegin(); it != names.cend(); ++it) {
        if (it->size() > 1) {
            findings += Finding{
                .check = Check::Name,
                .severity = Severity::Warning,
                .what = Text::tr("These names share one place, and a lookup of one finds the "
                                 "others, too: %1.")
                            .arg(it->mid(0, 5).join(u", "_s)),
                .where = it.key(),
                .advice = Text::tr("Choose names that differ in their letters and digits.")};
        }
    }
    return findings;
}

Findings impossibleAddresses(const Snapshot &registry)
{
    using Applies = std::function<bool(const Instance &)>;
    const auto isDocument = [](const Instance &instance) {
        return instance.problem == Instance::Problem::None
               || instance.problem == Instance::Problem::KeyMismatch;
    };
    QSet<QString> told; // by the first that applies
    Findings findings;
    const auto add = [&](const QString &what, const QString &advice, const Applies &applies) {
        findings += onePerPlace(
            registry,
            {.check = Check::Host, .severity = Severity::Warning, .what = what, .advice = advice},
            [&](const Instance &instance) {
                if (!isDocument(instance) || told.contains(instance.key) || !applies(instance))
                    return false;
                told.insert(instance.key);
                return true;
            });
    };
    add(Text::tr("Its host stands for all addresses of a machine, and is none that others can "
                 "reach."),
        Text::tr("Join with a hostname that others can reach."), [](const Instance &instance) {
            return isUnspecified(hostOf(instance)) || isUnspecified(instance.hostname);
        });
    add(Text::tr("Its IPv6 address lacks the brackets that keep the port apart."),
        Text::tr("Write [address]:port in host and url."), &lacksBrackets);
    add(Text::tr("Its URL can't be read as one."),
        Text::tr("Join with a URL like http://host:port."), &isNoUrl);
    add(Text::tr("Its URL and its host, hostname or port contradict each other: some clients take "
                 "the one, some the other."),
        Text::tr("Join with values that agree."), &contradictsItself);
    add(Text::tr("It has no port."), Text::tr("Join with the port where it serves."),
        [](const Instance &instance) {
            return QUrl(instance.url).port() < 0 && instance.port.isEmpty();
        });
    return findings;
}

Findings mortalDirectories(const QMap<QString, int> &ttls)
{
    Findings findings;
    for (auto it = ttls.cbegin(); it != ttls.cend(); ++it) {
        findings += Finding{
            .check = Check::Ttl,
            .severity = Severity::Error,
            .what = Text::tr("The directory expires in %1 s, and all below it goes with it, alive "
                             "or not.")
                        .arg(it.value()),
            .where = it.key(),
            .advice = Text::tr("Delete it and join again below one without a TTL; in etcd 3.4 "
                               "etcdctl updatedir takes the TTL away.")};
    }
    return findings;
}

Findings contestedKeys(const QStringList &keys)
{
    Findings findings;
    for (const QString &key : keys) {
        findings += Finding{.check = Check::Owner,
                            .severity = Severity::Error,
                            .what = Text::tr("Two owners write this key in turns, each with a "
                                             "document of its own."),
                            .where = key,
                            .advice = Text::tr("Let one of them join with another port or name.")};
    }
    return findings;
}

Findings loopbackHosts(const Snapshot &registry, const ConnectionString &connection)
{
    const auto isLocal = [](const Instance &instance) { return isLoopback(hostOf(instance)); };
    const auto isLocalNode = [](const QUrl &node) { return isLoopback(node.host()); };
    if (std::ranges::all_of(connection.endpoints, isLocalNode)
        && std::ranges::all_of(registry.instances, isLocal))
        return {};
    return onePerPlace(
        registry,
        {.check = Check::Host,
         .severity = Severity::Warning,
         .what = Text::tr("Its host is a loopback address, which leads to whoever looks it up."),
         .advice = Text::tr("Join with a hostname that others can reach.")},
        isLocal);
}

} // namespace EtcdRegistry
