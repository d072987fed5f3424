// SPDX-License-Identifier: MIT
#include "heartbeat.h"

#include "log.h"

#include <QPointer>

using namespace std::chrono_literals;

namespace EtcdRegistry {

// A write that was given up was seen to be carried out 20 s later.
constexpr auto uncertainFor = 30s;

Heartbeat::Heartbeat(Store &store, std::chrono::milliseconds ttl,
                     std::chrono::milliseconds interval, Service::WhenTaken whenTaken,
                     QObject *parent)
    : QObject(parent)
    , m_store(store)
    , m_ttl(ttl)
    , m_interval(interval)
    , m_whenTaken(whenTaken)
{}

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
    m_store.grant(m_ttl).then(
        &m_store, [self = QPointer(this), sent = Clock::now()](const Result<Lease> &lease) {
            if (!self)
                return;
            if (lease) {
                self->m_granted = true;
                self->m_lease = *lease;
                self->m_renewed = sent;
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
    m_keys[key].value = value;
    return write(key);
}

/// again: with another lease, where that one turns out to have gone.
QFuture<Result<void>> Heartbeat::write(const QString &key, bool again)
{
    return ensureLease()
        .then(&m_store,
              [this, key, again, self = QPointer(this)](const Result<void> &granted) {
                  // Nothing is sent for a key that was released meanwhile.
                  if (!granted || !self || !m_keys.contains(key))
                      return QtFuture::makeReadyFuture(granted);
                  ++m_keys[key].writing;
                  return m_store.put(key, m_keys[key].value, m_lease)
                      .then(&m_store,
                            [this, key, again, self, sent = Clock::now(),
                             lease = m_lease](const Result<Applied> &put) {
                                const auto result = put ? Result<void>() : put.error();
                                if (!self)
                                    return QtFuture::makeReadyFuture(result);
                                wrote(key, put, sent);
                                const bool leaseGone =
                                    !put && put.error().code == Error::Code::NotFound;
                                if (!leaseGone || !again)
                                    return QtFuture::makeReadyFuture(result);
                                m_granted &= m_lease != lease;
                                return write(key, false);
                            })
                      .unwrap();
              })
        .unwrap();
}

void Heartbeat::wrote(const QString &key, const Result<Applied> &put, Clock::time_point sent)
{
    if (put && m_lease.id == 0)
        m_renewed = std::max(m_renewed, sent);
    const auto known = m_keys.find(key);
    if (known == m_keys.end())
        return;
    --known->writing;
    if (put ? *put == Applied::MaybeAgain : put.error().retryable())
        known->uncertainUntil = Clock::now() + uncertainFor;
}

void Heartbeat::release(const QString &key)
{
    m_keys.remove(key);
}

bool Heartbeat::isUncertain(const QString &key) const
{
    const auto known = m_keys.constFind(key);
    return known != m_keys.cend() && (known->writing > 0 || known->uncertainUntil > Clock::now());
}

void Heartbeat::beat()
{
    if (m_beating || m_keys.isEmpty())
        return;
    m_beating = true;
    // What has expired is put at once where it would be in any case: with a refresh first, 1,000
    // would take twice as long to be back after a lost majority.
    const bool isV2 = m_granted && m_lease.id == 0;
    if (isV2 && Clock::now() > expires() && m_whenTaken == Service::WhenTaken::Rejoin && !m_paused)
        return gone(keys(), Registration::Cause::Expired);
    QHash<QString, QByteArray> values;
    for (auto key = m_keys.cbegin(); key != m_keys.cend(); ++key)
        values.insert(key.key(), key->value);
    m_store.keepAlive(m_lease, values)
        .then(&m_store,
              [self = QPointer(this), sent = Clock::now()](const Result<QStringList> &lost) {
                  if (!self)
                      return;
                  const bool expired = Clock::now() > self->expires();
                  if (lost) {
                      if (self->m_lease.id != 0 || lost->isEmpty())
                          self->m_renewed = sent;
                      const bool isV2 = self->m_lease.id == 0;
                      self->gone(*lost, isV2 && expired ? Registration::Cause::Expired
                                                        : Registration::Cause::KeyGone);
                  } else if (lost.error().code == Error::Code::NotFound) {
                      self->m_granted = false;
                      self->gone(self->keys(), expired ? Registration::Cause::Expired
                                                       : Registration::Cause::LeaseGone);
                  } else {
                      self->end(lost.error());
                  }
              });
}

void Heartbeat::gone(const QStringList &keys, Registration::Cause cause)
{
    const QPointer self(this);
    if (!keys.isEmpty() && !m_paused)
        Q_EMIT keysGone(keys, cause);
    if (self)
        putAgain(keys);
}

void Heartbeat::putAgain(const QStringList &keys)
{
    QList<QFuture<Result<void>>> puts;
    for (const QString &key : keys) {
        if (m_keys.contains(key) && !m_paused)
            puts.append(write(key));
    }
    if (puts.isEmpty())
        return end({});
    qCInfo(logRegistry) << "putting" << puts.size() << "keys again that had gone";
    QtFuture::whenAll(puts.begin(), puts.end())
        .then(&m_store, [self = QPointer(this), keys](const QList<QFuture<Result<void>>> &done) {
            if (!self)
                return;
            for (const auto &put : done) {
                if (put.isCanceled()) // the client goes away; whenAll() tells even so
                    return;
                if (const Result<void> result = put.result(); !result)
                    return self->end(result.error());
            }
            self->end({}, keys);
        });
}

void Heartbeat::end(const std::optional<Error> &error, const QStringList &rejoined)
{
    m_beating = false;
    Q_EMIT ended(error, rejoined);
}

} // namespace EtcdRegistry
