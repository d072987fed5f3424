// SPDX-License-Identifier: MIT
// What a transport does about nodes that do not answer: it asks another one as well, and pings
// them.
#include "etcderror.h"
#include "transportoperation.h"

#include <algorithm>

using namespace std::chrono_literals;

namespace EtcdRegistry {

/// A write that started then was answered: those that wait since before it may wait in vain, as
/// those do that were under way when a leader died (for seven seconds).
void Transport::overtake(EndpointPool::Clock::time_point started, std::chrono::milliseconds took)
{
    for (const auto &operation : m_running) {
        if (operation->request.large || operation->request.read
            || operation->lastStarted >= started)
            continue;
        operation->hedgeAt =
            std::min(operation->hedgeAt, operation->lastStarted + EndpointPool::patience(took));
        hedgeAt(operation->hedgeAt);
    }
}

/// Sees to it that hedge() runs then, or before.
void Transport::hedgeAt(EndpointPool::Clock::time_point when)
{
    if (m_hedgeTimer.isActive() && m_hedgeAt <= when)
        return;
    m_hedgeAt = when;
    m_hedgeTimer.start(std::max(
        std::chrono::ceil<std::chrono::milliseconds>(when - EndpointPool::Clock::now()), 0ms));
}

void Transport::hedge()
{
    const auto now = EndpointPool::Clock::now();
    auto next = EndpointPool::Clock::time_point::max();
    for (const auto &operation : m_running) {
        if (operation->hedgeAt > now) {
            next = std::min(next, operation->hedgeAt);
            continue;
        }
        operation->hedgeAt = EndpointPool::Clock::time_point::max();
        const Running &last = operation->running.back();
        if (!operation->request.large) {
            // A write may have been lost with a leader: who did not answer it then may do now.
            if (!operation->request.read) {
                operation->tried.removeIf([&](const QUrl &endpoint) {
                    return operation->runOn(endpoint) == operation->running.end();
                });
            }
            startAnother(operation);
        } else if (!last.attempt->isComing()) { // it may be at work: is it?
            ask(last.endpoint, {.path = "/version"}, m_pool.patience(last.endpoint))
                .then(this, [this, operation](const Result<HttpReply> &alive) {
                    if (!alive && !operation->running.empty()
                        && !operation->running.back().attempt->isComing())
                        startAnother(operation);
                });
        }
    }
    if (next != EndpointPool::Clock::time_point::max())
        hedgeAt(next);
}

void Transport::startAnother(const std::shared_ptr<Operation> &operation)
{
    if (operation->running.size() >= attemptsAtOnce || operation->deadline->hasExpired())
        return;
    if (const auto node = freeNode(*operation))
        start(node->first, node->second, operation);
}

/// Those in doubt whose ping is due; and again when the next one is.
void Transport::ping()
{
    for (const QUrl &endpoint : m_pool.toPing()) {
        if (m_pinging.contains(endpoint))
            continue;
        m_pinging.insert(endpoint);
        const HttpRequest version{.path = "/version"};
        ask(endpoint, version).then(this, [=, this](const Result<HttpReply> &reply) {
            m_pinging.remove(endpoint);
            const std::optional<Error> failure =
                reply ? m_classifier(version, *reply).failure : reply.error();
            if (failure)
                m_pool.failed(endpoint, *failure);
            else
                m_pool.revived(endpoint);
            ping();
        });
    }
    if (const auto next = m_pool.nextPing(m_pinging)) {
        m_pingTimer.start(std::max(
            std::chrono::ceil<std::chrono::milliseconds>(*next - EndpointPool::Clock::now()), 1ms));
    }
}

} // namespace EtcdRegistry
