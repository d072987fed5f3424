// SPDX-License-Identifier: MIT
#include "registry.h"

#include "connection.h"
#include "elsewhere.h"
#include "holdings.h"
#include "workers.h"

#include <QRandomGenerator>

#include <algorithm>

using namespace std::chrono_literals;

namespace EtcdRegistry {

class Registry::Private
{
public:
    Private(Registry *registry, const ConnectionString &connectionString)
        : q(registry)
        , connection(connectionString)
        , nodes(connection)
        , holdings(connection)
    {}

    ~Private()
    {
        // While everything that waits for an answer is still here: no context may go before what
        // it waits for.
        connection.transport().cancelAll();
        holdings.close();
        connection.close();
        decoders.cancelAll();
    }

    QFuture<Result<void>> leave(const QList<qint64> &ids);
    QFuture<Result<Snapshot>> withTtls(const Snapshot &snapshot);

    Registry *q;
    Connection connection;
    Nodes nodes;
    Holdings holdings;
    Workers decoders;
    QSet<QUrl> strangers; ///< that were told of
};

Registry::Registry(const ConnectionString &connection, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<Private>(this, connection))
{
    connect(&d->nodes, &Nodes::changed, this, &Registry::nodesChanged);
    connect(&d->holdings, &Holdings::changed, this, &Registry::registrationsChanged);
    connect(&d->holdings, &Holdings::removed, this, &Registry::registrationRemoved);
    connect(&d->holdings, &Holdings::leftAgain, this, &Registry::leftAgain);
    const Transport *transport = &d->connection.transport();
    connect(transport, &Transport::clusterReplaced, &d->holdings, &Holdings::beatNow);
    connect(transport, &Transport::clusterReplaced, this, &Registry::clusterReplaced);
    connect(transport, &Transport::failedOver, this,
            [this](const QUrl &endpoint, const Error &error) {
                if (error.code == Error::Code::OtherCluster && !d->strangers.contains(endpoint)) {
                    d->strangers.insert(endpoint);
                    Q_EMIT strangerFound(error);
                }
            });
}

Registry::~Registry() = default;

const ConnectionString &Registry::connection() const
{
    return d->connection.text();
}

QFuture<Result<Cluster>> Registry::open()
{
    return d->connection.open();
}

// ---- what we hold

QFuture<Result<Registration>> Registry::join(const Service &service)
{
    return d->holdings.join(service);
}

QFuture<Result<void>> Registry::change(qint64 registration, const QByteArray &document)
{
    return d->holdings.change(registration, document);
}

QFuture<Result<void>> Registry::Private::leave(const QList<qint64> &ids)
{
    return holdings.leave(ids).then(q, [](const QList<Registration> &ended) {
        const auto failed =
            std::ranges::find(ended, Registration::State::Failed, &Registration::state);
        return failed == ended.end() ? Result<void>() : Result<void>(*failed->lastError);
    });
}

QFuture<Result<void>> Registry::leave(qint64 registration)
{
    if (!d->holdings.isHeld(registration)) {
        return d->connection.transport().later(Result<void>(Holdings::notHeld()));
    }
    return d->leave({registration});
}

QFuture<Result<void>> Registry::leave(const QList<qint64> &registrations)
{
    return d->leave(registrations);
}

QFuture<Result<void>> Registry::leave(const QString &name)
{
    return d->leave(d->holdings.idsOf(name));
}

QFuture<Result<void>> Registry::leaveAll()
{
    return d->leave(d->holdings.allIds());
}

QFuture<QList<Registration>> Registry::shutDown(std::chrono::milliseconds limit)
{
    return d->holdings.shutDown(limit);
}

QFuture<Result<bool>> Registry::remove(const QString &key)
{
    if (const auto id = d->holdings.idOf(key)) {
        return leave(*id).then(this, [](const Result<void> &left) {
            return left ? Result<bool>(true) : Result<bool>(left.error());
        });
    }
    return d->connection.withStore<bool>([this, key] { return d->connection.store().remove(key); });
}

QFuture<Result<QString>> Registry::write(const Service &service)
{
    const Result<Layout::Record> record = Layout::encode(service);
    if (!record)
        return d->connection.transport().later(Result<QString>(record.error()));
    return d->connection.withStore<QString>([this, record = *record, ttl = service.ttl,
                                             whenThere = service.whenThere] {
        return d->connection.store()
            .grant(ttl)
            .then(this,
                  [this, record, whenThere](const Result<Lease> &lease) {
                      return lease
                                 ? d->connection.store().put(record.key, {.value = record.value},
                                                             *lease, whenThere)
                                 : d->connection.transport().later(Result<Written>(lease.error()));
                  })
            .unwrap()
            .then(this, [key = record.key](const Result<Written> &put) -> Result<QString> {
                if (!put)
                    return put.error();
                return put->refused ? Result<QString>(Error{.code = Error::Code::Taken})
                                    : Result<QString>(key);
            });
    });
}

void Registry::pause(qint64 id)
{
    d->holdings.pause(id);
}

void Registry::resume(qint64 id)
{
    d->holdings.resume(id);
}

QList<Registration> Registry::registrations() const
{
    return d->holdings.registrations();
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
                  if (listing && listing->noLeader)
                      Q_EMIT noLeader(*listing->noLeader);
                  return d->decoders.run(
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

QFuture<Result<Snapshot>> Registry::listWithTtls(const QString &name)
{
    return list(name)
        .then(this,
              [this](const Result<Snapshot> &snapshot) {
                  return snapshot && snapshot->api == Api::V3
                             ? d->withTtls(*snapshot)
                             : d->connection.transport().later(snapshot);
              })
        .unwrap();
}

QFuture<Result<Snapshot>> Registry::Private::withTtls(const Snapshot &snapshot)
{
    QList<qint64> leases;
    for (const Instance &instance : snapshot.instances)
        leases.append(instance.lease);
    std::ranges::sort(leases);
    leases.erase(std::unique(leases.begin(), leases.end()), leases.end());
    leases.removeOne(0);
    QList<QFuture<Result<LeaseTime>>> times;
    for (const qint64 lease : std::as_const(leases))
        times.append(connection.store().timeToLive(lease));
    return QtFuture::whenAll(times.begin(), times.end())
        .then(q, [snapshot, leases](const QList<QFuture<Result<LeaseTime>>> &done) {
            QHash<qint64, LeaseTime> known;
            for (qsizetype i = 0; i < leases.size(); ++i) {
                if (done[i].isCanceled()) // the client goes away; whenAll() tells even so
                    return Result<Snapshot>(snapshot);
                const Result<LeaseTime> time = done[i].result();
                if (time)
                    known.insert(leases[i], *time);
                else if (time.error().code != Error::Code::NotFound)
                    return Result<Snapshot>(time.error());
            }
            Snapshot timed = snapshot;
            timed.instances.removeIf([&](const Instance &instance) { // it has expired meanwhile
                return instance.lease != 0 && !known.contains(instance.lease);
            });
            for (Instance &instance : timed.instances) {
                if (instance.lease != 0) {
                    instance.ttl = known[instance.lease].granted;
                    instance.expires = known[instance.lease].observed + known[instance.lease].left;
                }
            }
            return Result<Snapshot>(timed);
        });
}

QFuture<Result<std::optional<Instance>>> Registry::lookup(const QString &name)
{
    return list(name).then(
        this, [name](const Result<Snapshot> &snapshot) -> Result<std::optional<Instance>> {
            if (!snapshot)
                return snapshot.error();
            QList<Instance> sound = snapshot->instances;
            sound.removeIf([](const Instance &instance) {
                return instance.problem == Instance::Problem::NotAnObject;
            });
            if (sound.isEmpty())
                return std::optional<Instance>();
            // Several names have the same slug: who has this very one goes before.
            if (std::ranges::find(sound, name, &Instance::service) != sound.end())
                sound.removeIf([&](const Instance &each) { return each.service != name; });
            const auto chosen = QRandomGenerator::global()->bounded(sound.size());
            return std::optional<Instance>(sound.at(chosen));
        });
}

QFuture<QStringList> Registry::elsewhere(const QString &name)
{
    return open()
        .then(this,
              [this, name](const Result<Cluster> &cluster) {
                  if (!cluster)
                      return d->connection.transport().later(QStringList());
                  return (new Elsewhere(connection(), cluster->api, name, this))->look();
              })
        .unwrap();
}

const QList<Node> &Registry::nodes() const
{
    return d->nodes.nodes();
}

QFuture<Result<QList<Node>>> Registry::members()
{
    return d->connection.withStore<QList<Node>>([this] {
        if (connection().user.isEmpty())
            return d->nodes.members().survey();
        // From 3.4.42 on a login is needed, and a store's operations log in.
        return d->connection.store()
            .check(Layout::prefix(connection().nameSpace), 0)
            .then(
                this,
                [this](const Result<Check> &check) {
                    // v2 says the same of a right that is missing, and tells its members anyway.
                    const bool isRefused = !check && check.error().code == Error::Code::LoginRefused
                                           && d->connection.cluster().api == Api::V3;
                    return isRefused
                               ? d->connection.transport().later(Result<QList<Node>>(check.error()))
                               : d->nodes.members().survey();
                })
            .unwrap();
    });
}

QFuture<Error> Registry::explained(const Error &error)
{
    return d->nodes.members().explained(error);
}

void Registry::setNodesInterval(std::chrono::milliseconds interval)
{
    d->nodes.setInterval(interval);
}

} // namespace EtcdRegistry
