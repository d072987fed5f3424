// SPDX-License-Identifier: MIT
#pragma once

#include "watch.h"
#include "workers.h"

#include <QPromise>

#include <memory>
#include <vector>

class QJsonObject;

namespace EtcdRegistry {

class Transport;
struct HttpReply;
struct HttpRequest;

/// etcd's v3 store through its JSON gateway (HTTP/1.1 on the client port). Logs in where the
/// connection has a user, and again when the token has expired.
class StoreV3 : public Store
{
    Q_OBJECT
public:
    /// path: "/v3", or "/v3beta" before 3.4.
    StoreV3(Transport &transport, const QByteArray &path, const QString &user,
            const QString &password, QObject *parent = nullptr);
    ~StoreV3() override;

    Api api() const override { return Api::V3; }
    QFuture<Result<Listing>> list(const QString &prefix) override;
    QFuture<Result<Lease>> grant(std::chrono::milliseconds ttl) override;
    /// Those that are asked for in one turn of the event loop travel together, and what is to be
    /// deleted with removeOwn() as well.
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

    /// One page of a range; `*more` where others follow. Any thread.
    static Result<Listing> decodePage(const HttpReply &reply, bool *more);

private:
    struct Pages;
    struct Write;
    using Writes = std::shared_ptr<std::vector<Write>>;

    HttpRequest requestOf(const QByteArray &method, const QJsonObject &body) const;
    HttpRequest readOf(const QByteArray &method, const QJsonObject &body) const;
    /// Logs in and sends it again where that is needed.
    QFuture<Result<HttpReply>> call(const HttpRequest &request);
    QFuture<Result<Written>> write(Write &&write);
    void sendWrites();
    void sendTogether(const Writes &writes, bool guarded);
    void writeFailed(const Writes &writes, const Error &error, bool guarded);
    void lookAndSend(const Writes &writes, bool uncertain);
    QFuture<Result<void>> logIn();
    QFuture<Result<Listing>> pagesOf(const QString &prefix, int begins);
    QFuture<Result<Listing>> nextPage(const std::shared_ptr<Pages> &pages);

    Transport &m_transport;
    QByteArray m_path;
    QString m_user;
    QString m_password;
    std::vector<QPromise<Result<void>>> m_loginWaiters;
    std::vector<Write> m_writes; ///< to be sent in the next turn
    bool m_mayNotRead = false;   ///< this user: writes are not guarded, keys not looked at
    Workers m_decoders;
};

} // namespace EtcdRegistry
