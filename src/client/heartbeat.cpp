// SPDX-License-Identifier: MIT
#include "heartbeat.h"

#include "log.h"

#include <QPointer>

using namespace std::chrono_literals;

namespace EtcdRegistry {

// A write that was given up was seen to be carried out 20 s later.
constexpr auto uncertainFor = 30s;

/// As QtFuture::makeReadyFuture(), which Qt 6.8 warns of; what replaces it is not in 6.4.
static QFuture<Result<void>> ready(const Result<void> &result)
{
    QPromise<Result<void>> promise;
    promise.start();
    promise.addResult(result);
    promise.finish();
    return promise.future();
}

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
    if (m_granted)
        return ready({});
    QPromise<Result<void>> promise;
    promise.start();
    const QFuture<Result<void>> future = promise.future();
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
            const auto result = lease ? Result<void>() : lease.error();
            auto waiters = std::exchange(self->m_leaseWaiters, {});
            for (QPromise<Result<void>> &waiter : waiters) {
                waiter.addResult(result);
                waiter.finish();
            }
        });
    return future;
}

QFuture<Result<void>> Heartbeat::hold(const QString &key, const QByteArray &value)
{
    m_values.insert(key, value);
    return write(key);
}

bool Heartbeat::change(const QString &key, const QByteArray &value)
{
    m_values.insert(key, value);
    m_changed.insert(key);
    m_changedInBeat.insert(key);
    return !m_paused && m_writes[key].underWay == 0;
}

/// again: with another lease, where that one turns out to have gone.
QFuture<Result<void>> Heartbeat::write(const QString &key, bool again)
{
    return ensureLease()
        .then(&m_store,
              [this, key, again, self = QPointer(this)](const Result<void> &granted) {
                  // Nothing is sent for a key that was released meanwhile.
                  if (!granted || !self || !m_values.contains(key))
                      return ready(granted);
                  ++m_writes[key].underWay;
                  const QByteArray value = m_values.value(key);
                  return m_store.put(key, value, m_lease)
                      .then(&m_store,
                            [this, key, value, again, self, sent = Clock::now(),
                             lease = m_lease](const Result<Applied> &put) {
                                const auto result = put ? Result<void>() : put.error();
                                if (!self)
                                    return ready(result);
                                wrote(key, put, sent);
                                if (put && m_values.value(key) == value && m_granted
                                    && m_lease == lease)
                                    m_changed.remove(key);
                                const bool leaseGone =
                                    !put && put.error().code == Error::Code::NotFound;
                                if (!leaseGone || !again)
                                    return ready(result);
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
    const auto known = m_writes.find(key);
    if (known == m_writes.end())
        return;
    Writes &writes = known->second;
    --writes.underWay;
    if (put ? *put == Applied::MaybeAgain : put.error().retryable())
        writes.uncertainUntil = Clock::now() + uncertainFor;
}

void Heartbeat::release(const QString &key)
{
    m_values.remove(key);
    m_writes.erase(key);
    m_changed.remove(key);
}

bool Heartbeat::isUncertain(const QString &key) const
{
    const auto known = m_writes.find(key);
    return known != m_writes.end()
           && (known->second.underWay > 0 || known->second.uncertainUntil > Clock::now());
}

void Heartbeat::beat()
{
    if (m_beating || m_values.isEmpty())
        return;
    m_beating = true;
    // What has expired is put at once where it would be in any case: with a refresh first, 1,000
    // would take twice as long to be back after a lost majority.
    const bool isV2 = m_granted && m_lease.id == 0;
    if (isV2 && Clock::now() > expires() && m_whenTaken == Service::WhenTaken::Rejoin && !m_paused)
        return gone(keys(), Registration::Cause::Expired);
    m_changedInBeat = m_changed;
    m_store.keepAlive(m_lease, m_values,
                      [self = QPointer(this), sent = Clock::now()](const auto &renewal) {
                          if (self)
                              self->beaten(sent, renewal);
                      });
}

void Heartbeat::beaten(Clock::time_point sent, const Result<Renewal> &renewal)
{
    const bool expired = Clock::now() > expires();
    const bool isV2 = m_lease.id == 0;
    if (renewal) {
        if (!isV2 || renewal->lost.isEmpty())
            m_renewed = sent;
        QStringList taken = renewal->lost;
        taken.removeIf([this](const QString &key) { return m_changedInBeat.contains(key); });
        if (m_lease.term > 0 && renewal->term > m_lease.term && !m_paused) {
            m_granted = false;
            m_formerLease = m_lease;
            const QStringList all = keys();
            m_changed.unite(QSet(all.begin(), all.end()));
        }
        gone(taken, isV2 && expired ? Registration::Cause::Expired : Registration::Cause::KeyGone);
    } else if (renewal.error().code == Error::Code::NotFound) {
        m_granted = false;
        gone(keys(), expired ? Registration::Cause::Expired : Registration::Cause::LeaseGone);
    } else {
        end(renewal.error());
    }
}

void Heartbeat::gone(const QStringList &keys, Registration::Cause cause)
{
    if (!keys.isEmpty() && !m_paused) {
        const QPointer self(this);
        Q_EMIT keysGone(keys, cause);
        if (!self)
            return;
    }
    putAgain(keys);
}

void Heartbeat::putAgain(const QStringList &keys)
{
    QSet<QString> again = m_changed;
    again.removeIf([this](const QString &key) { return m_writes[key].underWay > 0; });
    again.unite(QSet(keys.begin(), keys.end()));
    QList<QFuture<Result<void>>> puts;
    for (const QString &key : std::as_const(again)) {
        if (m_values.contains(key) && !m_paused)
            puts.append(write(key));
    }
    if (puts.isEmpty())
        return end({});
    qCInfo(logRegistry) << "putting" << puts.size() << "keys again";
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
    // No write that comes late may bring a key back onto it.
    if (!error && m_formerLease && m_formerLease != m_lease && m_changed.isEmpty())
        m_store.revoke(*std::exchange(m_formerLease, {}));
    Q_EMIT ended(error, rejoined);
}

} // namespace EtcdRegistry
