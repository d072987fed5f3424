// SPDX-License-Identifier: MIT
#include "connection.h"

#include "discovery.h"
#include "storev2.h"
#include "storev3.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QVersionNumber>

using namespace Qt::StringLiterals;

namespace EtcdRegistry {

Connection::Connection(const ConnectionString &text)
    : m_text(text)
    , m_transport(text)
{}

QFuture<Result<Cluster>> Connection::open()
{
    if (m_store)
        return m_transport.later(Result<Cluster>(m_cluster));

    QPromise<Result<Cluster>> promise;
    promise.start();
    const QFuture<Result<Cluster>> future = promise.future();
    m_waiters.push_back(std::move(promise));
    if (m_waiters.size() > 1)
        return future;

    findNodes()
        .then(this,
              [this](const Result<void> &found) {
                  return found ? m_transport.send({.path = "/version", .read = true})
                               : m_transport.later(Result<HttpReply>(found.error()));
              })
        .unwrap()
        .then(this, [this](const Result<HttpReply> &reply) { return detectApi(reply); })
        .unwrap()
        .then(this, [this](const Result<Cluster> &cluster) {
            auto waiters = std::exchange(m_waiters, {});
            for (QPromise<Result<Cluster>> &waiter : waiters) {
                waiter.addResult(cluster);
                waiter.finish();
            }
        });
    return future;
}

void Connection::close()
{
    m_transport.cancelAll();
    m_waiters.clear();
    m_store.reset();
}

/// The nodes that a discovery service tells, if there is one. Only nodes get our login.
QFuture<Result<void>> Connection::findNodes()
{
    if (!m_transport.pool().order().isEmpty()) {
        if (!m_text.user.isEmpty() && m_text.api != ConnectionString::Api::V3) {
            const QString login = m_text.user + ':'_L1 + m_text.password;
            m_transport.setAuthorization("Basic " + login.toUtf8().toBase64());
        }
        return m_transport.later(Result<void>());
    }
    return discover(m_transport, m_text.discovery, QDeadlineTimer(m_text.deadline))
        .then(this,
              [this](const Result<QList<QUrl>> &nodes) {
                  if (!nodes)
                      return m_transport.later(Result<void>(nodes.error()));
                  m_transport.pool().setMembers(*nodes);
                  return findNodes();
              })
        .unwrap();
}

QFuture<Result<Cluster>> Connection::detectApi(const Result<HttpReply> &versionReply)
{
    if (!versionReply)
        return m_transport.later(Result<Cluster>(versionReply.error()));
    const QString text =
        QJsonDocument::fromJson(versionReply->body).object().value("etcdserver"_L1).toString();
    const QVersionNumber version = QVersionNumber::fromString(text);
    if (version.isNull()) {
        return m_transport.later(
            Result<Cluster>(Error{.code = Error::Code::Protocol,
                                  .httpStatus = versionReply->status,
                                  .endpoint = versionReply->endpoint.toString(),
                                  .detail = tr("it answers, but not as etcd does")}));
    }
    m_cluster.version = quotable(text, 40);
    if (m_text.api == ConnectionString::Api::V3) {
        return m_transport.later(Result<Cluster>(use(Api::V3, version)));
    }
    // Where v2 is off or gone every path below /v2 is a plain-text 404.
    return m_transport.send({.path = "/v2/members", .read = true})
        .then(this, [this, version](const Result<HttpReply> &reply) -> Result<Cluster> {
            if (!reply)
                return reply.error();
            if (reply->status != 404)
                return use(Api::V2, version);
            if (m_text.api == ConnectionString::Api::V2) {
                return Error{.code = Error::Code::NotServed,
                             .httpStatus = reply->status,
                             .endpoint = reply->endpoint.toString(),
                             .detail = u"v2"_s};
            }
            return use(Api::V3, version);
        });
}

Cluster Connection::use(Api api, const QVersionNumber &version)
{
    m_cluster.api = api;
    if (api == Api::V2) {
        m_store = std::make_unique<StoreV2>(m_transport);
    } else {
        m_transport.setAuthorization({}); // v3 has tokens instead
        const QByteArray path = version >= QVersionNumber(3, 4) ? "/v3" : "/v3beta";
        m_store = std::make_unique<StoreV3>(m_transport, path, m_text.user, m_text.password);
    }
    return m_cluster;
}

} // namespace EtcdRegistry
