// SPDX-License-Identifier: MIT
#pragma once

#include "cluster.h"
#include "connectionstring.h"
#include "layout.h"
#include "nodes.h"
#include "registration.h"
#include "snapshot.h"

#include <QFuture>
#include <QObject>
#include <QSet>

#include <memory>

namespace EtcdRegistry {

/// The registry client: what the npm package etcd-registry offers, and a live picture of the rest.
///
/// One-shot operations return a future that finishes from this thread's event loop, never inside
/// the call; consume it with exactly one `.then(context, ...)`. Each tries all nodes and ends
/// within the connection's deadline (5 s by default); but a listing, where a node is at work on it
/// or sends it, may take a minute or five. Whatever a node answers, it takes no more memory than a
/// listing of 256 MiB or of a million instances does, and no error quotes more than a few hundred
/// characters of it. Names are relative to nothing: a Service carries its whole namespace, while
/// list() and lookup() look below the connection's own.
///
/// Lives in the thread that made it. Destroying it stops all heartbeats at once and leaves
/// nothing: call leaveAll() first, or the registrations expire with their TTL. It cancels pending
/// futures, which skips their `.then()`. Their contexts must outlive it or them (Qt asserts that),
/// and a `.then()` that ends the registry does so by deleteLater().
class Registry : public QObject
{
    Q_OBJECT
public:
    explicit Registry(const ConnectionString &connection, QObject *parent = nullptr);
    ~Registry() override;

    const ConnectionString &connection() const;

    /// Finds out which API the cluster serves (api=auto: v2 where it does, else v3). Every other
    /// operation does that first by itself; once known it costs nothing.
    QFuture<Result<Cluster>> open();

    /// Registers a service and keeps it alive until it is left, come what may: a beat that fails is
    /// tried again for ever, and a key that has gone is put again (but see Service::whenTaken).
    QFuture<Result<Registration>> join(const Service &service);

    /// Writes another document, of the same name and URL, of a registration that we hold. What
    /// cannot be written now, for an error or because it is paused, a later beat writes.
    QFuture<Result<void>> change(qint64 registration, const QByteArray &document);

    /// Stops the heartbeat and deletes the key of a registration that we hold. Whether or not the
    /// delete succeeds, it is no longer held; on an error it expires with its TTL. Where a write
    /// of ours may still be carried out later, the key is looked at for another 30 s.
    QFuture<Result<void>> leave(qint64 registration);
    /// Those of them that we hold; the first error, if any.
    QFuture<Result<void>> leave(const QList<qint64> &registrations);
    /// All that we hold of this name (in any namespace), or all at all; the first error, if any.
    QFuture<Result<void>> leave(const QString &name);
    QFuture<Result<void>> leaveAll();

    /// For the end of the program: no further beat is sent, and all is left, at once. It ends when
    /// that is done or the limit is over, with those that could not be left: they expire.
    static constexpr std::chrono::seconds shutDownLimit{3};
    QFuture<QList<Registration>> shutDown(std::chrono::milliseconds limit = shutDownLimit);

    /// Deletes somebody's instance (its owner, if alive, will put it back). One of ours is left.
    /// False: it was not there.
    QFuture<Result<bool>> remove(const QString &key);

    /// Writes the service once and does not hold it: it expires with its TTL. The key.
    QFuture<Result<QString>> write(const Service &service);

    /// Stops or restarts the heartbeat of a registration that we hold.
    void pause(qint64 registration);
    void resume(qint64 registration);

    /// Every instance below the connection's namespace, or those of one name; sorted.
    QFuture<Result<Snapshot>> list(const QString &name = {});
    /// The same, and with the TTLs of its leases, which v3 listings leave out and which take a
    /// request each.
    QFuture<Result<Snapshot>> listWithTtls(const QString &name = {});
    /// One instance of this name, uniformly at random, or none. Broken ones don't count.
    QFuture<Result<std::optional<Instance>>> lookup(const QString &name);

    /// Where else something of this name is registered, for who has found nothing: in the other
    /// store, or in v3 below a slash. Whole sentences; one look each.
    QFuture<QStringList> elsewhere(const QString &name = {});

    QList<Registration> registrations() const; ///< in the order of joining
    const QList<Node> &nodes() const;
    /// Asks once how each is: all members of the cluster, and the hosts of the connection that are
    /// none. An error where nobody tells who is a member.
    QFuture<Result<QList<Node>>> members();
    /// The error, or a better one that tells what is at the address in place of etcd's client port.
    QFuture<Error> explained(const Error &error);
    /// Asks the nodes now and at this interval; zero (the default) stops it.
    void setNodesInterval(std::chrono::milliseconds interval);

Q_SIGNALS:
    /// New or changed ones, those that have just been left or failed among them.
    void registrationsChanged(const QList<EtcdRegistry::Registration> &registrations);
    void registrationRemoved(qint64 registration); ///< after it was left or failed
    /// A write of ours that was given up was carried out after we had left, and deleted again.
    void leftAgain(const EtcdRegistry::Registration &registration);
    void nodesChanged();
    /// The nodes answer as another cluster, and none as the former one: it was rebuilt. All that is
    /// held is put there at once.
    void clusterReplaced();
    /// A node belongs to another cluster, and is not used; once for each.
    void strangerFound(const EtcdRegistry::Error &error);
    /// What is being listed is what one node has: no node that answers has a leader.
    void noLeader(const EtcdRegistry::Error &error);

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace EtcdRegistry
