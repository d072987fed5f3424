// SPDX-License-Identifier: MIT
#include "holdings.h"

namespace EtcdRegistry {

// How what is held is left; holdings.cpp has the rest.

Holdings::Ended Holdings::together(QList<Ended> ends)
{
    return QtFuture::whenAll(ends.begin(), ends.end()).then(this, [](const QList<Ended> &done) {
        QList<Registration> all;
        for (const Ended &one : done) {
            if (!one.isCanceled()) // the client goes away; whenAll() tells even so
                all += one.result();
        }
        return all;
    });
}

/// One that is being left: what was known of it when its heartbeat let it go.
struct Holdings::Leaving
{
    qint64 id;
    Kept kept{};
    QList<Lease> leases{};          ///< its key is on one of them; none: it was not written yet
    Applied writes = Applied::Once; ///< whether one of ours may yet come
};

Holdings::Ended Holdings::leave(const QList<qint64> &ids)
{
    std::map<std::shared_ptr<Heartbeat>, QList<Leaving>> leaving;
    QList<Registration> news;
    for (const qint64 id : ids) {
        Held *one = find(id);
        if (!one || !happen(one->registration, Happening::Leave, Cause::Asked))
            continue;
        leaving[one->heartbeat].append(Leaving{.id = id});
        news.append(one->registration);
    }
    if (news.isEmpty())
        return m_connection.transport().later(QList<Registration>());
    Q_EMIT changed(news);

    QList<Ended> ends;
    for (auto &[heartbeat, these] : leaving) {
        bool isMoving = false;
        for (Leaving &each : these) {
            Held &one = *find(each.id);
            if (!heartbeat)
                continue;
            const QString &key = one.registration.key;
            each.kept = heartbeat->kept(key);
            if (heartbeat->isUncertain(key))
                each.writes = Applied::MaybeAgain;
            if (heartbeat->hasLease())
                each.leases.append(heartbeat->lease());
            if (const auto former = heartbeat->formerLease();
                former && *former != heartbeat->lease())
                each.leases.append(*former);
            if (one.former)
                each.leases.append(one.former->lease());
            isMoving |= each.leases.size() != 1;
            release(one);
        }
        // The end of a lease takes all its keys along, and no late write gets past it.
        const bool isLast = heartbeat && heartbeat->isEmpty() && heartbeat->lease().id != 0;
        ends.append(isLast && !isMoving ? revoke(these) : remove(these));
    }
    return together(ends);
}

/// All are on the same.
Holdings::Ended Holdings::revoke(const QList<Leaving> &these)
{
    return m_connection.store()
        .revoke(these.first().leases.first())
        .then(this,
              [this, these](const Result<void> &revoked) {
                  if (!revoked && !revoked.error().retryable()) // somebody's key may be on it
                      return remove(these);
                  QList<Leaving> ended = these;
                  for (Leaving &each : ended)
                      each.writes = Applied::Once;
                  return m_connection.transport().later(left(ended, revoked));
              })
        .unwrap();
}

/// What is there and not ours is let be.
Holdings::Ended Holdings::remove(const QList<Leaving> &these)
{
    QList<Ended> ends;
    for (const Leaving &each : these) {
        if (each.leases.isEmpty()) {
            ends.append(m_connection.transport().later(left({each}, {})));
            continue;
        }
        QList<QFuture<Result<bool>>> removals;
        for (const Lease &lease : each.leases) {
            removals.append(
                m_connection.store().removeOwn(find(each.id)->registration.key, each.kept, lease));
        }
        ends.append(QtFuture::whenAll(removals.begin(), removals.end())
                        .then(this, [this, each](const QList<QFuture<Result<bool>>> &done) {
                            Result<void> result;
                            for (const QFuture<Result<bool>> &one : done) {
                                if (one.isCanceled()) // the client goes away
                                    return QList<Registration>();
                                if (!one.result())
                                    result = one.result().error();
                            }
                            return left({each}, result);
                        }));
    }
    return together(ends);
}

/// They are held no more, whatever became of it.
QList<Registration> Holdings::left(const QList<Leaving> &these, const Result<void> &result)
{
    QList<Registration> ended;
    QList<qint64> ids;
    for (const Leaving &each : these) {
        Held *one = find(each.id);
        if (!one)
            continue;
        Registration &registration = one->registration;
        if (!result)
            registration.lastError = result.error();
        happen(registration, result ? Happening::Removed : Happening::NotRemoved,
               result ? Cause::Asked : Cause::Refused);
        if (!each.leases.isEmpty() && (!result || each.writes == Applied::MaybeAgain))
            m_lateWrites.look(m_connection.store(), registration, each.leases.first());
        ended.append(registration);
        ids.append(each.id);
        if (!result && m_isShuttingDown)
            m_notLeft.append(registration);
    }
    if (!ended.isEmpty())
        Q_EMIT changed(ended);
    forget(ids);
    return ended;
}

Holdings::Ended Holdings::shutDown(std::chrono::milliseconds limit)
{
    m_isShuttingDown = true;
    m_notLeft.clear();
    auto promise = std::make_shared<QPromise<QList<Registration>>>();
    promise->start();
    auto *waiting = new QObject(this); // for what was being left already, too
    const auto end = [this, promise, waiting] {
        if (promise->future().isFinished())
            return;
        waiting->deleteLater();
        promise->addResult(m_notLeft + registrations());
        promise->finish();
    };
    const auto look = [this, end] {
        if (!m_held.empty())
            return;
        // A deletion may have overtaken a write that was under way.
        m_lateWrites.lookNow().then(this, [end] { end(); });
    };
    connect(this, &Holdings::removed, waiting, look);
    QTimer::singleShot(0, waiting, look);
    QTimer::singleShot(limit, waiting, end);
    leave(allIds());
    return promise->future();
}

} // namespace EtcdRegistry
