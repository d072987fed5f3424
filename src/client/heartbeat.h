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

    /// Writes the key, and again whenever it is found missing, until it is released.
    QFuture<Result<void>> hold(const QString &key, const QByteArray &value);

    /// From now on the value is this one. False: hold() would write it too early, as the key is
    /// paused or is being written, and the next beat does.
    bool change(const QString &key, const QByteArray &value);

    /// Beats this key no more; the key itself is left alone.
    void release(const QString &key);

    /// One beat, which ends in ended(). Nothing where one is under way, or nothing is held.
    void beat();
    bool isBeating() const { return m_beating; }

    /// A beat that is under way puts nothing again.
    void setPaused(bool paused) { m_paused = paused; }

    /// A write of this key may still be carried out, although it failed or was given up.
    bool isUncertain(const QString &key) const;

    /// Some of its keys may not be on its lease yet.
    bool isMoving() const { return m_lease.id != 0 && !m_changed.isEmpty(); }

    std::chrono::milliseconds interval() const { return m_interval; }
    /// When its keys expire if no further beat gets through, by a cautious reckoning: from the
    /// time at which the last one that did was sent.
    Clock::time_point expires() const { return m_renewed + m_lease.ttl; }
    Clock::time_point renewed() const { return m_renewed; } ///< when that was sent

    const Lease &lease() const { return m_lease; }
    QStringList keys() const { return m_values.keys(); }
    bool isEmpty() const { return m_values.isEmpty(); }

Q_SIGNALS:
    /// A beat found these missing. Those that are not released by whoever listens are put again.
    void keysGone(const QStringList &keys, EtcdRegistry::Registration::Cause cause);
    /// The beat is over; `rejoined` were put again.
    void ended(const std::optional<EtcdRegistry::Error> &error, const QStringList &rejoined);

private:
    struct Writes
    {
        int underWay = 0;
        Clock::time_point uncertainUntil;
    };

    QFuture<Result<void>> ensureLease();
    QFuture<Result<void>> write(const QString &key, bool again = true);
    void wrote(const QString &key, const Result<Applied> &put, Clock::time_point sent);
    void beaten(Clock::time_point sent, const Result<Renewal> &renewal);
    void gone(const QStringList &keys, Registration::Cause cause);
    void putAgain(const QStringList &keys);
    void end(const std::optional<Error> &error, const QStringList &rejoined = {});

    Store &m_store;
    std::chrono::milliseconds m_ttl;
    std::chrono::milliseconds m_interval;
    Service::WhenTaken m_whenTaken;
    Lease m_lease;
    bool m_granted = false;
    std::optional<Lease> m_formerLease; ///< until all keys are on another
    std::vector<QPromise<Result<void>>> m_leaseWaiters;
    QHash<QString, QByteArray> m_values; ///< of the keys that are held
    std::map<QString, Writes> m_writes;  ///< of the same
    QSet<QString> m_changed;       ///< keys whose value has not been written, or not with the lease
    QSet<QString> m_changedInBeat; ///< those when a beat began, and since: it may find either
    bool m_beating = false;
    bool m_paused = false;
    Clock::time_point m_renewed;
};

} // namespace EtcdRegistry
