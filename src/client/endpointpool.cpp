// SPDX-License-Identifier: MIT
#include "endpointpool.h"

#include "log.h"

#include <QRandomGenerator>

#include <algorithm>

namespace EtcdRegistry {

using namespace std::chrono_literals;

/// Less than it takes to wipe a node and to start it alone.
constexpr auto proofHolds = 1s;
/// Without an answer of a cluster, until one that has replaced it is believed.
constexpr auto replacedAfter = 2s;

EndpointPool::EndpointPool(QList<QUrl> seeds, Now now, Jitter jitter)
    : m_seeds(std::move(seeds))
    , m_now(std::move(now))
    , m_jitter(std::move(jitter))
{
    for (const auto &seed : std::as_const(m_seeds))
        m_nodes.insert(seed, {});
}

double EndpointPool::aQuarter()
{
    return 0.75 + QRandomGenerator::global()->generateDouble() / 2;
}

/// Smaller is better, element by element.
std::tuple<int, bool, EndpointPool::Clock::duration> EndpointPool::rank(const QUrl &endpoint,
                                                                        Clock::time_point now) const
{
    enum Health { Healthy, Untried, Doubted, Recovering, Failed, Unfit };
    const auto &node = *m_nodes.constFind(endpoint);
    const auto health = node.unfit          ? Unfit
                        : !node.tried       ? Untried
                        : node.failures > 0 ? (node.retryAt <= now ? Recovering : Failed)
                        : node.doubted      ? Doubted
                                            : Healthy;
    const bool guest = !m_members.isEmpty() && !m_members.contains(endpoint);
    const auto time =
        health == Healthy ? -node.lastSuccess.time_since_epoch() : node.retryAt.time_since_epoch();
    return {health, guest, time};
}

/// Members first.
QList<QUrl> EndpointPool::all() const
{
    auto result = m_members;
    for (const auto &seed : m_seeds) {
        if (!result.contains(seed))
            result.append(seed);
    }
    return result;
}

QList<QUrl> EndpointPool::order() const
{
    const auto now = m_now();
    auto result = all();
    std::stable_sort(result.begin(), result.end(),
                     [&](const QUrl &a, const QUrl &b) { return rank(a, now) < rank(b, now); });
    return result;
}

QUrl EndpointPool::first() const
{
    const auto now = m_now();
    const auto nodes = all();
    const auto best =
        std::ranges::min_element(nodes, {}, [&](const QUrl &node) { return rank(node, now); });
    return best == nodes.end() ? QUrl() : *best;
}

void EndpointPool::took(Node &node, std::chrono::milliseconds time)
{
    constexpr double weight = 1.0 / 8;
    node.usual += (node.usual == Milliseconds::zero() ? 1 : weight) * (time - node.usual);
}

void EndpointPool::succeeded(const QUrl &endpoint, std::optional<std::chrono::milliseconds> took)
{
    const auto node = m_nodes.find(endpoint);
    if (node == m_nodes.end()) // it left the cluster while it answered
        return;
    revived(endpoint);
    node->unfit = false;
    node->lastSuccess = m_now();
    if (took)
        EndpointPool::took(*node, *took);
}

void EndpointPool::revived(const QUrl &endpoint)
{
    const auto node = m_nodes.find(endpoint);
    if (node == m_nodes.end())
        return;
    if (node->failures > 0)
        qCDebug(logTransport) << endpoint << "answers again";
    node->tried = true;
    node->doubted = false;
    node->silent = false;
    node->failures = 0;
    node->retryAt = {};
}

void EndpointPool::failed(const QUrl &endpoint, const Error &error)
{
    const auto node = m_nodes.find(endpoint);
    if (node == m_nodes.end())
        return;
    const auto backOff = std::chrono::duration_cast<Clock::duration>(
        m_jitter() * std::min(250ms * (1 << std::min(node->failures, 4)), 4000ms));
    qCDebug(logTransport) << error.message() << "It is not preferred for"
                          << std::chrono::duration_cast<std::chrono::milliseconds>(backOff).count()
                          << "ms";
    node->tried = true;
    node->silent = error.httpStatus == 0;
    node->unfit = error.httpStatus != 0
                  && (error.code == Error::Code::NotServed || error.code == Error::Code::Protocol
                      || error.code == Error::Code::OtherCluster);
    node->proven = {};
    node->doubted = false; // it is worse
    ++node->failures;
    node->retryAt = m_now() + backOff;
}

void EndpointPool::overtaken(const QUrl &endpoint, std::optional<std::chrono::milliseconds> waited)
{
    const auto node = m_nodes.find(endpoint);
    if (node == m_nodes.end())
        return;
    node->doubted = true;
    if (waited)
        took(*node, *waited); // at least; where all nodes are slow, patience has to grow
}

QList<QUrl> EndpointPool::toPing() const
{
    QList<QUrl> due;
    for (auto node = m_nodes.cbegin(); node != m_nodes.cend(); ++node) {
        if (isToPing(*node) && node->retryAt <= m_now())
            due.append(node.key());
    }
    return due;
}

std::optional<EndpointPool::Clock::time_point>
EndpointPool::nextPing(const QSet<QUrl> &underWay) const
{
    std::optional<Clock::time_point> next;
    for (auto node = m_nodes.cbegin(); node != m_nodes.cend(); ++node) {
        if (isToPing(*node) && !underWay.contains(node.key()))
            next = std::min(next.value_or(Clock::time_point::max()), node->retryAt);
    }
    return next;
}

std::chrono::milliseconds EndpointPool::patience(const QUrl &endpoint) const
{
    return patience(m_nodes.value(endpoint).usual);
}

std::chrono::milliseconds EndpointPool::patience(Milliseconds usual)
{
    return std::max(100ms, std::chrono::duration_cast<std::chrono::milliseconds>(4 * usual));
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

bool EndpointPool::belongs(const QUrl &endpoint, quint64 clusterId)
{
    if (m_clusterId == 0)
        m_clusterId = clusterId;
    const bool isOurs = clusterId == m_clusterId;
    if (isOurs)
        m_lastProof = m_now();
    if (const auto node = m_nodes.find(endpoint); node != m_nodes.end()) {
        node->clusterId = clusterId;
        node->hasBelonged |= isOurs;
        node->proven = isOurs ? m_now() : Clock::time_point();
    }
    return isOurs;
}

bool EndpointPool::isProven(const QUrl &endpoint) const
{
    return m_nodes.value(endpoint).proven + proofHolds > m_now();
}

bool EndpointPool::isReplaced() const
{
    return std::ranges::any_of(m_nodes, [this](const Node &node) {
        return node.hasBelonged && node.clusterId != m_clusterId;
    });
}

bool EndpointPool::followReplacement()
{
    if (!isReplaced() || m_lastProof + replacedAfter > m_now())
        return false;
    const quint64 former = m_clusterId;
    m_clusterId = std::ranges::find_if(m_nodes, [former](const Node &node) {
                      return node.hasBelonged && node.clusterId != former;
                  })->clusterId;
    for (Node &node : m_nodes) {
        if (node.clusterId != m_clusterId)
            continue;
        node.hasBelonged = true;
        node.unfit = false;
        node.failures = 0;
    }
    return true;
}

bool EndpointPool::isHealthy(const QUrl &endpoint) const
{
    const auto node = m_nodes.value(endpoint);
    return node.tried && node.failures == 0 && !node.doubted && !node.unfit;
}

} // namespace EtcdRegistry
