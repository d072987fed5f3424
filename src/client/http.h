// SPDX-License-Identifier: MIT
#pragma once

#include "bootclock.h"
#include "error.h"

#include <QByteArray>
#include <QUrl>

#include <chrono>
#include <optional>

namespace EtcdRegistry {

struct HttpRequest
{
    QByteArray method = "GET";
    QByteArray path; ///< with its query, percent-encoded
    QByteArray body;
    QByteArray contentType = "application/json"; ///< of the body
    QByteArray header;                           ///< one more "Name: value", or empty
    /// Changes nothing: where a node takes unusually long, another is asked as well.
    bool read = false;
    /// The answer may take long to make and to send: a node that is slow with it is asked for a
    /// sign of life before another is asked or it is given up, and the deadline is a minute. Where
    /// it does come the only bounds are those of Attempt; where nobody sends it, no round over the
    /// nodes begins after the connection's deadline.
    bool large = false;
    /// Large, and one page of several, on which no node is at work for long: it has to begin within
    /// three timeouts, or else the node waits for a leader that has gone.
    bool page = false;
    /// False: to who has yet to show that it is a node of ours.
    bool withLogin = true;
    /// It has to end within this time, with a try at a second node; zero: the connection's timeout
    /// and deadline.
    std::chrono::milliseconds within{0};
    /// It would do harm in another cluster: a node that has not shown lately that it is of ours has
    /// to do so first.
    bool onlyHere = false;
    /// Small, as its answer is, and one of many: it may share a write with others (see Pipeline).
    bool frequent = false;
};

struct HttpReply
{
    int status = 0;
    QByteArray etcdIndex; ///< X-Etcd-Index (v2)
    QByteArray body;
    QUrl endpoint;
    BootClock::time_point received;
    quint64 clusterId = 0; ///< X-Etcd-Cluster-Id (v2); 0: it does not say
    QByteArray date;       ///< by the node's clock, in whole seconds
    /// Another attempt of the same request was given up: etcd may still carry it out, even later.
    bool uncertain = false;
    // What its errors are told by:
    bool anonymous = false;    ///< the request had no login
    qsizetype requestSize = 0; ///< of its body
    QString nameSpace{};       ///< of the connection
};

/// What an answer tells of the node that gave it.
struct NodeVerdict
{
    /// No answer of the API that was asked (a web server's, say, or a peer port's), or one that
    /// says that the node can't now: another node is asked.
    std::optional<Error> failure;
    quint64 clusterId = 0; ///< of the cluster that the node is of; 0: it does not say
};

} // namespace EtcdRegistry
