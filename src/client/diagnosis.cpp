// SPDX-License-Identifier: MIT
#include "diagnosis.h"

#include "layout.h"
#include "nodechecks.h"
#include "registrychecks.h"

#include <QCoreApplication>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace EtcdRegistry {
namespace {

using Check = Finding::Check;
using Severity = Finding::Severity;
using Code = Error::Code;

class Diagnosis
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::Diagnosis)
public:
    explicit Diagnosis(const Observations &seen)
        : m_seen(seen)
    {}

    Findings all()
    {
        const auto isTls = [](const QUrl &endpoint) { return endpoint.scheme() == "https"_L1; };
        conclude(Check::Reach, reach(m_seen), tr("All nodes answer."));
        conclude(Check::Tls, tls(m_seen),
                 std::ranges::any_of(m_seen.connection.endpoints, isTls)
                     ? tr("Certificates are accepted on both sides.")
                     : tr("No certificates are in use."));
        if (m_seen.isReached()) {
            conclude(
                Check::Membership, membership(m_seen), tr("Members are where they say."),
                m_seen.membersUnseen
                    ? tr("The members could not be seen: %1.").arg(m_seen.membersUnseen->reason())
                    : QString());
            conclude(Check::Version, versions(m_seen), tr("All nodes have one version."));
            conclude(Check::Clock, clocks(m_seen), tr("The clocks of the nodes are right."),
                     clocksUnseen(m_seen));
            conclude(Check::Leader, leader(m_seen), tr("There is a leader."), leaderUnseen(m_seen));
            conclude(Check::Alarm, alarms(m_seen), tr("There are no alarms."),
                     alarmsUnseen(m_seen));
            conclude(Check::Api, api(), whyApi());
        }
        if (m_seen.opened) {
            concludeRight(Check::Read, m_seen.registry, tr("The registry may be read."),
                          tr("The registry can't be read: %1."));
        }
        if (m_seen.opened && m_seen.registry) {
            concludeRight(Check::Write, m_seen.write, tr("The registry may be written."),
                          tr("The registry may be read, but not written: %1."));
            if (m_seen.isWatchSilent && !isExplained({.code = Code::Timeout}))
                m_all += silentWatch();
            else
                concludeRight(Check::Watch, m_seen.watch, tr("The registry may be watched."),
                              tr("The registry may be read, but not watched: %1."));
            examine(*m_seen.registry);
        }
        return m_all;
    }

private:
    /// `unseen`: why it can't be said that all is fine; empty: it can.
    void conclude(Check check, const Findings &found, const QString &fine,
                  const QString &unseen = {})
    {
        if (!found.isEmpty() || !m_seen.isReached())
            m_all += found;
        else if (unseen.isEmpty())
            m_all += Finding{.check = check, .what = fine, .where = where()};
        else
            m_all += Finding{
                .check = check, .severity = Severity::Unknown, .what = unseen, .where = where()};
    }

    template <typename T>
    void concludeRight(Check check, const Result<T> &result, const QString &fine,
                       const QString &wrong)
    {
        if (result)
            conclude(check, {}, fine);
        else if (!isExplained(result.error()))
            m_all += refusal(check, result.error(), wrong);
    }

    /// By what was found already.
    bool isExplained(const Error &error) const
    {
        const auto isFound = [this](Check check) {
            return std::ranges::any_of(m_all, [check](const Finding &finding) {
                return finding.check == check && finding.severity > Severity::Unknown;
            });
        };
        if (isOutage(error))
            return isFound(Check::Leader) || reachesOnlyLearners(m_seen);
        if (error.code == Code::NotServed || error.code == Code::Protocol)
            return isFound(Check::Api) || isFound(Check::Reach);
        return (error.code == Code::OutOfSpace && isFound(Check::Alarm))
               || (error.code == Code::Tls && isFound(Check::Tls));
    }

    Finding refusal(Check check, const Error &error, const QString &wrong) const
    {
        Finding finding{.check = check, .severity = Severity::Error, .where = error.endpoint};
        switch (error.code) {
        case Code::LoginRequired:
            finding.advice = tr("Put user:password@ before the host.");
            break;
        case Code::PermissionDenied:
            finding.advice = tr("Ask for the right on %1.").arg(prefix());
            break;
        case Code::LoginRefused:
            finding.advice =
                tr("Check user and password, and the user's right on %1.").arg(prefix());
            break;
        default:
            finding.what = error.message();
            return finding;
        }
        finding.what = wrong.arg(error.detail);
        return finding;
    }

    Findings api() const
    {
        Findings found = oddApis(m_seen);
        if (!m_seen.opened && (!found.isEmpty() || isExplained(m_seen.opened.error())))
            return found;
        if (!m_seen.opened) {
            return {Finding{.check = Check::Api,
                            .severity = Severity::Error,
                            .what = m_seen.opened.error().message(),
                            .where = where()}};
        }
        if (m_seen.inOtherStore == 0)
            return found;
        const qsizetype here = m_seen.registry ? m_seen.registry->instances.size() : 0;
        const bool isV2 = m_seen.opened->api == Api::V2;
        found += Finding{.check = Check::Api,
                         .severity = Severity::Warning,
                         .what = tr("Of etcd's two stores, which share nothing, the one in use "
                                    "(%1) holds %2 registrations, and the other holds %3.")
                                     .arg(isV2 ? u"v2"_s : u"v3"_s)
                                     .arg(here)
                                     .arg(m_seen.inOtherStore),
                         .where = prefix(),
                         .advice = tr("Let all clients use the same one: api=v2 or api=v3.")};
        return found;
    }

    QString whyApi() const
    {
        if (!m_seen.opened)
            return {};
        const bool isV2 = m_seen.opened->api == Api::V2;
        if (m_seen.connection.api != ConnectionString::Api::Auto)
            return isV2 ? tr("v2 is in use, as the connection says.")
                        : tr("v3 is in use, as the connection says.");
        return isV2 ? tr("v2 is in use, because the cluster serves it.")
                    : tr("v3 is in use, because the cluster does not serve v2.");
    }

    void examine(const Snapshot &registry)
    {
        conclude(Check::Namespace, nameSpace(), tr("No other namespace looks meant."),
                 m_seen.namespacesUnseen ? tr("Other namespaces could not be seen: %1.")
                                               .arg(m_seen.namespacesUnseen->reason())
                                         : QString());
        conclude(Check::Ttl, withoutTtl(registry) + mortalDirectories(m_seen.directoryTtls),
                 tr("All instances have a TTL."));
        conclude(Check::Document, brokenDocuments(registry), tr("All documents can be read."));
        conclude(Check::Name, sharedPlaces(registry), tr("No two names have one place."));
        conclude(Check::Owner, contestedKeys(m_seen.contested),
                 tr("No two owners write one key in turns."));
        conclude(Check::Host,
                 loopbackHosts(registry, m_seen.connection) + impossibleAddresses(registry),
                 tr("No host is a loopback address that should not be one."));
    }

    Finding silentWatch() const
    {
        return {.check = Check::Watch,
                .severity = Severity::Error,
                .what = tr("The registry may be read, but a watch never begins: %1. Something "
                           "between holds answers back until they are whole, and those of a watch "
                           "never are.")
                            .arg(m_seen.watch ? QString() : m_seen.watch.error().reason()),
                .where = where(),
                .advice = tr("Tell the proxy to pass on what comes: for nginx proxy_buffering off; "
                             "or connect to etcd itself.")};
    }

    Findings nameSpace() const
    {
        Findings found;
        const auto add = [&](const QString &what, const QString &advice) {
            found += Finding{.check = Check::Namespace,
                             .severity = Severity::Warning,
                             .what = what,
                             .where = prefix(),
                             .advice = advice};
        };
        if (!m_seen.otherNamespaces.isEmpty())
            add(tr("There is nothing below this namespace, but below others: %1.")
                    .arg(m_seen.otherNamespaces.mid(0, 5).join(u", "_s)),
                tr("Check how it is written."));
        if (m_seen.withLeadingSlash > 0)
            add(tr("v3 holds %n key(s) below /services/, with a slash before it: clients of this "
                   "registry don't find them.",
                   nullptr, int(m_seen.withLeadingSlash)),
                tr("Write them to %1 without that slash.").arg(prefix()));
        return found;
    }

    QString where() const { return m_seen.connection.toString(); }
    QString prefix() const { return Layout::prefix(m_seen.connection.nameSpace); }

    const Observations &m_seen;
    Findings m_all;
};

} // namespace

bool Observations::isReached() const
{
    return std::ranges::any_of(nodes, &Node::reachable);
}

Findings diagnose(const Observations &seen)
{
    return Diagnosis(seen).all();
}

} // namespace EtcdRegistry
