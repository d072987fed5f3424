// SPDX-License-Identifier: MIT
#pragma once

#include "attempt.h"
#include "transport.h"

#include <QDeadlineTimer>
#include <QVarLengthArray>

#include <algorithm>

namespace EtcdRegistry {

constexpr qsizetype attemptsAtOnce = 3;

/// A request on its way to a node.
struct Transport::Running
{
    QUrl endpoint;
    Attempt *attempt = nullptr; ///< null: it is in a pipeline
    int network = 0;
    EndpointPool::Clock::time_point started = EndpointPool::Clock::now();

    std::chrono::milliseconds age() const
    {
        return std::chrono::duration_cast<std::chrono::milliseconds>(EndpointPool::Clock::now()
                                                                     - started);
    }
};

struct Transport::Operation
{
    HttpRequest request;
    Done done;
    std::optional<QDeadlineTimer>
        deadline;                          ///< from the first attempt on: queueing is our own doing
    EndpointPool::Clock::time_point began; ///< the first attempt
    QDeadlineTimer lastRound; ///< no round begins after it: the minute is for what does come
    QVarLengthArray<Running, attemptsAtOnce> running; ///< one after the other started
    EndpointPool::Clock::time_point lastStarted;      ///< of those and of those that have failed
    EndpointPool::Clock::time_point hedgeAt = EndpointPool::Clock::time_point::max();
    QVarLengthArray<QUrl, attemptsAtOnce> tried; ///< in this round
    QList<Error> failures;                       ///< the last one of each node, in all rounds
    /// The answer of a node that does not say of which cluster it is, and never did: it counts
    /// where no other node answers.
    std::optional<HttpReply> doubtful;
    bool reached = false;   ///< somebody accepted a connection in this round
    bool uncertain = false; ///< see HttpReply
    QDeadlineTimer rest{0}; ///< between two rounds

    void failed(const Error &error)
    {
        failures.removeIf([&](const Error &known) { return known.endpoint == error.endpoint; });
        failures.append(error);
    }

    Running *runOn(const QUrl &endpoint)
    {
        return std::ranges::find(running, endpoint, &Running::endpoint);
    }
};

} // namespace EtcdRegistry
