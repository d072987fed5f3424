// SPDX-License-Identifier: MIT
#pragma once

#include "error.h"

#include <QHash>
#include <QList>
#include <QUrl>

#include <chrono>
#include <functional>

namespace EtcdRegistry {

/// Whom to ask next: the nodes that we know, and what operations have seen of them. Pure logic
/// with an injected clock: no I/O, no timers. Health decides the order and never excludes a node,
/// so there is always somebody to ask.
class EndpointPool
{
public:
    using Clock = std::chrono::steady_clock;
    using Now = std::function<Clock::time_point()>;

    /// seeds: the hosts of the connection string, first choice first. They stay for good.
    explicit EndpointPool(QList<QUrl> seeds, Now now = &Clock::now);

    /// All nodes, best first: healthy ones (the one that answered last leads, so that reads follow
    /// writes), then untried ones, then failed ones whose back-off is over, then the rest by when
    /// it will be over. Members before seeds that are no members.
    QList<QUrl> order() const;

    void succeeded(const QUrl &endpoint);

    /// Back-off: 250 ms after the first failure, doubled with each that follows, 8 s at most.
    void failed(const QUrl &endpoint, const Error &error);

    /// Follows the cluster's membership: nodes that left it are forgotten unless they are seeds.
    /// An empty list changes nothing.
    void setMembers(const QList<QUrl> &members);

    bool isHealthy(const QUrl &endpoint) const; ///< its last attempt succeeded

private:
    struct Node
    {
        int failures = 0; ///< in a row
        bool tried = false;
        Clock::time_point retryAt;
        Clock::time_point lastSuccess;
    };

    QList<QUrl> m_seeds;
    QList<QUrl> m_members;
    QHash<QUrl, Node> m_nodes;
    Now m_now;
};

} // namespace EtcdRegistry
