// SPDX-License-Identifier: MIT
#pragma once

#include "watch.h"
#include "workers.h"

namespace EtcdRegistry {

class Transport;
struct HttpReply;

/// etcd's v2 keys API: off by default since 3.4, gone in 3.6. What the npm package uses.
class StoreV2 : public Store
{
    Q_OBJECT
public:
    explicit StoreV2(Transport &transport, QObject *parent = nullptr);

    Api api() const override { return Api::V2; }
    QFuture<Result<Listing>> list(const QString &prefix) override;
    QFuture<Result<Lease>> grant(std::chrono::milliseconds ttl) override;
    QFuture<Result<Written>> put(const QString &key, const Kept &own, const Lease &lease,
                                 WhenThere whenThere = WhenThere::Replace) override;
    void keepAlive(const Lease &lease, const QHash<QString, Kept> &keys, KeptAlive done) override;
    QFuture<Result<QStringList>> lost(const Lease &lease, const QStringList &keys) override;
    QFuture<Result<bool>> remove(const QString &key) override;
    QFuture<Result<bool>> removeOwn(const QString &key, const Kept &own,
                                    const Lease &lease) override;
    QFuture<Result<void>> revoke(const Lease &lease) override;
    QFuture<Result<LeaseTime>> timeToLive(qint64 lease) override;
    std::unique_ptr<Watch> watch(const QUrl &endpoint, const QString &prefix,
                                 qint64 revision) override;
    QFuture<Result<Check>> check(const QString &prefix, qint64 sinceRevision) override;
    QFuture<Result<void>> pulse(const QUrl &endpoint) override;
    QFuture<Result<void>> mayWrite(const QString &prefix) override;

    /// The answer to a recursive GET, without directories. Keys whose time is up are shown as long
    /// as etcd shows them: without a leader nothing expires. Any thread.
    static Result<Listing> decode(const HttpReply &reply);

    /// One line of a stream: the event, its revision in the entry; or the error that it is. Any
    /// thread.
    static Result<Event> decodeEvent(const QByteArray &line);

private:
    struct Put;
    struct Beat;

    QFuture<Result<std::optional<Entry>>> find(const QString &key,
                                               std::chrono::milliseconds within = {});
    QFuture<Result<Written>> sendPut(const std::shared_ptr<Put> &put);
    QFuture<Result<Written>> putOver(const std::shared_ptr<Put> &put);
    void sendBeat(const std::shared_ptr<Beat> &beat);
    void findAndBeat(const std::shared_ptr<Beat> &beat, std::chrono::milliseconds within);
    QFuture<Result<bool>> removeAt(const QString &key, qint64 revision);
    QFuture<Result<bool>> findAndRemove(const QString &key, const Kept &own);

    /// The same from a node that has a leader, where there is one.
    QFuture<Result<Listing>> led(const QString &prefix, const Listing &listing);

    Transport &m_transport;
    Workers m_decoders;
};

} // namespace EtcdRegistry
