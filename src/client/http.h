// SPDX-License-Identifier: MIT
#pragma once

#include "bootclock.h"

#include <QByteArray>
#include <QUrl>

#include <chrono>

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
    /// False: to who has yet to show that it is a node of ours.
    bool withLogin = true;
    /// It has to end within this time, with a try at a second node; zero: the connection's timeout
    /// and deadline.
    std::chrono::milliseconds within{0};
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
    QByteArray date; ///< by the node's clock, in whole seconds
    /// Another attempt of the same request was given up: etcd may still carry it out, even later.
    bool uncertain = false;
};

} // namespace EtcdRegistry
