// SPDX-License-Identifier: MIT
#include "nodechecks.h"

#include "registrychecks.h"

#include <QCoreApplication>
#include <QMap>
#include <QVersionNumber>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace EtcdRegistry {
namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::NodeChecks)
};

using Check = Finding::Check;
using Severity = Finding::Severity;
using Code = Error::Code;

/// A host of the connection; else it is known from the membership only.
bool isSeed(const Node &node, const Observations &seen)
{
    return seen.connection.endpoints.contains(node.endpoint);
}

/// A member says that it is at a loopback address, which is on another machine for others.
bool isMisleading(const Node &node, const Observations &seen)
{
    const auto isLocal = [](const QUrl &endpoint) { return isLoopback(endpoint.host()); };
    return !isSeed(node, seen) && isLocal(node.endpoint)
           && !std::ranges::all_of(seen.connection.endpoints, isLocal);
}

bool isNoLeader(const QString &trouble)
{
    return trouble.contains("no leader"_L1, Qt::CaseInsensitive);
}

using Kind = Node::Kind;

/// What to do about an address that is no client port of etcd's; empty: it is one, for all we know.
QString adviceOn(Kind kind)
{
    switch (kind) {
    case Kind::Etcd:
    case Kind::Foreign:
        return {};
    case Kind::PeerPort:
        return Text::tr("Give the client port instead.");
    case Kind::GrpcOnly:
        return Text::tr("Give the address of --listen-client-http-urls instead.");
    case Kind::WantsHttps:
        return Text::tr("Write https:// before the host, with ca, cert and key where etcd asks for "
                        "them.");
    case Kind::WantsHttp:
        return Text::tr("Write http:// before the host.");
    case Kind::WebServer:
        return Text::tr("Check host and port; a proxy has to pass everything on to etcd.");
    }
    Q_UNREACHABLE();
}

/// Of those that answer as etcd does: each serves this API, or did not say.
bool isServed(const Observations &seen, std::optional<bool> Node::*api)
{
    return std::ranges::any_of(seen.nodes,
                               [api](const Node &node) { return (node.*api).value_or(false); });
}

} // namespace

Findings reach(const Observations &seen)
{
    Findings found;
    for (const Node &node : seen.nodes) {
        if (node.reachable || node.endpoint.isEmpty() || node.lastError->code == Code::Tls
            || isMisleading(node, seen) || node.kind == Kind::WantsHttp)
            continue;
        if (const QString advice = adviceOn(node.kind); !advice.isEmpty()) {
            found +=
                Finding{.check = Check::Reach,
                        .severity = Severity::Error,
                        .what = Text::tr("Clients can't use it: %1.").arg(node.lastError->reason()),
                        .where = node.endpoint.toString(),
                        .advice = advice};
            continue;
        }
        const bool seed = isSeed(node, seen);
        found += Finding{
            .check = Check::Reach,
            .severity = seed ? Severity::Error : Severity::Warning,
            .what = Text::tr("The node does not answer: %1.").arg(node.lastError->reason()),
            .where = node.endpoint.toString(),
            .advice = seed ? Text::tr("Check that etcd runs there, and the network between.")
                           : Text::tr("A member says that it is there: check that it is, or what "
                                      "etcd was told by --advertise-client-urls.")};
    }
    if (seen.nodes.isEmpty() && seen.opened.error().code != Code::Tls) {
        found += Finding{.check = Check::Reach,
                         .severity = Severity::Error,
                         .what = seen.opened.error().message(),
                         .where = seen.connection.toString()};
    }
    return found;
}

Findings tls(const Observations &seen)
{
    Findings found;
    const auto add = [&](const std::optional<Error> &error, const QString &where) {
        if (error && error->code == Code::Tls
            && error->detail.contains("CommonName of client"_L1)) {
            found += Finding{.check = Check::Tls,
                             .severity = Severity::Error,
                             .what = Text::tr("etcd's JSON API takes no certificate with a common "
                                              "name where logins are on."),
                             .where = where,
                             .advice = Text::tr("Use a client certificate without one.")};
        } else if (error && error->code == Code::Tls) {
            found += Finding{.check = Check::Tls,
                             .severity = Severity::Error,
                             .what = Text::tr("No secure connection: %1.").arg(error->reason()),
                             .where = where,
                             .advice = Text::tr("Check https and the files of ca, cert and key.")};
        }
    };
    for (const Node &node : seen.nodes) {
        if (node.kind == Kind::WantsHttp)
            found +=
                Finding{.check = Check::Tls,
                        .severity = Severity::Error,
                        .what = Text::tr("No secure connection: %1.").arg(node.lastError->reason()),
                        .where = node.endpoint.toString(),
                        .advice = adviceOn(node.kind)};
        else if (node.kind == Kind::Etcd)
            add(node.lastError ? node.lastError : node.unseen, node.endpoint.toString());
    }
    if (seen.nodes.isEmpty())
        add(seen.opened.error(), seen.connection.toString());
    return found;
}

Findings membership(const Observations &seen)
{
    Findings found;
    const auto add = [&](const QString &where, const QString &what, const QString &advice) {
        found += Finding{.check = Check::Membership,
                         .severity = Severity::Warning,
                         .what = what,
                         .where = where,
                         .advice = advice};
    };
    for (const Node &node : seen.nodes) {
        const QString endpoint = node.endpoint.toString();
        if (node.endpoint.isEmpty()) {
            add(seen.connection.toString(),
                Text::tr("The member %1 has not started yet.").arg(node.id),
                Text::tr("Start it, or remove it from the cluster."));
        } else if (isMisleading(node, seen)) {
            add(endpoint,
                Text::tr("The member %1 says that clients reach it at this loopback address.")
                    .arg(node.name),
                Text::tr("Tell etcd by --advertise-client-urls where others reach it."));
        } else if (node.reachable && node.lastError) {
            add(endpoint, Text::tr("The node %1.").arg(node.lastError->reason()),
                Text::tr("Check which cluster you mean, and leave it out of the connection."));
        } else if (node.learner && isSeed(node, seen)) {
            add(endpoint,
                Text::tr("The member %1 is a learner, which has no vote yet and serves almost "
                         "nothing.")
                    .arg(node.name.isEmpty() ? node.id : node.name),
                Text::tr("Name a voting member."));
            if (reachesOnlyLearners(seen))
                found.last().severity = Severity::Error;
        }
    }
    return found;
}

Findings versions(const Observations &seen)
{
    QMap<QString, QStringList> endpoints; // by version
    for (const Node &node : seen.nodes) {
        if (node.reachable)
            endpoints[node.version] += node.endpoint.toString();
    }
    Findings found;
    const auto add = [&](Severity severity, const QString &where, const QString &what,
                         const QString &advice) {
        found += Finding{.check = Check::Version,
                         .severity = severity,
                         .what = what,
                         .where = where,
                         .advice = advice};
    };
    for (auto it = endpoints.cbegin(); seen.opened && it != endpoints.cend(); ++it) {
        const auto version = QVersionNumber::fromString(it.key());
        const QString where = it->join(u", "_s);
        if (version.isNull()) {
            add(Severity::Error, where, Text::tr("The node answers, but not as etcd does."),
                Text::tr("Check that this is a client URL of etcd."));
        } else if (seen.opened->api == Api::V3 && version < QVersionNumber(3, 3)) {
            add(Severity::Error, where,
                Text::tr("etcd %1 has no v3 API that this client speaks.").arg(it.key()),
                Text::tr("Upgrade it to 3.4 or later, or use api=v2."));
        } else if (seen.opened->api == Api::V2 && version >= QVersionNumber(3, 6)) {
            add(Severity::Error, where, Text::tr("etcd %1 has no v2 API any more.").arg(it.key()),
                Text::tr("Use api=v3."));
        }
    }
    endpoints.remove({});
    if (endpoints.size() > 1) {
        add(Severity::Warning, seen.connection.toString(),
            Text::tr("The nodes have different versions: %1.").arg(endpoints.keys().join(u", "_s)),
            Text::tr("Bring the upgrade of the cluster to its end."));
    }
    return found;
}

Findings clocks(const Observations &seen)
{
    constexpr auto tolerated = 3s;
    Findings found;
    for (const Node &node : seen.nodes) {
        if (!node.clockAhead || std::chrono::abs(*node.clockAhead) < tolerated)
            continue;
        const auto off = std::chrono::round<std::chrono::seconds>(*node.clockAhead).count();
        found += Finding{.check = Check::Clock,
                         .severity = Severity::Warning,
                         .what = off > 0 ? Text::tr("Its clock is %1 s ahead of ours.").arg(off)
                                         : Text::tr("Its clock is %1 s behind ours.").arg(-off),
                         .where = node.endpoint.toString(),
                         .advice = Text::tr("Set both by NTP: v2 tells by its clock when something "
                                            "expires, and certificates are judged by ours.")};
    }
    return found;
}

QString clocksUnseen(const Observations &seen)
{
    const auto tells = [](const Node &node) { return node.reachable && node.clockAhead; };
    return std::ranges::any_of(seen.nodes, tells) ? QString()
                                                  : Text::tr("The clocks could not be seen.");
}

Findings oddApis(const Observations &seen)
{
    Findings found;
    const auto isV2 = seen.opened && seen.opened->api == Api::V2;
    for (const Node &node : seen.nodes) {
        if (!node.reachable || node.kind != Kind::Etcd)
            continue;
        const auto add = [&](const QString &what, const QString &advice) {
            found += Finding{.check = Check::Api,
                             .severity = Severity::Warning,
                             .what = what,
                             .where = node.endpoint.toString(),
                             .advice = advice};
        };
        if (node.servesV2 == false && isServed(seen, &Node::servesV2))
            add(Text::tr("This node serves no v2, and others do."),
                Text::tr("Start it with --enable-v2, or use api=v3 everywhere."));
        if (node.servesV3 == false && !isV2)
            add(Text::tr("This node serves no v3: the JSON gateway is off "
                         "(--enable-grpc-gateway=false)."),
                Text::tr("Start it without that, or use api=v2 if it serves v2."));
    }
    return found;
}

/// A write that was carried out, if in vain, needs one, too.
QString leaderUnseen(const Observations &seen)
{
    const auto tells = [](const Node &node) {
        return node.reachable && (node.hasLeader == true || !node.unseen);
    };
    if (std::ranges::any_of(seen.nodes, tells) || (seen.opened && seen.registry && seen.write))
        return {};
    return Text::tr("The leader could not be seen.");
}

/// Each node tells those of all.
QString alarmsUnseen(const Observations &seen)
{
    QString why;
    for (const Node &node : seen.nodes) {
        if (!node.reachable || node.kind != Kind::Etcd)
            continue;
        if (!node.unseen)
            return {};
        if (why.isEmpty() || isSeed(node, seen)) // others get no login
            why = whyUnseen(node);
    }
    return why.isEmpty() ? Text::tr("Alarms could not be seen.")
                         : Text::tr("Alarms could not be seen: %1.").arg(why);
}

Findings leader(const Observations &seen)
{
    const auto hasLost = [](const Node &node) {
        return std::ranges::any_of(node.troubles, isNoLeader);
    };
    if (reachesOnlyLearners(seen)) // that says it
        return {};
    const bool isOut = seen.opened && !seen.write && isOutage(seen.write.error());
    if (!isOut && std::ranges::none_of(seen.nodes, hasLost))
        return {};
    return {Finding{.check = Check::Leader,
                    .severity = Severity::Error,
                    .what = Text::tr("The nodes have no leader, or do not agree: nothing can be "
                                     "written, and registrations expire. %1 of %2 answer.")
                                .arg(std::ranges::count(seen.nodes, true, &Node::reachable))
                                .arg(seen.nodes.size()),
                    .where = seen.connection.toString(),
                    .advice = Text::tr("Start the others: more than half of them are needed.")}};
}

Findings alarms(const Observations &seen)
{
    QStringList told;
    Findings found;
    for (const Node &node : seen.nodes) {
        for (const QString &trouble : node.troubles) {
            if (isNoLeader(trouble) || told.contains(trouble))
                continue;
            told += trouble;
            const bool isFull = trouble.contains("NOSPACE"_L1);
            found += Finding{
                .check = Check::Alarm,
                .severity = Severity::Error,
                .what = isFull ? Text::tr("The store is full, and takes no registrations: %1.")
                                     .arg(trouble)
                               : Text::tr("The cluster has raised an alarm: %1.").arg(trouble),
                .where = node.endpoint.toString(),
                .advice = isFull ? Text::tr("Compact and defragment etcd, then disarm its alarm.")
                                 : Text::tr("See etcdctl alarm list.")};
        }
    }
    return found;
}

bool reachesOnlyLearners(const Observations &seen)
{
    const auto isReached = [&](const Node &node) { return node.reachable && isSeed(node, seen); };
    const auto votes = [&](const Node &node) { return isReached(node) && !node.learner; };
    return std::ranges::any_of(seen.nodes, isReached) && std::ranges::none_of(seen.nodes, votes);
}

bool isOutage(const Error &error)
{
    return error.code == Code::Unavailable || error.code == Code::NoLeader
           || error.code == Code::Timeout
           || error.code == Code::Unreachable; // of the node that was tried last
}

} // namespace EtcdRegistry
