// SPDX-License-Identifier: MIT
#include "discovery.h"

#include "etcderror.h"
#include "transport.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

using namespace Qt::StringLiterals;

namespace EtcdRegistry {

static QByteArray pathOf(const QUrl &url)
{
    return url.toEncoded(QUrl::RemoveScheme | QUrl::RemoveAuthority | QUrl::RemoveFragment);
}

/// Each member registered itself as "name=http://10.0.0.1:2380,name=http://10.0.0.1:7001".
static QList<QUrl> peersIn(const QByteArray &body)
{
    QList<QUrl> peers;
    const QJsonArray members = QJsonDocument::fromJson(body)
                                   .object()
                                   .value("node"_L1)
                                   .toObject()
                                   .value("nodes"_L1)
                                   .toArray();
    for (const QJsonValue &member : members) {
        const QStringList pairs = member.toObject().value("value"_L1).toString().split(','_L1);
        for (const QString &pair : pairs)
            peers.append(QUrl(pair.section('='_L1, 1)));
    }
    return peers;
}

static QList<QUrl> clientsIn(const QByteArray &body)
{
    QList<QUrl> clients;
    const QJsonArray members = QJsonDocument::fromJson(body).array();
    for (const QJsonValue &member : members) {
        const QJsonArray urls = member.toObject().value("clientURLs"_L1).toArray();
        for (const QJsonValue &url : urls)
            clients.append(QUrl(url.toString()));
    }
    return clients;
}

static QFuture<Result<QList<QUrl>>> askPeers(Transport &transport, const QUrl &discovery,
                                             QList<QUrl> peers)
{
    if (peers.isEmpty()) {
        return transport.later(Result<QList<QUrl>>(
            Error{.code = Error::Code::Unreachable,
                  .endpoint = discovery.toString(QUrl::RemoveUserInfo),
                  .detail = QCoreApplication::translate(
                      "Discovery", "no member that is registered there answers")}));
    }
    return transport.ask(peers.takeFirst(), {.path = "/members"})
        .then(&transport,
              [&transport, discovery, peers](const Result<HttpReply> &reply) {
                  const QList<QUrl> clients = reply ? clientsIn(reply->body) : QList<QUrl>();
                  return clients.isEmpty() ? askPeers(transport, discovery, peers)
                                           : transport.later(Result<QList<QUrl>>(clients));
              })
        .unwrap();
}

QFuture<Result<QList<QUrl>>> discover(Transport &transport, const QUrl &discovery)
{
    return transport.ask(discovery, {.path = pathOf(discovery)})
        .then(&transport,
              [&transport, discovery](const Result<HttpReply> &reply) {
                  if (!reply)
                      return transport.later(Result<QList<QUrl>>(reply.error()));
                  if (reply->status != 200)
                      return transport.later(Result<QList<QUrl>>(errorFromReply(*reply)));
                  return askPeers(transport, discovery, peersIn(reply->body));
              })
        .unwrap();
}

} // namespace EtcdRegistry
