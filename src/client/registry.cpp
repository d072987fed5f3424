// SPDX-License-Identifier: MIT
#include "registry.h"

#include "connection.h"
#include "heartbeat.h"
#include "log.h"
#include "offthread.h"

#include <QCoreApplication>
#include <QRandomGenerator>

#include <algorithm>
#include <map>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace EtcdRegistry {

class Registry::Private
{
public:
    struct Held
    {
        Registration registration;
        std::shared_ptr<Heartbeat>
            heartbeat; ///< shared by those on one lease; null until it is known
    };

    Private(Registry *registry, const ConnectionString &connectionString)
        : q(registry)
        , connection(connectionString)
        , nodes(connection.transport(), connectionString)
    {}

    ~Private()
    {
        // While everything that waits for an answer is still here: no context may go before what
        // it waits for. The threads of the store and our own post their results to us.
        connection.close();
        decoder.waitForDone();
        QCoreApplication::removePostedEvents(q, QEvent::MetaCall);
    }

    Held *find(qint64 id);
    std::shared_ptr<Heartbeat> heartbeatFor(const Service &service);
    std::shared_ptr<Heartbeat> newHeartbeat(const Service &service);
    template <typename Update>
    void updateHeldBy(const Heartbeat &heartbeat, Update update);
    void beatSucceeded(const Heartbeat &heartbeat, const QStringList &rejoined);
    void beatFailed(const Heartbeat &heartbeat, const Error &error);
    bool release(Heartbeat &heartbeat, const QString &key);
    void forget(qint64 id);
    QFuture<Result<void>> leave(const QList<qint64> &ids);

    Registry *q;
    Connection connection;
    Nodes nodes;
    std::map<qint64, Held> held;
    QHash<QString, qint64> idOfKey;
    std::weak_ptr<Heartbeat> shared; ///< v3: of the registrations with the connection's own TTL
    qint64 lastId = 0;
    QThreadPool decoder;
};

Registry::Registry(const ConnectionString &connection, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<Private>(this, connection))
{
    connect(&d->nodes, &Nodes::changed, this, &Registry::nodesChanged);
}

Registry::~Registry() = default;

const ConnectionString &Registry::connection() const
{
    return d->connection.text();
}

/// For whenAll(), which tells also of futures that were canceled and have no result.
static Error goneAway()
{
    return {.code = Error::Code::Timeout,
            .detail = Registry::tr("the connection was closed before")};
}

QFuture<Result<Cluster>> Registry::open()
{
    return d->connection.open();
}

// ---- what we hold

Registry::Private::Held *Registry::Private::find(qint64 id)
{
    const auto found = held.find(id);
    return found == held.end() ? nullptr : &found->second;
}

std::shared_ptr<Heartbeat> Registry::Private::newHeartbeat(const Service &service)
{
    const auto interval = std::min(service.heartbeat, service.ttl / 2);
    auto heartbeat =
        std::make_shared<Heartbeat>(connection.store(), service.ttl, interval, nullptr);
    const Heartbeat *beat = heartbeat.get();
    connect(beat, &Heartbeat::succeeded, q,
            [this, beat](const QStringList &rejoined) { beatSucceeded(*beat, rejoined); });
    connect(beat, &Heartbeat::failed, q,
            [this, beat](const Error &error) { beatFailed(*beat, error); });
    return heartbeat;
}

std::shared_ptr<Heartbeat> Registry::Private::heartbeatFor(const Service &service)
{
    const bool shares = connection.cluster().api == Api::V3 && !service.ownLease
                        && service.ttl == connection.text().ttl
                        && service.heartbeat == connection.text().heartbeat;
    if (!shares)
        return newHeartbeat(service);
    std::shared_ptr<Heartbeat> heartbeat = shared.lock();
    if (!heartbeat) {
        heartbeat = newHeartbeat(service);
        shared = heartbeat;
    }
    return heartbeat;
}

/// Tells the registrations on this heartbeat what has become of a beat.
template <typename Update>
void Registry::Private::updateHeldBy(const Heartbeat &heartbeat, Update update)
{
    const QStringList keys = heartbeat.keys();
    for (const QString &key : keys) {
        Held *one = find(idOfKey.value(key));
        if (!one || one->registration.state == Registration::State::Joining
            || one->registration.state == Registration::State::Paused) // since it was sent
            continue;
        ++one->registration.beatsSent;
        update(one->registration);
        Q_EMIT q->registrationChanged(one->registration);
    }
}

void Registry::Private::beatSucceeded(const Heartbeat &heartbeat, const QStringList &rejoined)
{
    updateHeldBy(heartbeat, [&](Registration &registration) {
        registration.state = Registration::State::Alive;
        registration.lastBeat = QDateTime::currentDateTime();
        registration.rejoins += rejoined.contains(registration.key);
        registration.lease = heartbeat.lease().id;
        registration.lastError.reset();
    });
}

void Registry::Private::beatFailed(const Heartbeat &heartbeat, const Error &error)
{
    qCInfo(logRegistry) << "heartbeat failed:" << error.endpoint << error.detail;
    const QDateTime now = QDateTime::currentDateTime();
    updateHeldBy(heartbeat, [&](Registration &registration) {
        const bool expired = registration.lastBeat + heartbeat.lease().ttl <= now;
        registration.state = expired ? Registration::State::Lost : Registration::State::Late;
        ++registration.beatsMissed;
        registration.lastError = error;
    });
}

/// True if it was the last one: then its lease has to be revoked, and nobody shares it any more.
bool Registry::Private::release(Heartbeat &heartbeat, const QString &key)
{
    heartbeat.release(key);
    const bool last = heartbeat.keys().isEmpty();
    if (last && shared.lock().get() == &heartbeat)
        shared.reset();
    return last;
}

void Registry::Private::forget(qint64 id)
{
    const Held *one = find(id);
    if (!one) // left twice
        return;
    idOfKey.remove(one->registration.key);
    held.erase(id);
    Q_EMIT q->registrationRemoved(id);
}

QFuture<Result<Registration>> Registry::join(const Service &service)
{
    const Result<Layout::Record> record = Layout::encode(service);
    if (!record)
        return d->connection.transport().later(Result<Registration>(record.error()));
    if (d->idOfKey.contains(record->key)) {
        return d->connection.transport().later(Result<Registration>(
            Error{.code = Error::Code::InvalidArgument,
                  .detail = tr("%1 is already joined here with this URL. Leave it first, or "
                               "choose another port.")
                                .arg(service.name)}));
    }

    const qint64 id = ++d->lastId;
    const Registration joining{
        .id = id, .service = service, .key = record->key, .document = record->value};
    d->held[id].registration = joining;
    d->idOfKey.insert(record->key, id);
    Q_EMIT registrationChanged(joining);

    return d->connection
        .withStore<void>([this, id, record = *record, service] {
            Private::Held *one = d->find(id);
            if (!one) // left meanwhile
                return d->connection.transport().later(Result<void>());
            one->heartbeat = d->heartbeatFor(service);
            return one->heartbeat->hold(record.key, record.value);
        })
        .then(this, [this, id, joining](const Result<void> &put) -> Result<Registration> {
            Private::Held *one = d->find(id);
            if (!one) {
                return Error{.code = Error::Code::InvalidArgument,
                             .detail =
                                 tr("%1 was left before it had joined.").arg(joining.service.name)};
            }
            if (!put) {
                if (one->heartbeat)
                    d->release(*one->heartbeat, joining.key);
                d->forget(id);
                return put.error();
            }
            Registration &registration = one->registration;
            registration.state = Registration::State::Alive;
            registration.joinedAt = registration.lastBeat = QDateTime::currentDateTime();
            registration.lease = one->heartbeat->lease().id;
            Q_EMIT registrationChanged(registration);
            return registration;
        });
}

QFuture<Result<void>> Registry::leave(qint64 id)
{
    Private::Held *one = d->find(id);
    if (!one) {
        return d->connection.transport().later(
            Result<void>(Error{.code = Error::Code::NotFound,
                               .detail = tr("This registration is not held here any more.")}));
    }
    one->registration.state = Registration::State::Leaving;
    Q_EMIT registrationChanged(one->registration);
    const QString key = one->registration.key;
    const std::shared_ptr<Heartbeat> heartbeat = one->heartbeat;
    if (!heartbeat) { // nothing was written yet
        d->forget(id);
        return d->connection.transport().later(Result<void>());
    }
    const bool last = d->release(*heartbeat, key);
    return d->connection.store()
        .remove(key)
        .then(this,
              [this, heartbeat, last](const Result<bool> &removed) {
                  const auto result = removed ? Result<void>() : Result<void>(removed.error());
                  if (!last)
                      return d->connection.transport().later(result);
                  // The lease would only idle to its end; should the delete have failed, it still
                  // takes the key with it.
                  return d->connection.store()
                      .revoke(heartbeat->lease())
                      .then(this, [result](const Result<void> &) { return result; });
              })
        .unwrap()
        .then(this, [this, id](const Result<void> &result) {
            d->forget(id);
            return result;
        });
}

QFuture<Result<void>> Registry::Private::leave(const QList<qint64> &ids)
{
    if (ids.isEmpty())
        return connection.transport().later(Result<void>());
    QList<QFuture<Result<void>>> leaving;
    for (const qint64 id : ids)
        leaving.append(q->leave(id));
    return QtFuture::whenAll(leaving.begin(), leaving.end())
        .then(q, [](const QList<QFuture<Result<void>>> &done) -> Result<void> {
            for (const auto &one : done) {
                if (one.isCanceled())
                    return goneAway();
                if (const Result<void> result = one.result(); !result)
                    return result.error();
            }
            return {};
        });
}

QFuture<Result<void>> Registry::leave(const QString &name)
{
    QList<qint64> ids;
    for (const auto &[id, one] : d->held) {
        if (one.registration.service.name == name)
            ids.append(id);
    }
    return d->leave(ids);
}

QFuture<Result<void>> Registry::leaveAll()
{
    QList<qint64> ids;
    for (const auto &[id, one] : d->held)
        ids.append(id);
    return d->leave(ids);
}

QFuture<Result<bool>> Registry::remove(const QString &key)
{
    if (const auto id = d->idOfKey.constFind(key); id != d->idOfKey.constEnd()) {
        return leave(*id).then(this, [](const Result<void> &left) {
            return left ? Result<bool>(true) : Result<bool>(left.error());
        });
    }
    return d->connection.withStore<bool>([this, key] { return d->connection.store().remove(key); });
}

void Registry::pause(qint64 id)
{
    using State = Registration::State;
    Private::Held *one = d->find(id);
    if (!one || !one->heartbeat || one->registration.state == State::Joining
        || one->registration.state == State::Leaving || one->registration.state == State::Paused)
        return;
    one->registration.state = State::Paused;
    Q_EMIT registrationChanged(one->registration);

    const std::shared_ptr<Heartbeat> before = one->heartbeat;
    if (before != d->shared.lock()) {
        before->pause();
        return;
    }
    // Off the lease that the others live on, onto one that nobody renews.
    const QString key = one->registration.key;
    const bool last = d->release(*before, key);
    one->heartbeat = d->newHeartbeat(one->registration.service);
    one->heartbeat->pause();
    one->heartbeat->hold(key, one->registration.document)
        .then(this, [this, id, before, last](const Result<void> &put) {
            Private::Held *moved = d->find(id);
            if (moved && !put)
                moved->registration.lastError = put.error();
            if (moved && put)
                moved->registration.lease = moved->heartbeat->lease().id;
            if (moved)
                Q_EMIT registrationChanged(moved->registration);
            if (put && last)
                d->connection.store().revoke(before->lease());
        });
}

void Registry::resume(qint64 id)
{
    Private::Held *one = d->find(id);
    if (!one || one->registration.state != Registration::State::Paused)
        return;
    one->registration.state = Registration::State::Late; // until the beat that this starts
    Q_EMIT registrationChanged(one->registration);
    one->heartbeat->resume();
}

QList<Registration> Registry::registrations() const
{
    QList<Registration> all;
    for (const auto &[id, one] : d->held)
        all.append(one.registration);
    return all;
}

// ---- what is registered

QFuture<Result<Snapshot>> Registry::list(const QString &name)
{
    return d->connection
        .withStore<Listing>([this, name] {
            return d->connection.store().list(Layout::prefix(d->connection.text().nameSpace, name));
        })
        .then(this,
              [this](const Result<Listing> &listing) {
                  return offThread(
                      d->decoder, this,
                      [listing, api = d->connection.cluster().api]() -> Result<Snapshot> {
                          if (!listing)
                              return listing.error();
                          return Snapshot{.instances = Layout::decodeAll(listing->entries, api,
                                                                         listing->observed),
                                          .api = api,
                                          .revision = listing->revision,
                                          .endpoint = listing->endpoint,
                                          .observed = listing->observed};
                      });
              })
        .unwrap();
}

QFuture<Result<std::optional<Instance>>> Registry::lookup(const QString &name)
{
    return list(name).then(
        this, [](const Result<Snapshot> &snapshot) -> Result<std::optional<Instance>> {
            if (!snapshot)
                return snapshot.error();
            QList<Instance> sound = snapshot->instances;
            sound.removeIf([](const Instance &instance) {
                return instance.problem == Instance::Problem::NotAnObject;
            });
            if (sound.isEmpty())
                return std::optional<Instance>();
            const auto chosen = QRandomGenerator::global()->bounded(sound.size());
            return std::optional<Instance>(sound.at(chosen));
        });
}

const QList<Node> &Registry::nodes() const
{
    return d->nodes.nodes();
}

void Registry::setNodesInterval(std::chrono::milliseconds interval)
{
    d->nodes.setInterval(interval);
}

} // namespace EtcdRegistry
