// SPDX-License-Identifier: MIT
#pragma once

#include "registration.h"
#include "store.h"

#include <QHash>
#include <QPromise>
#include <QSet>

#include <map>
#include <optional>
#include <vector>

namespace EtcdRegistry {

/// Keeps the keys of one lease alive (v3), or in v2, where each key has its own TTL, one key. A
/// lease that has gone is granted again, and keys that have gone are put again, within the beat
/// that finds it. When it beats is up to Heartbeats. It may be deleted at any time, before its
/// store.
///
/// With each new leader the keys of a v3 lease get another one: before 3.4.29 and 3.5.11 a former
/// leader that hung may, when it goes on, revoke all leases that it has not seen renewed
/// (etcd-io/etcd#15247).
class Heartbeat : public QObject
{
    Q_OBJECT
public:
    using Clock = Instance::Clock;

    /// interval: at most half the TTL.
    Heartbeat(Store &store, std::chrono::milliseconds ttl, std::chrono::milliseconds interval,
              Service::WhenTaken whenTaken, QObject *parent = nullptr);

    /// Writes the key, and again whenever it is found missing, until it is released. Error::Taken:
    /// it was refused, and found() told why.
    QFuture<Result<void>> hold(const QString &key, const Kept &own,
                               WhenThere whenThere = WhenThere::Replace);

    /// From now on the value is this one. False: hold() would write it too early, as the key is
    /// paused or is being written, and the next beat does.
    bool change(const QString &key, const QByteArray &value);

    Kept kept(const QString &key) const { return m_keys.value(key); }
    /// Beats this key no more; the key itself is left alone.
    void release(const QString &key);

    /// One beat, which ends in ended(). Nothing where one is under way, or nothing is held.
    void beat();
    bool isBeating() const { return m_beating; }

    /// A beat that is under way puts nothing again.
    void setPaused(bool paused) { m_paused = paused; }

    /// A write of this key may still be carried out, although it failed or was given up.
    bool isUncertain(const QString &key) const;

    /// Where some of its keys may be still, as they have not been put on its lease yet.
    std::optional<Lease> formerLease() const { return m_formerLease; }
    /// A beat found it missing, and it has not been put again.
    bool isMissing(const QString &key) const { return m_missing.contains(key); }
    /// Without a lease nothing has been written yet.
    bool hasLease() const { return m_lease.ttl.count() > 0; }

    std::chrono::milliseconds interval() const { return m_interval; }
    /// When its keys expire if no further beat gets through, by a cautious reckoning: from the
    /// time at which the last one that did was sent.
    Clock::time_point expires() const { return m_renewed + m_lease.ttl; }
    Clock::time_point renewed() const { return m_renewed; } ///< when that was sent
    Clock::time_point lastEnded() const { return m_ended; } ///< when the last beat was over

    const Lease &lease() const { return m_lease; }
    QStringList keys() const { return m_keys.keys(); }
    bool isEmpty() const { return m_keys.isEmpty(); }

Q_SIGNALS:
    /// A beat got through, for all its keys but those that are missing.
    void gotThrough();
    /// A beat found these missing. Those that are not released by whoever listens are put again.
    void keysGone(const QStringList &keys, EtcdRegistry::Registration::Cause cause);
    /// Somebody else's value was at the key when it was to be written.
    void found(const QString &key, const EtcdRegistry::Entry &entry);
    void rejoined(const QStringList &keys); ///< they were put again
    /// The beat is over, and failed if there is an error: for those that could not be put again, or
    /// for all where there are none.
    void ended(const std::optional<EtcdRegistry::Error> &error, const QStringList &keys);

private:
    struct Writes
    {
        int underWay = 0;
        Clock::time_point uncertainUntil;
    };

    QFuture<Result<void>> ensureLease();
    QFuture<Result<void>> write(const QString &key, WhenThere whenThere = WhenThere::Replace,
                                bool again = true);
    Result<void> wrote(const QString &key, const Kept &sent, const Lease &lease,
                       const Result<Written> &put, Clock::time_point since);
    void look(bool expired);
    void beaten(Clock::time_point sent, const Result<Renewal> &renewal);
    void gone(const QStringList &keys, Registration::Cause cause);
    void putAgain(const QStringList &keys);
    void end(const std::optional<Error> &error, const QStringList &keys = {});

    Store &m_store;
    std::chrono::milliseconds m_ttl;
    std::chrono::milliseconds m_interval;
    Service::WhenTaken m_whenTaken;
    Lease m_lease;
    bool m_granted = false;
    std::optional<Lease> m_formerLease; ///< until all keys are on another
    std::vector<QPromise<Result<void>>> m_leaseWaiters;
    QHash<QString, Kept> m_keys;        ///< that are held
    std::map<QString, Writes> m_writes; ///< of the same
    QSet<QString> m_missing;            ///< of the same
    QSet<QString> m_changed;       ///< keys whose value has not been written, or not with the lease
    QSet<QString> m_changedInBeat; ///< those when a beat began, and since: it may find either
    bool m_mayNotLook = false;     ///< which keys are on its lease
    bool m_beating = false;
    bool m_paused = false;
    Clock::time_point m_renewed;
    Clock::time_point m_ended;
};

} // namespace EtcdRegistry
