// SPDX-License-Identifier: MIT
#pragma once

#include "bootclock.h"

#include <QByteArray>
#include <QString>

#include <chrono>
#include <memory>
#include <optional>

namespace EtcdRegistry {

enum class Api { V2, V3 };

/// One registered instance of a service, as a listing showed it. A value; any thread.
struct Instance
{
    enum class Problem {
        None,
        NotAnObject, ///< the value is not a JSON object: clients skip it
        KeyShape,    ///< the key is not <namespace>/<service>/<sha1>
        KeyMismatch, ///< the key's sha1 is not that of the document's name and URL
    };
    using Clock = BootClock;

    QString nameSpace; ///< "shop/eu", or empty
    QString service;   ///< the document's name where the key agrees with it, else the key's segment
    QString key;       ///< whole, without a leading slash: "services/shop/eu/web/0123..."
    QString hostname;
    QString host; ///< hostname:port
    QString port;
    QString url;
    QByteArray document; ///< the value as its owner wrote it, whatever it is
    Problem problem = Problem::None;

    Api api = Api::V2;         ///< the store that it is in
    qint64 createRevision = 0; ///< v2: createdIndex
    qint64 modRevision = 0;    ///< v2: modifiedIndex
    qint64 lease = 0;          ///< v3; 0: none

    bool hasTtl = false; ///< false: it never expires by itself
    /// The TTL it was granted: known for v3 leases, and for v2 where an event told it (`ttlTold`);
    /// else, in v2, what was left of it, or what follows from that (see grantedTtl()).
    std::optional<std::chrono::milliseconds> ttl;
    bool ttlTold = false;
    /// When it expires unless it is renewed; no value: not known (yet). On a monotonic clock, so
    /// it is right after sleep and clock changes.
    std::optional<Clock::time_point> expires;
    /// v2: by so much a directory above it expires before its own time, and takes it along.
    std::chrono::milliseconds cutShort{0};
    Clock::time_point observed; ///< when the listing that shows it was answered

    bool operator==(const Instance &) const = default;
};

/// Shared by all that show it: a listing of 100,000 is kept once.
using InstancePtr = std::shared_ptr<const Instance>;

} // namespace EtcdRegistry

Q_DECLARE_TYPEINFO(EtcdRegistry::Instance, Q_RELOCATABLE_TYPE); // lists of 100,000 grow faster
