// SPDX-License-Identifier: MIT
#include "heartbeat.h"

#include "log.h"

#include <QPointer>

using namespace std::chrono_literals;

namespace EtcdRegistry {

// A write that was given up was seen to be carried out 20 s later.
constexpr auto uncertainFor = 30s;

/// As ready(), which Qt 6.8 warns of; what replaces it is not in 6.4.
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

QFuture<Result<void>> Heartbeat::hold(const QString &key, const Kept &own, WhenThere whenThere)
{
    m_keys.insert(key, own);
    m_changed.insert(key);
    return write(key, whenThere);
}

bool Heartbeat::change(const QString &key, const QByteArray &value)
{
    Kept &kept = m_keys[key];
    kept.former = std::exchange(kept.value, value);
    m_changed.insert(key);
    m_changedInBeat.insert(key);
    return !m_paused && m_writes[key].underWay == 0;
}

/// again: with another lease, where that one turns out to have gone.
QFuture<Result<void>> Heartbeat::write(const QString &key, WhenThere whenThere, bool again)
{
    return ensureLease()
        .then(&m_store,
              [=, this, self = QPointer(this)](const Result<void> &granted) {
                  // Nothing is sent for a key that was released meanwhile.
                  if (!granted || !self || !m_keys.contains(key))
                      return ready(granted);
                  ++m_writes[key].underWay;
                  const Kept sent = m_keys.value(key);
                  return m_store.put(key, sent, m_lease, whenThere)
                      .then(&m_store,
                            [=, this, since = Clock::now(),
                             lease = m_lease](const Result<Written> &put) {
                                if (!self) {
                                    return ready(put ? Result<void>() : put.error());
                                }
                                const Result<void> result = wrote(key, sent, lease, put, since);
                                const bool leaseGone =
                                    !put && put.error().code == Error::Code::NotFound;
                                if (!self || !leaseGone || !again)
                                    return ready(result);
                                m_granted &= m_lease != lease;
                                return write(key, whenThere, false);
                            })
                      .unwrap();
              })
        .unwrap();
}

static Error takenBy(const Entry &entry)
{
    return {.code = Error::Code::Taken, .detail = QString::fromUtf8(entry.value.left(1000))};
}

Result<void> Heartbeat::wrote(const QString &key, const Kept &sent, const Lease &lease,
                              const Result<Written> &put, Clock::time_point since)
{
    const auto result = !put           ? Result<void>(put.error())
                        : put->refused ? Result<void>(takenBy(*put->found))
                                       : Result<void>();
    const auto known = m_writes.find(key);
    if (known != m_writes.end()) {
        Writes &writes = known->second;
        --writes.underWay;
        if (put ? put->applied == Applied::MaybeAgain : put.error().retryable())
            writes.uncertainUntil = Clock::now() + uncertainFor;
    }
    if (result && m_lease.id == 0)
        m_renewed = std::max(m_renewed, since);
    const auto kept = m_keys.find(key);
    if (result && kept != m_keys.end()) {
        kept->revision = put->revision;
        m_missing.remove(key);
        if (kept->value == sent.value && m_granted && m_lease == lease) {
            kept->former.clear();
            m_changed.remove(key);
        }
    }
    if (put && put->found) // last, for whoever listens may end us
        Q_EMIT found(key, *put->found);
    return result;
}

void Heartbeat::release(const QString &key)
{
    m_keys.remove(key);
    m_writes.erase(key);
    m_changed.remove(key);
    m_missing.remove(key);
}

bool Heartbeat::isUncertain(const QString &key) const
{
    const auto known = m_writes.find(key);
    return known != m_writes.end()
           && (known->second.underWay > 0 || known->second.uncertainUntil > Clock::now());
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
    m_changedInBeat = m_changed;
    if (!hasLease())
        return putAgain({});
    m_store.keepAlive(m_lease, m_keys,
                      [self = QPointer(this), sent = Clock::now()](const auto &renewal) {
                          if (self)
                              self->beaten(sent, renewal);
                      });
}

void Heartbeat::beaten(Clock::time_point sent, const Result<Renewal> &renewal)
{
    using Cause = Registration::Cause;
    const bool expired = Clock::now() > expires();
    if (!renewal) {
        if (renewal.error().code != Error::Code::NotFound)
            return end(renewal.error());
        m_granted = false;
        return gone(keys(), expired ? Cause::Expired : Cause::LeaseGone);
    }
    const bool isOurChange = // which the beat found
        !renewal->lost.isEmpty() && m_changedInBeat.contains(renewal->lost.first());
    if (!renewal->lost.isEmpty() && !isOurChange) { // v2
        return gone(renewal->lost, renewal->directoryGone ? Cause::DirectoryGone
                                   : expired              ? Cause::Expired
                                                          : Cause::KeyGone);
    }
    if (!isOurChange)
        m_renewed = sent;
    if (renewal->revision > 0 && m_keys.size() == 1)
        m_keys.begin()->revision = renewal->revision;
    const QPointer self(this);
    Q_EMIT gotThrough();
    if (!self)
        return;
    if (m_lease.term > 0 && renewal->term > m_lease.term && !m_paused) {
        m_granted = false;
        m_formerLease = m_lease;
        const QStringList all = keys();
        m_changed.unite(QSet(all.begin(), all.end()));
    }
    if (m_lease.id == 0 || m_mayNotLook)
        return putAgain({});
    // The renewal says whether the lease lives, not whether somebody deleted a key.
    m_store.lost(m_lease, keys()).then(&m_store, [self](const Result<QStringList> &lost) {
        if (!self)
            return;
        QStringList taken = lost ? *lost : QStringList();
        taken.removeIf([&](const QString &key) { return self->m_changedInBeat.contains(key); });
        if (!lost) {
            qCInfo(logRegistry) << "no look at the keys:" << lost.error().detail;
            self->m_mayNotLook = lost.error().code == Error::Code::PermissionDenied;
        }
        self->gone(taken, Cause::KeyGone);
    });
}

void Heartbeat::gone(const QStringList &keys, Registration::Cause cause)
{
    QStringList news;
    for (const QString &key : keys) {
        const auto kept = m_keys.find(key);
        if (kept == m_keys.end())
            continue;
        kept->revision = 0;
        if (!m_paused && !m_missing.contains(key))
            news.append(key);
    }
    if (!news.isEmpty()) {
        m_missing.unite(QSet(news.begin(), news.end()));
        const QPointer self(this);
        Q_EMIT keysGone(news, cause);
        if (!self)
            return;
    }
    putAgain(keys);
}

void Heartbeat::putAgain(const QStringList &gone)
{
    QSet<QString> again = m_changed;
    again.removeIf([this](const QString &key) { return m_writes[key].underWay > 0; });
    again.unite(QSet(gone.begin(), gone.end()));
    again.unite(m_missing);
    QStringList keys;
    QList<QFuture<Result<void>>> puts;
    for (const QString &key : std::as_const(again)) {
        if (m_keys.contains(key) && !m_paused) {
            keys.append(key);
            puts.append(write(key));
        }
    }
    if (puts.isEmpty())
        return end({});
    qCInfo(logRegistry) << "putting" << puts.size() << "keys again";
    QtFuture::whenAll(puts.begin(), puts.end())
        .then(&m_store,
              [self = QPointer(this), keys, gone](const QList<QFuture<Result<void>>> &done) {
                  if (!self)
                      return;
                  std::optional<Error> error;
                  QStringList failed;
                  for (qsizetype i = 0; i < done.size(); ++i) {
                      if (done[i].isCanceled()) // the client goes away; whenAll() tells even so
                          return;
                      if (const Result<void> result = done[i].result(); !result) {
                          error = result.error();
                          failed.append(keys[i]);
                      }
                  }
                  QStringList back = gone;
                  back.removeIf([&](const QString &key) { return failed.contains(key); });
                  if (!back.isEmpty())
                      Q_EMIT self->rejoined(back);
                  if (self)
                      self->end(error, failed);
              });
}

void Heartbeat::end(const std::optional<Error> &error, const QStringList &keys)
{
    m_beating = false;
    m_ended = Clock::now();
    // No write that comes late may bring a key back onto it.
    if (!error && m_formerLease && m_formerLease != m_lease && m_changed.isEmpty())
        m_store.revoke(*std::exchange(m_formerLease, {}));
    Q_EMIT ended(error, keys);
}

} // namespace EtcdRegistry
