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

Holdings::Ended Holdings::leave(const QList<qint64> &ids)
{
    std::map<std::shared_ptr<Heartbeat>, QList<qint64>> leaving;
    QList<Registration> news;
    for (const qint64 id : ids) {
        Held *one = find(id);
        if (!one || !happen(one->registration, Happening::Leave, Cause::Asked))
            continue;
        leaving[one->heartbeat].append(id);
        news.append(one->registration);
    }
    if (news.isEmpty())
        return m_connection.transport().later(QList<Registration>());
    Q_EMIT changed(news);

    QList<Ended> ends;
    for (const auto &[heartbeat, these] : leaving) {
        if (!heartbeat) { // nothing was written yet
            ends.append(m_connection.transport().later(left(these, {}, Applied::Once, {})));
            continue;
        }
        const bool isMoving = heartbeat->isMoving();
        QList<qint64> certain, uncertain;
        for (const qint64 id : these) {
            Held &one = *find(id);
            (heartbeat->isUncertain(one.registration.key) ? uncertain : certain).append(id);
            release(one);
        }
        // The end of a lease takes all its keys along, and no late write gets past it.
        if (heartbeat->isEmpty() && heartbeat->lease().id != 0 && !isMoving) {
            ends.append(revoke(heartbeat->lease(), these));
        } else {
            ends.append(remove(heartbeat->lease(), certain, Applied::Once));
            ends.append(remove(heartbeat->lease(), uncertain, Applied::MaybeAgain));
        }
    }
    return together(ends);
}

Holdings::Ended Holdings::revoke(const Lease &lease, const QList<qint64> &ids)
{
    return m_connection.store()
        .revoke(lease)
        .then(this,
              [this, lease, ids](const Result<void> &revoked) {
                  if (!revoked && !revoked.error().retryable()) // somebody's key may be on it
                      return remove(lease, ids, Applied::Once);
                  return m_connection.transport().later(left(ids, lease, Applied::Once, revoked));
              })
        .unwrap();
}

Holdings::Ended Holdings::remove(const Lease &lease, const QList<qint64> &ids, Applied writes)
{
    if (ids.isEmpty())
        return m_connection.transport().later(QList<Registration>());
    QList<Ended> ends;
    for (const qint64 id : ids) {
        ends.append(m_connection.store()
                        .remove(find(id)->registration.key)
                        .then(this, [=, this](const Result<bool> &removed) {
                            return left({id}, lease, writes,
                                        removed ? Result<void>() : removed.error());
                        }));
    }
    return together(ends);
}

/// They are held no more, whatever became of it. `writes`: whether one of ours may yet come.
QList<Registration> Holdings::left(const QList<qint64> &ids, const Lease &lease, Applied writes,
                                   const Result<void> &result)
{
    QList<Registration> ended;
    for (const qint64 id : ids) {
        Held *one = find(id);
        if (!one)
            continue;
        Registration &registration = one->registration;
        if (!result)
            registration.lastError = result.error();
        happen(registration, result ? Happening::Removed : Happening::NotRemoved,
               result ? Cause::Asked : Cause::Refused);
        if (!result || writes == Applied::MaybeAgain)
            m_lateWrites.look(m_connection.store(), registration, lease);
        ended.append(registration);
        if (!result)
            m_notLeft.append(registration);
    }
    if (!ended.isEmpty())
        Q_EMIT changed(ended);
    forget(ids);
    return ended;
}

Holdings::Ended Holdings::shutDown(std::chrono::milliseconds limit)
{
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
        m_lateWrites.lookNow().then(this, [end](const QList<QFuture<void>> &) { end(); });
    };
    connect(this, &Holdings::removed, waiting, look);
    QTimer::singleShot(0, waiting, look);
    QTimer::singleShot(limit, waiting, end);
    leave(allIds());
    return promise->future();
}

} // namespace EtcdRegistry
