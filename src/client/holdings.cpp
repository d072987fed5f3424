// SPDX-License-Identifier: MIT
#include "holdings.h"

#include "log.h"

#include <algorithm>

using namespace std::chrono_literals;

namespace EtcdRegistry {

constexpr int joinsAtOnce = 500;
constexpr auto reviewInterval = 500ms;
constexpr auto slept = 3s; ///< a review that is so late tells that the machine was asleep

Holdings::Holdings(Connection &connection, QObject *parent)
    : QObject(parent)
    , m_connection(connection)
{
    connect(&m_lateWrites, &LateWrites::leftAgain, this, &Holdings::leftAgain);
    connect(&m_reviewTimer, &QTimer::timeout, this, &Holdings::review);
}

void Holdings::close()
{
    m_joins.clear();
    m_held.clear();
}

Holdings::Held *Holdings::find(qint64 id)
{
    const auto found = m_held.find(id);
    return found == m_held.end() ? nullptr : &found->second;
}

Error Holdings::notHeld()
{
    return {.code = Error::Code::NotFound,
            .detail = tr("This registration is not held here any more.")};
}

QList<Registration> Holdings::registrations() const
{
    QList<Registration> all;
    for (const auto &[id, one] : m_held)
        all.append(one.registration);
    return all;
}

std::optional<qint64> Holdings::idOf(const QString &key) const
{
    const auto known = m_idOfKey.constFind(key);
    return known == m_idOfKey.cend() ? std::nullopt : std::optional(*known);
}

QList<qint64> Holdings::idsOf(const QString &name) const
{
    QList<qint64> ids;
    for (const auto &[id, one] : m_held) {
        if (one.registration.service.name == name)
            ids.append(id);
    }
    return ids;
}

QList<qint64> Holdings::allIds() const
{
    QList<qint64> ids;
    for (const auto &[id, one] : m_held)
        ids.append(id);
    return ids;
}

/// False where that does not concern one in its state.
bool Holdings::happen(Registration &registration, Happening what, Cause cause)
{
    const std::optional<State> next = stateAfter(registration.state, what);
    if (!next)
        return false;
    if (*next != registration.state) {
        qCDebug(logRegistry) << registration.key << "from" << int(registration.state) << "to"
                             << int(*next) << causeText(registration);
    }
    registration.state = *next;
    registration.cause = cause;
    return true;
}

// ---- heartbeats

std::shared_ptr<Heartbeat> Holdings::newHeartbeat(const Service &service)
{
    constexpr std::chrono::milliseconds shortest = 10ms;
    const auto most = service.ttl / 2;
    const auto interval = service.heartbeat > 0ms ? std::min(service.heartbeat, most) : most;
    auto heartbeat = std::make_shared<Heartbeat>(m_connection.store(), service.ttl,
                                                 std::max(interval, shortest), service.whenTaken);
    const Heartbeat *beat = heartbeat.get();
    connect(beat, &Heartbeat::gotThrough, this, [this, beat] {
        QStringList there = beat->keys();
        there.removeIf([beat](const QString &key) { return beat->isMissing(key); });
        beaten(*beat, there, Happening::Beaten);
    });
    connect(beat, &Heartbeat::keysGone, this, &Holdings::keysGone);
    connect(beat, &Heartbeat::found, this, &Holdings::found);
    connect(beat, &Heartbeat::rejoined, this,
            [this, beat](const QStringList &keys) { beaten(*beat, keys, Happening::Written); });
    connect(beat, &Heartbeat::ended, this,
            [this, beat](const std::optional<Error> &error, const QStringList &keys) {
                if (error)
                    beaten(*beat, keys.isEmpty() ? beat->keys() : keys, Happening::BeatFailed,
                           error);
            });
    return heartbeat;
}

std::shared_ptr<Heartbeat> Holdings::heartbeatFor(const Service &service)
{
    const bool shares = m_connection.cluster().api == Api::V3 && !service.ownLease
                        && service.ttl == m_connection.text().ttl
                        && service.heartbeat == m_connection.text().heartbeat;
    if (!shares)
        return newHeartbeat(service);
    std::shared_ptr<Heartbeat> heartbeat = m_shared.lock();
    if (!heartbeat) {
        heartbeat = newHeartbeat(service);
        m_shared = heartbeat;
    }
    return heartbeat;
}

void Holdings::beaten(const Heartbeat &heartbeat, const QStringList &keys, Happening what,
                      const std::optional<Error> &error)
{
    if (error)
        qCInfo(logRegistry) << "heartbeat failed:" << error->endpoint << error->detail;
    const QDateTime now = QDateTime::currentDateTimeUtc();
    const bool isToldAnyway = !m_beaten.isEmpty();
    for (const QString &key : keys) {
        Held *one = find(key);
        if (!one)
            continue;
        Registration &registration = one->registration;
        if (registration.state == State::Joining) // since it was sent
            continue;
        if (!happen(registration, what, error ? Cause::BeatFailed : Cause::Beat))
            continue;
        ++registration.beatsSent;
        registration.beatsMissed += bool(error);
        registration.rejoins += what == Happening::Written;
        registration.lastError = error;
        if (!error) {
            registration.lastBeat = now;
            registration.lease = heartbeat.lease().id;
        }
        m_beaten.append(registration.id);
    }
    if (!isToldAnyway && !m_beaten.isEmpty())
        QMetaObject::invokeMethod(this, &Holdings::tellBeaten, Qt::QueuedConnection);
}

/// All that were beaten in one turn of the event loop, for it may be many in each.
void Holdings::tellBeaten()
{
    QList<Registration> news;
    news.reserve(m_beaten.size());
    for (const qint64 id : std::exchange(m_beaten, {})) {
        if (const Held *one = find(id))
            news.append(one->registration);
    }
    if (!news.isEmpty())
        Q_EMIT changed(news);
}

/// Somebody else's, in the way of a write of ours. Who comes back with the same is another owner.
void Holdings::found(const QString &key, const Entry &entry)
{
    Held *one = find(key);
    if (!one)
        return;
    Registration &registration = one->registration;
    registration.contested |= registration.found && registration.found->document == entry.value;
    registration.found = std::make_shared<const Instance>(
        Layout::decode(entry, m_connection.cluster().api, Instance::Clock::now()));
    Q_EMIT changed({registration});
}

void Holdings::keysGone(const QStringList &keys, Cause cause)
{
    QList<Registration> news;
    QList<qint64> letGo;
    for (const QString &key : keys) {
        Held *one = find(key);
        if (!one)
            continue;
        const bool lets = one->registration.service.whenTaken == Service::WhenTaken::LetGo
                          && cause != Cause::Expired;
        if (!happen(one->registration, lets ? Happening::LetGo : Happening::KeyGone, cause))
            continue;
        news.append(one->registration);
        if (lets)
            letGo.append(one->registration.id);
    }
    if (!news.isEmpty())
        Q_EMIT changed(news);
    for (const qint64 id : letGo)
        release(*find(id));
    forget(letGo);
}

/// What no beat tells: that there was none.
void Holdings::review()
{
    const auto now = Heartbeat::Clock::now();
    if (now - std::exchange(m_reviewed, now) > slept)
        m_heartbeats.look();
    QList<Registration> news;
    for (auto &[id, one] : m_held) {
        if (!one.heartbeat)
            continue;
        Registration &registration = one.registration;
        const State before = registration.state;
        const Heartbeat &heartbeat = *one.heartbeat;
        const auto grace = std::max<std::chrono::milliseconds>(500ms, heartbeat.interval() / 4);
        const std::optional<Error> &trouble = m_heartbeats.trouble();
        if (now > heartbeat.expires()) {
            if (before != State::Lost)
                happen(registration, Happening::TtlOver, Cause::Expired);
        } else if (now > std::max(heartbeat.renewed(), heartbeat.lastEnded()) + heartbeat.interval()
                             + grace
                   && !heartbeat.isBeating() && (trouble || !m_heartbeats.isFull())) {
            if (trouble && before == State::Alive) { // those of others fail: its turn has not come
                registration.lastError = trouble;
                happen(registration, Happening::BeatFailed, Cause::BeatFailed);
            } else {
                happen(registration, Happening::Overdue, Cause::Overdue);
            }
        }
        if (registration.state != before)
            news.append(registration);
    }
    if (!news.isEmpty())
        Q_EMIT changed(news);
}

void Holdings::beatNow()
{
    m_heartbeats.beatAllNow();
}

// ---- joining

QFuture<Result<Registration>> Holdings::join(const Service &service)
{
    const auto refuse = [this](const Error &error) {
        return m_connection.transport().later(Result<Registration>(error));
    };
    const Result<Layout::Record> record = Layout::encode(service);
    if (!record)
        return refuse(record.error());
    if (service.ttl <= 0ms) {
        return refuse({.code = Error::Code::InvalidArgument,
                       .detail = tr("%1 needs a TTL of a second at least.").arg(service.name)});
    }
    if (m_idOfKey.contains(record->key)) {
        return refuse({.code = Error::Code::InvalidArgument,
                       .detail = tr("%1 is already joined here with this URL. Leave it first, or "
                                    "choose another port.")
                                     .arg(service.name)});
    }

    const qint64 id = ++m_lastId;
    const Registration joining{
        .id = id, .service = service, .key = record->key, .document = record->value};
    m_held[id].registration = joining;
    m_idOfKey.insert(record->key, id);
    m_lateWrites.forget(record->key);
    if (!m_reviewTimer.isActive()) {
        m_reviewed = Heartbeat::Clock::now();
        m_reviewTimer.start(reviewInterval);
    }
    Q_EMIT changed({joining});

    Join next{.id = id, .promise = {}};
    next.promise.start();
    const auto future = next.promise.future();
    m_joins.push_back(std::move(next));
    joinNext();
    return future;
}

/// A few hundred at a time: what it takes to join is several times what it takes to hold.
void Holdings::joinNext()
{
    while (m_joining < joinsAtOnce && !m_joins.empty()) {
        ++m_joining;
        auto next = std::make_shared<Join>(std::move(m_joins.front()));
        m_joins.pop_front();
        m_connection
            .withStore<void>([this, id = next->id] {
                Held *one = find(id);
                if (!one) // left meanwhile
                    return m_connection.transport().later(Result<void>());
                const Registration &registration = one->registration;
                one->heartbeat = heartbeatFor(registration.service);
                return one->heartbeat->hold(registration.key, {.value = registration.document},
                                            registration.service.whenThere);
            })
            .then(this, [this, next](const Result<void> &put) {
                --m_joining;
                next->promise.addResult(joined(next->id, put));
                next->promise.finish();
                joinNext();
            });
    }
}

Result<Registration> Holdings::joined(qint64 id, const Result<void> &put)
{
    Held *one = find(id);
    if (!one || one->registration.state != State::Joining) {
        return Error{.code = Error::Code::InvalidArgument,
                     .detail = tr("It was left before it had joined.")};
    }
    Registration &registration = one->registration;
    if (!put) {
        registration.lastError = put.error();
        happen(registration, Happening::Refused, Cause::Refused);
        if (one->heartbeat) {
            if (one->heartbeat->hasLease() && one->heartbeat->isUncertain(registration.key))
                m_lateWrites.look(m_connection.store(), registration, one->heartbeat->lease());
            release(*one);
        }
        Q_EMIT changed({registration});
        forget({id});
        return put.error();
    }
    happen(registration, Happening::Written, Cause::Beat);
    registration.joinedAt = registration.lastBeat = QDateTime::currentDateTimeUtc();
    registration.lease = one->heartbeat->lease().id;
    m_heartbeats.add(*one->heartbeat);
    const Registration now = registration;
    Q_EMIT changed({now});
    return now;
}

// ---- changing

QFuture<Result<void>> Holdings::change(qint64 id, const QByteArray &document)
{
    const auto later = [this](const Result<void> &result) {
        return m_connection.transport().later(result);
    };
    Held *one = find(id);
    if (!one || one->registration.state == State::Leaving)
        return later(notHeld());
    Registration &registration = one->registration;
    Service service = registration.service;
    service.document = document;
    const Result<Layout::Record> record = Layout::encode(service);
    if (!record)
        return later(record.error());
    if (record->key != registration.key) {
        return later(
            Error{.code = Error::Code::InvalidArgument,
                  .detail = tr("The URL of %1 would change, and with it its key. Leave it, "
                               "and join another one.")
                                .arg(service.name)});
    }
    registration.service = service;
    registration.document = record->value;
    const std::shared_ptr<Heartbeat> heartbeat = one->heartbeat;
    const bool now = heartbeat && heartbeat->change(record->key, record->value);
    Q_EMIT changed({registration});
    return now ? heartbeat->hold(record->key, heartbeat->kept(record->key)) : later(Result<void>());
}

// ---- the end of being held

/// From its heartbeat, which is not shared with others any more if it was the last one.
void Holdings::release(Held &one)
{
    Heartbeat &heartbeat = *one.heartbeat;
    heartbeat.release(one.registration.key);
    if (!heartbeat.isEmpty())
        return;
    m_heartbeats.remove(heartbeat);
    if (m_shared.lock().get() == &heartbeat)
        m_shared.reset();
}

void Holdings::forget(const QList<qint64> &ids)
{
    for (const qint64 id : ids) {
        const Held *one = find(id);
        if (!one)
            continue;
        m_idOfKey.remove(one->registration.key);
        m_held.erase(id);
        Q_EMIT removed(id);
    }
    if (m_held.empty())
        m_reviewTimer.stop();
}

// ---- pausing

void Holdings::pause(qint64 id)
{
    Held *one = find(id);
    if (!one || !happen(one->registration, Happening::Pause, Cause::Asked))
        return;
    const std::shared_ptr<Heartbeat> before = one->heartbeat;
    if (before != m_shared.lock()) {
        before->setPaused(true);
        m_heartbeats.remove(*before);
        Q_EMIT changed({one->registration});
        return;
    }
    // Off the lease that the others live on, onto one that nobody renews.
    const Kept kept = before->kept(one->registration.key);
    release(*one);
    one->former = before;
    one->heartbeat = newHeartbeat(one->registration.service);
    one->heartbeat->setPaused(true);
    Q_EMIT changed({one->registration});
    moveAway(id, one->heartbeat->hold(one->registration.key, kept));
}

/// Tried again until it is there: on the other lease it would live as long as the others.
void Holdings::moveAway(qint64 id, QFuture<Result<void>> put)
{
    put.then(this, [this, id, heartbeat = find(id)->heartbeat](const Result<void> &moved) {
        Held *one = find(id);
        if (!one || one->heartbeat != heartbeat || !one->former)
            return;
        Registration &registration = one->registration;
        if (moved) {
            registration.lease = heartbeat->lease().id;
            const std::shared_ptr<Heartbeat> former = std::exchange(one->former, {});
            if (former->isEmpty())
                m_connection.store().revoke(former->lease());
        } else {
            registration.lastError = moved.error();
            QTimer::singleShot(1s, this, [this, id, heartbeat] {
                const Held *waiting = find(id);
                if (waiting && waiting->heartbeat == heartbeat && waiting->former
                    && waiting->registration.state == State::Paused)
                    moveAway(id, heartbeat->hold(waiting->registration.key,
                                                 heartbeat->kept(waiting->registration.key)));
            });
        }
        Q_EMIT changed({registration});
    });
}

void Holdings::resume(qint64 id)
{
    Held *one = find(id);
    if (!one || !happen(one->registration, Happening::Resume, Cause::Asked))
        return;
    one->heartbeat->setPaused(false);
    Q_EMIT changed({one->registration});
    m_heartbeats.add(*one->heartbeat);
    m_heartbeats.beatNow(*one->heartbeat);
}

} // namespace EtcdRegistry
