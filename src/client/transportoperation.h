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
        deadline;             ///< from the first attempt on: queueing is our own doing
    QDeadlineTimer lastRound; ///< no round begins after it: the minute is for what does come
    QVarLengthArray<Running, attemptsAtOnce> running; ///< one after the other started
    EndpointPool::Clock::time_point lastStarted;      ///< of those and of those that have failed
    EndpointPool::Clock::time_point hedgeAt = EndpointPool::Clock::time_point::max();
    QVarLengthArray<QUrl, attemptsAtOnce> tried; ///< in this round
    QStringList failedEndpoints;                 ///< in all rounds
    std::optional<Error> lastError;
    bool reached = false;   ///< somebody accepted a connection in this round
    bool uncertain = false; ///< see HttpReply
    QDeadlineTimer rest{0}; ///< between two rounds

    Running *runOn(const QUrl &endpoint)
    {
        return std::ranges::find(running, endpoint, &Running::endpoint);
    }
};

} // namespace EtcdRegistry
