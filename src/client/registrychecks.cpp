// SPDX-License-Identifier: MIT
#include "registrychecks.h"

#include <QCoreApplication>
#include <QHostAddress>
#include <QMap>
#include <QUrl>

#include <algorithm>

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
    using Problem = Instance::Problem;
    const auto having = [&](Problem problem, Severity severity, const QString &what,
                            const QString &advice) {
        return onePerPlace(
            registry,
            {.check = Check::Document, .severity = severity, .what = what, .advice = advice},
            [=](const Instance &instance) { return instance.problem == problem; });
    };
    return having(Problem::NotAnObject, Severity::Error,
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
