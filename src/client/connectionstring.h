// SPDX-License-Identifier: MIT
#pragma once

#include "result.h"

#include <QList>
#include <QStringList>
#include <QUrl>

#include <chrono>

namespace EtcdRegistry {

/// What the user says about a cluster: `protocol://user:password@host1,host2/namespace?options`,
/// the connection string of the npm package etcd-registry 2.1.1 and our additions to it.
///
///   protocol    http (default) or https
///   host        name, IPv4 or [IPv6], with :port or else 4001; blanks after a comma are allowed
///   namespace   any number of segments and of slashes around them; what looks like another host
///               is refused, and a comma there is written %2C
///   refresh     true/false: follow the cluster's membership
///   cache       a number, accepted and not used (as in the npm package)
///   api         auto (default), v2 or v3
///   layout      native (default)
///   ca, cert, key   PEM files, https only; cert and key go together
///   timeout     milliseconds an attempt on one node may take without an answer (1000)
///   deadline    milliseconds an operation may take with all its attempts (5000)
///   ttl, heartbeat  of registrations, seconds or fractions of one (10, half the TTL); a TTL is at
///                 least 1 s
///
/// Namespace, options, user and password are percent-decoded; so a password with @ is written %40.
/// As for etcdctl each host may have the protocol and the user before it again, and a slash behind
/// it. `https://discovery.etcd.io/<token>` and
/// `discovery+http(s)://...` name a discovery service instead of nodes. An unknown option is a
/// warning, not an error. A value; any thread.
struct ConnectionString
{
    enum class Api { Auto, V2, V3 };

    QList<QUrl> endpoints; ///< scheme, host and port only; at least one unless discovery is set
    QUrl discovery;
    QString user;
    QString password;  ///< null: none was given
    QString nameSpace; ///< "shop/eu": no slash around it; empty is the whole registry
    Api api = Api::Auto;
    bool refresh = false;
    int cache = 0;
    QString layout = QStringLiteral("native");
    QString caFile;
    QString certFile;
    QString keyFile;
    std::chrono::milliseconds timeout{1000};
    std::chrono::milliseconds deadline{5000};
    std::chrono::milliseconds ttl{10000};
    std::chrono::milliseconds heartbeat{5000}; ///< never longer than half the TTL
    QStringList warnings; ///< what was ignored, one sentence each, in the user's language

    /// The error says in words for the user what is wrong and where. It does not read files.
    static Result<ConnectionString> parse(const QString &text);

    /// Canonical; parse() of it gives the same value, but for the password, which is left out,
    /// and the warnings. Fit for logs, window titles and lists of recent connections.
    QString toString() const;

    bool operator==(const ConnectionString &) const = default;
};

} // namespace EtcdRegistry
