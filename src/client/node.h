// SPDX-License-Identifier: MIT
#pragma once

#include "error.h"

#include <QDateTime>
#include <QStringList>
#include <QUrl>

#include <chrono>
#include <optional>

namespace EtcdRegistry {

/// One node of the cluster, as far as asking it told.
struct Node
{
    QUrl endpoint;      ///< empty: a member that has not started yet
    QString id;         ///< of the member, in decimal; empty: not known
    QString name;       ///< from the membership; empty: not known
    bool asked = false; ///< false: no answer and no failure yet
    bool reachable = false;
    std::chrono::microseconds latency{0}; ///< of the last GET /version
    bool leader = false;
    QString version;
    /// How far its clock is ahead of ours, give or take a second; no value: it does not say.
    std::optional<std::chrono::milliseconds> clockAhead;
    QStringList troubles;           ///< of the cluster, in its own words: no leader, alarms
    std::optional<Error> lastError; ///< stays after the node has recovered
    QDateTime lastErrorAt;

    bool operator==(const Node &) const = default;
};

} // namespace EtcdRegistry
