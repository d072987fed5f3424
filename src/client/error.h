// SPDX-License-Identifier: MIT
#pragma once

#include <QString>

#include <optional>

namespace EtcdRegistry {

/// Why something could not be done. Values are for programs and logs; message() is for users.
/// Never holds a password, a token or a document.
struct Error
{
    enum class Code {
        InvalidArgument, ///< what the caller asked for makes no sense; without an endpoint detail
                         ///< is a whole sentence
        NotFound,        ///< no such key or lease
        Conflict,        ///< a compare failed, or it exists already
        Taken,           ///< somebody else's registration is at the key: Service::whenThere
        LoginRequired,   ///< the cluster wants a user, and the connection has none
        LoginRefused,    ///< wrong user or password
        PermissionDenied,
        Unreachable,  ///< refused, reset, unknown host: no connection
        Timeout,      ///< a connection, and no answer in time
        Unavailable,  ///< the node answers that it can't now
        NoLeader,     ///< the cluster has no leader, so most of its nodes are away
        Tls,          ///< certificate or handshake
        OutOfSpace,   ///< NOSPACE alarm
        TooLarge,     ///< the request is larger than etcd takes
        NotServed,    ///< the API asked for is not served there
        OtherCluster, ///< the node belongs to another cluster than the others
        Protocol,     ///< an answer that is not etcd's
    };

    Code code = Code::Protocol;
    int httpStatus = 0;  ///< 0: no HTTP answer
    int etcdCode = 0;    ///< v2 errorCode or gRPC code; 0: none
    QString endpoint{};  ///< "http://host:port" of the node that answered, or that was tried last
    QString detail{};    ///< in etcd's, Qt's or our own words
    QString nameSpace{}; ///< of the connection that asked; empty: of all, or not known

    /// True where another node, or the same one later, may do it: the request itself is fine.
    bool retryable() const;

    /// Why, in a few words: the detail, or else the HTTP status; without passwords.
    QString reason() const;
    /// One line in the user's language: what, where, and what to do.
    QString message() const;

    bool operator==(const Error &) const = default;
};

/// What a node says of itself, fit for a line that people read: at most so many characters, and
/// none that would control a terminal or turn the text around.
QString quotable(const QString &said, qsizetype most = 200);

} // namespace EtcdRegistry
