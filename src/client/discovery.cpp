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

/// Whoever tells them may tell anything: Qt would also open files.
static void appendIfNode(QList<QUrl> &urls, const QString &text)
{
    constexpr qsizetype longest = 300; // a name of a host has 253
    if (urls.size() == mostNodes || text.size() > longest)
        return;
    const QUrl url = QUrl(text, QUrl::StrictMode)
                         .adjusted(QUrl::RemoveUserInfo | QUrl::RemovePath | QUrl::RemoveQuery
                                   | QUrl::RemoveFragment);
    const bool isNode =
        !url.host().isEmpty() && (url.scheme() == "http"_L1 || url.scheme() == "https"_L1);
    if (isNode && !urls.contains(url))
        urls.append(url);
}

QList<QUrl> clientUrlsIn(const QJsonArray &members)
{
    QList<QUrl> clients;
    for (const QJsonValue &member : members) {
        const QJsonArray urls = member.toObject().value("clientURLs"_L1).toArray();
        for (const QJsonValue &url : urls)
            appendIfNode(clients, url.toString());
    }
    return clients;
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
            appendIfNode(peers, pair.section('='_L1, 1));
    }
    return peers;
}

static QFuture<Result<QList<QUrl>>> askPeers(Transport &transport, const QUrl &discovery,
                                             QList<QUrl> peers, QDeadlineTimer deadline)
{
    if (peers.isEmpty() || deadline.hasExpired()) {
        return transport.later(Result<QList<QUrl>>(
            Error{.code = Error::Code::Unreachable,
                  .endpoint = discovery.toString(QUrl::RemoveUserInfo),
                  .detail = QCoreApplication::translate(
                      "Discovery", "no member that is registered there answers")}));
    }
    return transport.ask(peers.takeFirst(), {.path = "/members"})
        .then(&transport,
              [&transport, discovery, peers, deadline](const Result<HttpReply> &reply) {
                  const QList<QUrl> clients =
                      reply ? clientUrlsIn(QJsonDocument::fromJson(reply->body).array())
                            : QList<QUrl>();
                  return clients.isEmpty() ? askPeers(transport, discovery, peers, deadline)
                                           : transport.later(Result<QList<QUrl>>(clients));
              })
        .unwrap();
}

QFuture<Result<QList<QUrl>>> discover(Transport &transport, const QUrl &discovery,
                                      QDeadlineTimer deadline)
{
    return transport.ask(discovery, {.path = pathOf(discovery)})
        .then(&transport,
              [&transport, discovery, deadline](const Result<HttpReply> &reply) {
                  if (!reply)
                      return transport.later(Result<QList<QUrl>>(reply.error()));
                  if (reply->status != 200)
                      return transport.later(Result<QList<QUrl>>(errorFromReply(*reply)));
                  return askPeers(transport, discovery, peersIn(reply->body), deadline);
              })
        .unwrap();
}

} // namespace EtcdRegistry
