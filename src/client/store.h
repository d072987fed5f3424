// SPDX-License-Identifier: MIT
#pragma once

#include "instance.h"
#include "result.h"

#include <QFuture>
#include <QHash>
#include <QList>
#include <QObject>
#include <QStringList>
#include <QUrl>

#include <algorithm>
#include <functional>
#include <memory>

namespace EtcdRegistry {

class Watch;

/// A key and what etcd knows of it.
struct Entry
{
    QString key; ///< without a leading slash
    QByteArray value;
    qint64 createRevision = 0;
    qint64 modRevision = 0;
    qint64 lease = 0; ///< v3 only
    bool hasTtl = false;
    /// Time left when the node answered; v3 listings don't say. Less than zero where nothing
    /// expires, as that takes a leader.
    std::optional<std::chrono::milliseconds> timeLeft;
    /// v2, where an event told it: what it was granted. Listings say what is left only.
    std::optional<std::chrono::milliseconds> granted;
    /// v2: time left of the directory above it that expires first, if any does.
    std::optional<std::chrono::milliseconds> directoryLeft;

    bool operator==(const Entry &) const = default;
};

struct Listing
{
    /// Ten times what this client is made for; each takes a kilobyte of memory, and tiny ones ten
    /// times their share of an answer.
    static constexpr qsizetype mostEntries = 1'000'000;

    QList<Entry> entries; ///< in no particular order
    qint64 revision = 0;
    QString endpoint;
    Instance::Clock::time_point observed;
    /// v2: time left of the directories that have a TTL, which takes all below them along; by key.
    QHash<QString, std::chrono::milliseconds> directories;
    /// No node that answers has a leader: it may be behind, and nothing expires.
    std::optional<Error> noLeader;

    Error tooMuch() const
    {
        return {.code = Error::Code::Protocol,
                .endpoint = endpoint,
                .detail = QStringLiteral(
                    "a listing of more than a million keys, or of more than 256 MiB")};
    }
};

/// How a prefix has changed since a revision: enough to find out whether a watch lost something.
struct Check
{
    qint64 revision = 0; ///< of the store, when it was asked
    qint64 count = 0;    ///< how many keys there are; v2: not told
    qint64 newest = 0; ///< the latest revision at which one was written, if after the one asked for
    QString endpoint;
    Instance::Clock::time_point observed;
};

/// What a node says in seconds; a century at most, as clocks in nanoseconds end after three.
inline std::chrono::seconds ttlOf(qint64 seconds)
{
    constexpr std::chrono::seconds longest = std::chrono::years(100);
    return std::clamp(std::chrono::seconds(seconds), -longest, longest);
}

/// What keeps keys alive: a lease in v3; in v2, which has none, the TTL that each key carries.
struct Lease
{
    qint64 id = 0;                    ///< 0 in v2
    std::chrono::milliseconds ttl{0}; ///< as granted: a cluster may give more than was asked for
    qint64 term = 0; ///< of the leader by then: each has a higher one; 0: not known

    bool operator==(const Lease &) const = default;
};

/// A key of ours, as far as we know.
struct Kept
{
    QByteArray value;
    QByteArray former{}; ///< what we wrote before, and may find there yet
    /// At which we wrote it last. A write carries it, so that one that comes late, as from a node
    /// that hung, finds nothing to do. 0: not known, or the key has gone.
    qint64 revision = 0;

    bool isOurs(const QByteArray &found) const
    {
        return found == value || (!former.isEmpty() && found == former);
    }
};

/// What to do where somebody else's value is at a key.
enum class WhenThere { Replace, Refuse };

/// What a heartbeat has found.
struct Renewal
{
    /// v2: the key is not (any more) kept alive by it, and to be put again: it has gone, or has
    /// another value. v3: see Store::lost().
    QStringList lost{};
    bool directoryGone = false; ///< v2: and its directory too
    qint64 revision = 0;        ///< v2: of the key, now
    qint64 term = 0;            ///< v3: see Lease
};

struct LeaseTime
{
    std::chrono::milliseconds left{0}; ///< when it was `observed`
    std::chrono::milliseconds granted{0};
    qint64 term = 0; ///< see Lease
    Instance::Clock::time_point observed{};
};

/// The time that a beat may take, retries included. It is sent when at most half of the TTL is
/// over.
inline std::chrono::milliseconds beatWithin(std::chrono::milliseconds ttl)
{
    return ttl * 2 / 5;
}

/// How often a write that succeeded is carried out.
enum class Applied {
    Once,
    MaybeAgain, ///< an earlier attempt was given up: etcd may still carry it out, even later
};

struct Written
{
    Applied applied = Applied::Once;
    qint64 revision = 0;          ///< of the key, now
    std::optional<Entry> found{}; ///< what was there and not ours
    bool refused = false;         ///< and therefore is there still: WhenThere::Refuse
};

/// One of etcd's two stores: it turns bytes into keys, values, leases and revisions, and knows
/// nothing of services. Every operation is idempotent, tries all nodes and ends by the
/// connection's deadline. Futures finish from the event loop of the thread that made the store;
/// Transport::cancelAll() cancels them, and has to be called before a store goes away.
class Store : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;

    virtual Api api() const = 0;

    /// Every key below the prefix; nothing there is an empty list. `revision` is the store's. Where
    /// no node has a leader it is what one of them has (see Listing::noLeader).
    virtual QFuture<Result<Listing>> list(const QString &prefix) = 0;

    /// The lease under which the keys of put() live. v2: no request.
    virtual QFuture<Result<Lease>> grant(std::chrono::milliseconds ttl) = 0;
    virtual QFuture<Result<Written>> put(const QString &key, const Kept &own, const Lease &lease,
                                         WhenThere whenThere = WhenThere::Replace) = 0;

    /// One heartbeat for all the keys of a lease; it ends well before they expire. NotFound: the
    /// lease itself has gone. v2: one key only. Of all operations this one is called thousands of
    /// times a second, and a future would be a tenth of what it takes.
    using KeptAlive = std::function<void(const Result<Renewal> &)>;
    virtual void keepAlive(const Lease &lease, const QHash<QString, Kept> &keys,
                           KeptAlive done) = 0;

    /// Those of the keys that a v3 lease does not keep alive (any more), to be put again: they have
    /// gone, or have another lease. v2: none.
    virtual QFuture<Result<QStringList>> lost(const Lease &lease, const QStringList &keys) = 0;

    /// False: it was not there.
    virtual QFuture<Result<bool>> remove(const QString &key) = 0;

    /// Deletes what put() wrote, and nothing that somebody else put in its place: a key with this
    /// lease (v3) or value (v2). False: there was no such thing.
    virtual QFuture<Result<bool>> removeOwn(const QString &key, const Kept &own,
                                            const Lease &lease) = 0;

    /// Ends a lease, and with it the keys that are still on it. v2: no request.
    virtual QFuture<Result<void>> revoke(const Lease &lease) = 0;

    /// What is left of a v3 lease; NotFound: it has gone. v2: InvalidArgument.
    virtual QFuture<Result<LeaseTime>> timeToLive(qint64 lease) = 0;

    /// The events below the prefix from one node; v3: from this revision on, 0 and v2: from now on.
    virtual std::unique_ptr<Watch> watch(const QUrl &endpoint, const QString &prefix,
                                         qint64 revision) = 0;

    /// Much cheaper than a listing. v2 tells the revision only. Where that is less than the one
    /// asked for, it is not because a node lags behind.
    virtual QFuture<Result<Check>> check(const QString &prefix, qint64 sinceRevision) = 0;

    /// Whether this node lives and has a leader (NoLeader: it has none), by a request that it
    /// answers itself.
    virtual QFuture<Result<void>> pulse(const QUrl &endpoint) = 0;

    /// Whether a key below the prefix could be written: a write that is carried out in vain.
    virtual QFuture<Result<void>> mayWrite(const QString &prefix) = 0;
};

} // namespace EtcdRegistry

Q_DECLARE_TYPEINFO(EtcdRegistry::Entry, Q_RELOCATABLE_TYPE); // lists of 100,000 grow faster
