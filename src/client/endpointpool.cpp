// SPDX-License-Identifier: MIT
#include "endpointpool.h"

#include "log.h"

#include <algorithm>

namespace EtcdRegistry {

using namespace std::chrono_literals;

EndpointPool::EndpointPool(QList<QUrl> seeds, Now now)
    : m_seeds(std::move(seeds))
    , m_now(std::move(now))
{
    for (const auto &seed : std::as_const(m_seeds))
        m_nodes.insert(seed, {});
}

QList<QUrl> EndpointPool::order() const
{
    enum Health { Healthy, Untried, Recovering, Failed };
    const auto now = m_now();
    // Smaller is better, element by element.
    const auto rank = [&](const QUrl &endpoint) {
        const auto &node = *m_nodes.constFind(endpoint);
        const auto health = !node.tried           ? Untried
                            : node.failures == 0  ? Healthy
                            : node.retryAt <= now ? Recovering
                                                  : Failed;
        const bool guest = !m_members.isEmpty() && !m_members.contains(endpoint);
        const auto time = health == Healthy ? -node.lastSuccess.time_since_epoch()
                                            : node.retryAt.time_since_epoch();
        return std::tuple(health, guest, time);
    };
    auto result = m_members;
    for (const auto &seed : m_seeds) {
        if (!result.contains(seed))
            result.append(seed);
    }
    std::stable_sort(result.begin(), result.end(),
                     [&](const QUrl &a, const QUrl &b) { return rank(a) < rank(b); });
    return result;
}

void EndpointPool::succeeded(const QUrl &endpoint)
{
    const auto node = m_nodes.find(endpoint);
    if (node == m_nodes.end()) // it left the cluster while it answered
        return;
    if (node->failures > 0)
        qCDebug(logTransport) << endpoint << "answers again";
    node->tried = true;
    node->failures = 0;
    node->retryAt = {};
    node->lastSuccess = m_now();
}

void EndpointPool::failed(const QUrl &endpoint, const Error &error)
{
    const auto node = m_nodes.find(endpoint);
    if (node == m_nodes.end())
        return;
    const auto backOff = std::min(250ms * (1 << std::min(node->failures, 5)), 8000ms);
    qCDebug(logTransport) << error.message() << "It is not preferred for" << backOff.count()
                          << "ms";
    node->tried = true;
    ++node->failures;
    node->retryAt = m_now() + backOff;
}

void EndpointPool::setMembers(const QList<QUrl> &members)
{
    if (members.isEmpty())
        return;
    m_members.clear();
    for (const auto &member : members) {
        // The cluster advertises whatever its operator typed: "http://a:2379/" is "http://a:2379".
        const auto endpoint = member.adjusted(QUrl::RemovePath | QUrl::RemoveQuery
                                              | QUrl::RemoveFragment | QUrl::RemoveUserInfo);
        if (!m_members.contains(endpoint))
            m_members.append(endpoint);
        m_nodes.insert(endpoint, m_nodes.value(endpoint));
    }
    m_nodes.removeIf([this](QHash<QUrl, Node>::iterator node) {
        return !m_members.contains(node.key()) && !m_seeds.contains(node.key());
    });
}

bool EndpointPool::isHealthy(const QUrl &endpoint) const
{
    const auto node = m_nodes.value(endpoint);
    return node.tried && node.failures == 0;
}

} // namespace EtcdRegistry
