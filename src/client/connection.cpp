// SPDX-License-Identifier: MIT
#include "connection.h"

#include "discovery.h"
#include "etcderror.h"
#include "storev2.h"
#include "storev3.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QVersionNumber>

using namespace Qt::StringLiterals;

namespace EtcdRegistry {

/// Of v2; the answer says of which cluster the node is, and needs no login.
static const HttpRequest askForMembers{.path = "/v2/members", .read = true};

Connection::Connection(const ConnectionString &text)
    : m_text(text)
    , m_transport(text)
{
    m_transport.setClassifier(&verdictOf);
}

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
    return servesV2(versionReply->endpoint)
        .then(this, [this, version](const Result<void> &served) -> Result<Cluster> {
            if (served)
                return use(Api::V2, version);
            if (served.error().code == Error::Code::NotServed
                && m_text.api != ConnectionString::Api::V2)
                return use(Api::V3, version);
            return served.error();
        });
}

/// Whether any node does: one alone may not, as while others are upgraded. NotServed where none of
/// those that answer does. Not by send(), for it is no fault of a node that it does not.
QFuture<Result<void>> Connection::servesV2(const QUrl &first)
{
    const auto ask = [this](const QUrl &endpoint) {
        return m_transport.ask(endpoint, askForMembers)
            .then(this, [](const Result<HttpReply> &reply) -> Result<void> {
                if (!reply)
                    return reply.error();
                const NodeVerdict verdict = verdictOf(askForMembers, *reply);
                return verdict.failure ? Result<void>(*verdict.failure) : Result<void>();
            });
    };
    return ask(first)
        .then(
            this,
            [=, this](const Result<void> &served) {
                QList<QUrl> others = m_transport.pool().order();
                others.removeOne(first);
                if (served || others.isEmpty())
                    return m_transport.later(served);
                QList<QFuture<Result<void>>> asked;
                for (const QUrl &endpoint : std::as_const(others))
                    asked.append(ask(endpoint));
                return QtFuture::whenAll(asked.begin(), asked.end())
                    .then(this, [served](const QList<QFuture<Result<void>>> &done) {
                        Result<void> best = served;
                        for (const QFuture<Result<void>> &each : done) {
                            if (each.isCanceled()) // the client goes away; whenAll() tells even so
                                break;
                            const Result<void> result = each.result();
                            if (result)
                                return result;
                            if (result.error().code == Error::Code::NotServed)
                                best = result;
                        }
                        return best;
                    });
            })
        .unwrap();
}

Cluster Connection::use(Api api, const QVersionNumber &version)
{
    m_cluster.api = api;
    if (api == Api::V2) {
        m_store = std::make_unique<StoreV2>(m_transport);
        m_transport.setIdentification(askForMembers);
    } else {
        m_transport.setAuthorization({}); // v3 has tokens instead
        const QByteArray path = version >= QVersionNumber(3, 4) ? "/v3" : "/v3beta";
        m_store = std::make_unique<StoreV3>(m_transport, path, m_text.user, m_text.password);
        m_transport.setIdentification(
            {.method = "POST", .path = path + "/cluster/member/list", .body = "{}", .read = true});
    }
    return m_cluster;
}

} // namespace EtcdRegistry
