// SPDX-License-Identifier: MIT
#include "heartbeat.h"

#include "log.h"

#include <QPointer>
#include <QPromise>

using namespace std::chrono_literals;

namespace EtcdRegistry {

// A failed beat has already asked every node for as long as the deadline allows.
constexpr auto pauseAfterFailure = 250ms;

Heartbeat::Heartbeat(Store &store, std::chrono::milliseconds ttl,
                     std::chrono::milliseconds interval, QObject *parent)
    : QObject(parent)
    , m_store(store)
    , m_ttl(ttl)
    , m_interval(interval)
{
    m_timer.setSingleShot(true);
    m_timer.setTimerType(Qt::PreciseTimer);
    connect(&m_timer, &QTimer::timeout, this, &Heartbeat::beat);
}

QFuture<Result<void>> Heartbeat::ensureLease()
{
    QPromise<Result<void>> promise;
    promise.start();
    const QFuture<Result<void>> future = promise.future();
    if (m_granted) {
        promise.addResult(Result<void>());
        promise.finish();
        return future;
    }
    m_leaseWaiters.push_back(std::move(promise));
    if (m_leaseWaiters.size() > 1)
        return future;
    m_store.grant(m_ttl).then(&m_store, [self = QPointer(this)](const Result<Lease> &lease) {
        if (!self)
            return;
        if (lease) {
            self->m_granted = true;
            self->m_lease = *lease;
        }
        auto waiters = std::exchange(self->m_leaseWaiters, {});
        for (QPromise<Result<void>> &waiter : waiters) {
            waiter.addResult(lease ? Result<void>() : lease.error());
            waiter.finish();
        }
    });
    return future;
}

QFuture<Result<void>> Heartbeat::hold(const QString &key, const QByteArray &value)
{
    m_values.insert(key, value);
    return ensureLease()
        .then(&m_store,
              [=, self = QPointer(this)](const Result<void> &granted) {
                  // Nothing is sent for a key that was released meanwhile.
                  if (!granted || !self || !self->m_values.contains(key))
                      return QtFuture::makeReadyFuture(granted);
                  return self->m_store.put(key, value, self->m_lease);
              })
        .unwrap()
        .then(&m_store, [self = QPointer(this)](const Result<void> &put) {
            if (put && self && !self->m_timer.isActive() && !self->m_paused && !self->m_beating)
                self->m_timer.start(self->m_interval);
            return put;
        });
}

void Heartbeat::release(const QString &key)
{
    m_values.remove(key);
    if (m_values.isEmpty())
        m_timer.stop();
}

void Heartbeat::pause()
{
    m_paused = true;
    m_timer.stop();
}

void Heartbeat::resume()
{
    m_paused = false;
    m_timer.start(0ms);
}

void Heartbeat::beat()
{
    if (m_beating || m_values.isEmpty())
        return;
    m_beating = true;
    m_beatStarted = Instance::Clock::now();
    m_store.keepAlive(m_lease, keys())
        .then(&m_store, [self = QPointer(this)](const Result<QStringList> &lost) {
            if (!self)
                return;
            if (!lost && lost.error().code == Error::Code::NotFound) {
                self->m_granted = false;
                self->putAgain(self->keys());
            } else if (!lost) {
                self->missed(lost.error());
            } else {
                self->putAgain(*lost);
            }
        });
}

void Heartbeat::putAgain(const QStringList &lost)
{
    QList<QFuture<Result<void>>> puts;
    for (const QString &key : lost) {
        if (const auto value = m_values.constFind(key); value != m_values.constEnd() && !m_paused)
            puts.append(hold(key, *value));
    }
    if (puts.isEmpty()) {
        beaten({});
        return;
    }
    qCInfo(logRegistry) << "putting" << puts.size() << "keys again that had gone";
    QtFuture::whenAll(puts.begin(), puts.end())
        .then(&m_store, [self = QPointer(this), lost](const QList<QFuture<Result<void>>> &done) {
            if (!self)
                return;
            for (const auto &put : done) {
                if (put.isCanceled()) // the client goes away; whenAll() tells even so
                    return;
                if (const Result<void> result = put.result(); !result) {
                    self->missed(result.error());
                    return;
                }
            }
            self->beaten(lost);
        });
}

void Heartbeat::beaten(const QStringList &rejoined)
{
    m_beating = false;
    if (!m_paused && !m_values.isEmpty()) {
        const auto next = m_beatStarted + m_interval - Instance::Clock::now();
        m_timer.start(std::max(std::chrono::ceil<std::chrono::milliseconds>(next), 0ms));
    }
    Q_EMIT succeeded(rejoined);
}

void Heartbeat::missed(const Error &error)
{
    m_beating = false;
    if (!m_paused && !m_values.isEmpty())
        m_timer.start(pauseAfterFailure);
    Q_EMIT failed(error);
}

} // namespace EtcdRegistry
