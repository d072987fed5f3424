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
    /// What is there, as far as it can be told.
    enum class Kind {
        Etcd,       ///< or nothing is known against it
        PeerPort,   ///< where members talk to each other
        GrpcOnly,   ///< a client port without HTTP/1, as --listen-client-http-urls makes
        WantsHttps, ///< and was asked in the clear
        WantsHttp,  ///< and was asked over TLS
        WebServer,  ///< or a proxy that answers by itself
        Foreign,    ///< etcd, but of another cluster
    };

    QUrl endpoint;      ///< empty: a member that has not started yet
    QString id;         ///< of the member, in decimal; empty: not known
    QString name;       ///< from the membership; empty: not known
    bool asked = false; ///< false: no answer and no failure yet
    bool reachable = false;
    std::chrono::microseconds latency{0}; ///< of the last GET /version
    bool leader = false;
    bool learner = false; ///< it has no vote yet, and serves next to nothing
    /// It knows of a leader; no value: that could not be seen.
    std::optional<bool> hasLeader;
    quint64 clusterId = 0; ///< 0: not known
    QString version;
    Kind kind = Kind::Etcd;
    QString server; ///< what a web server calls itself
    /// The API is there, whoever may use it; no value: it was not asked.
    std::optional<bool> servesV2;
    std::optional<bool> servesV3;
    /// How far its clock is ahead of ours, give or take a second; no value: it does not say.
    std::optional<std::chrono::milliseconds> clockAhead;
    QStringList troubles; ///< of the cluster, in its own words: no leader, alarms
    std::optional<Error>
        unseen; ///< why it does not tell its troubles: some versions tell root only
    std::optional<Error> lastError; ///< stays after the node has recovered
    QDateTime lastErrorAt;

    bool operator==(const Node &) const = default;
};

/// For a line beside it: what is wrong with it or was not seen; empty: nothing.
QString conditionOf(const Node &node);
/// Why it did not tell its troubles; empty: it did.
QString whyUnseen(const Node &node);

} // namespace EtcdRegistry
