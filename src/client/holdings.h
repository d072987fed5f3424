// SPDX-License-Identifier: MIT
#pragma once

#include "connection.h"
#include "heartbeats.h"
#include "latewrites.h"
#include "registrationstate.h"

#include <deque>
#include <map>
#include <memory>

namespace EtcdRegistry {

/// The registrations that a Registry holds, each with its state, on the heartbeats that keep them
/// alive. See Registry, whose half it is.
class Holdings : public QObject
{
    Q_OBJECT
public:
    explicit Holdings(Connection &connection, QObject *parent = nullptr);

    /// Stops all heartbeats and holds nothing any more; for good, and before the store goes.
    void close();

    /// Registrations as they ended: left, or failed.
    using Ended = QFuture<QList<Registration>>;

    QFuture<Result<Registration>> join(const Service &service);
    QFuture<Result<void>> change(qint64 id, const QByteArray &document);
    Ended leave(const QList<qint64> &ids);
    /// Those that could not be left, or not within the limit.
    Ended shutDown(std::chrono::milliseconds limit);
    void beatNow(); ///< all of them
    void pause(qint64 id);
    void resume(qint64 id);

    QList<Registration> registrations() const;
    static Error notHeld();
    bool isHeld(qint64 id) const { return m_held.contains(id); }
    std::optional<qint64> idOf(const QString &key) const;
    QList<qint64> idsOf(const QString &name) const;
    QList<qint64> allIds() const;

Q_SIGNALS:
    void changed(const QList<EtcdRegistry::Registration> &registrations);
    void removed(qint64 id);
    void leftAgain(const EtcdRegistry::Registration &registration);

private:
    using State = Registration::State;
    using Cause = Registration::Cause;

    struct Held
    {
        Registration registration;
        std::shared_ptr<Heartbeat>
            heartbeat;                     ///< shared by those on one lease; null until it is known
        std::shared_ptr<Heartbeat> former; ///< on whose lease its key may be still, as it is paused
    };

    struct Join
    {
        qint64 id;
        QPromise<Result<Registration>> promise;
    };

    Held *find(qint64 id);
    Held *find(const QString &key) { return find(m_idOfKey.value(key)); }
    std::shared_ptr<Heartbeat> heartbeatFor(const Service &service);
    std::shared_ptr<Heartbeat> newHeartbeat(const Service &service);
    static bool happen(Registration &registration, Happening what, Cause cause);
    void joinNext();
    Result<Registration> joined(qint64 id, const Result<void> &put);
    void beaten(const Heartbeat &heartbeat, const QStringList &keys, Happening what,
                const std::optional<Error> &error = {});
    void tellBeaten();
    void found(const QString &key, const Entry &entry);
    void keysGone(const QStringList &keys, Cause cause);
    void review();
    void release(Held &held);
    void moveAway(qint64 id, QFuture<Result<void>> put);
    void forget(const QList<qint64> &ids);
    Ended together(QList<Ended> ends);
    struct Leaving;
    Ended revoke(const QList<Leaving> &these);
    Ended remove(const QList<Leaving> &these);
    QList<Registration> left(const QList<Leaving> &these, const Result<void> &result);

    Connection &m_connection;
    std::map<qint64, Held> m_held;
    QHash<QString, qint64> m_idOfKey;
    std::weak_ptr<Heartbeat> m_shared; ///< v3: of the registrations with the connection's own TTL
    qint64 m_lastId = 0;
    std::deque<Join> m_joins; ///< to be begun
    int m_joining = 0;        ///< that are under way
    Heartbeats m_heartbeats;
    QList<qint64> m_beaten; ///< not told yet
    LateWrites m_lateWrites;
    bool m_isShuttingDown = false;
    QList<Registration> m_notLeft; ///< since then
    QTimer m_reviewTimer;
    Heartbeat::Clock::time_point m_reviewed;
};

} // namespace EtcdRegistry
