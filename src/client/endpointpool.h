// SPDX-License-Identifier: MIT
#pragma once

#include "error.h"

#include <QHash>
#include <QList>
#include <QSet>
#include <QUrl>

#include <chrono>
#include <functional>
#include <optional>
#include <tuple>

namespace EtcdRegistry {

/// Whom to ask next: the nodes that we know, and what operations and pings have seen of them. Pure
/// logic with injected clock and chance: no I/O, no timers. Health decides the order and never
/// excludes a node, so there is always somebody to ask.
class EndpointPool
{
public:
    using Clock = std::chrono::steady_clock;
    using Now = std::function<Clock::time_point()>;
    using Jitter = std::function<double()>; ///< what a back-off is multiplied by

    /// seeds: the hosts of the connection string, first choice first. They stay for good.
    explicit EndpointPool(QList<QUrl> seeds, Now now = &Clock::now, Jitter jitter = &aQuarter);

    /// All nodes, best first: healthy ones (the one that answered last leads, so that reads follow
    /// writes), then untried ones, doubted ones, failed ones whose back-off is over, the rest by
    /// when it will be over, and last those that answer what is of no use: they are not etcd, do
    /// not serve this API, or are of another cluster. Members before seeds that are no members.
    QList<QUrl> order() const;
    /// The best one; empty: none is known.
    QUrl first() const;

    /// `took`: the time of a short read; none: it was not one.
    void succeeded(const QUrl &endpoint, std::optional<std::chrono::milliseconds> took = {});

    /// Back-off: 250 ms after the first failure, doubled with each that follows, 4 s at most, and
    /// up to a quarter more or less, so that clients which lost a node together return apart.
    void failed(const QUrl &endpoint, const Error &error);

    /// Another node was quicker, although asked later: no failure yet, but it is doubted. `waited`:
    /// so far, for a short read.
    void overtaken(const QUrl &endpoint, std::optional<std::chrono::milliseconds> waited = {});

    /// Nodes that a ping could bring back, and when the next one is due; those that answered with
    /// an error are not among them, for they live.
    QList<QUrl> toPing() const;
    std::optional<Clock::time_point> nextPing(const QSet<QUrl> &underWay) const;
    /// It answered one: healthy, but behind those that serve.
    void revived(const QUrl &endpoint);

    using Milliseconds = std::chrono::duration<double, std::milli>;
    /// How long a node may take for a short read before another is asked as well: four times what
    /// it usually takes, and at least 100 ms. Writes do not count, for a dead leader makes them
    /// long on every node.
    std::chrono::milliseconds patience(const QUrl &endpoint) const;
    static std::chrono::milliseconds patience(Milliseconds usual);

    /// A node says of which cluster it is; the first that does so says of which all are. False: it
    /// is not of that one, and so not to be used.
    bool belongs(const QUrl &endpoint, quint64 clusterId);
    /// It has done so within the last second, and not failed since.
    bool isProven(const QUrl &endpoint) const;
    /// It was ever seen to be of this cluster.
    bool hasBelonged(const QUrl &endpoint) const { return m_nodes.value(endpoint).hasBelonged; }
    quint64 clusterId() const { return m_clusterId; } ///< 0: not known yet

    /// A node that was of this cluster is now of another: it was wiped and started alone, or the
    /// whole cluster was rebuilt, as from a backup.
    bool isReplaced() const;
    /// The latter: none of this cluster has answered for two seconds. From then on the other one is
    /// ours.
    bool followReplacement();

    /// Follows the cluster's membership: nodes that left it are forgotten unless they are seeds.
    /// An empty list changes nothing.
    void setMembers(const QList<QUrl> &members);

    /// Its last attempt succeeded, and was not overtaken.
    bool isHealthy(const QUrl &endpoint) const;

private:
    struct Node
    {
        int failures = 0; ///< in a row
        bool tried = false;
        bool doubted = false;
        bool silent = false;   ///< it failed by not answering at all
        bool unfit = false;    ///< it answered what is of no use
        quint64 clusterId = 0; ///< as it said last
        bool hasBelonged = false;
        Clock::time_point proven;
        Milliseconds usual{0}; ///< of short reads, smoothed
        Clock::time_point retryAt;
        Clock::time_point lastSuccess;
    };

    std::tuple<int, bool, Clock::duration> rank(const QUrl &endpoint, Clock::time_point now) const;
    QList<QUrl> all() const;
    static double aQuarter(); ///< more or less
    static bool isToPing(const Node &node) { return node.doubted || node.silent; }
    static void took(Node &node, std::chrono::milliseconds time);

    QList<QUrl> m_seeds;
    QList<QUrl> m_members;
    quint64 m_clusterId = 0;
    Clock::time_point m_lastProof; ///< by any node
    QHash<QUrl, Node> m_nodes;
    Now m_now;
    Jitter m_jitter;
};

} // namespace EtcdRegistry
