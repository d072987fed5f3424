// SPDX-License-Identifier: MIT
#include "members.h"

#include "discovery.h"
#include "etcderror.h"
#include "transport.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QPromise>

#include <algorithm>
#include <tuple>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace EtcdRegistry {

static QJsonObject objectOf(const Result<HttpReply> &reply)
{
    return reply && reply->status == 200 ? QJsonDocument::fromJson(reply->body).object()
                                         : QJsonObject();
}

QList<QUrl> endpointsOf(const QList<Member> &members)
{
    QList<QUrl> endpoints;
    for (const Member &member : members) {
        for (const QUrl &endpoint : member.endpoints) {
            if (!endpoints.contains(endpoint))
                endpoints += endpoint;
        }
    }
    return endpoints;
}

/// Decimal in v3, hexadecimal in v2.
static QString idOf(const QJsonObject &member)
{
    if (const QString id = member.value("ID"_L1).toString(); !id.isEmpty())
        return quotable(id, 40);
    const qulonglong id = member.value("id"_L1).toString().toULongLong(nullptr, 16);
    return id == 0 ? QString() : QString::number(id);
}

/// An object with "members" in both APIs.
static Result<QList<Member>> membersIn(const Result<HttpReply> &reply)
{
    if (!reply)
        return reply.error();
    if (reply->status != 200)
        return errorFromReply(*reply);
    QList<Member> members;
    qsizetype addresses = 0;
    const QJsonArray all = objectOf(reply).value("members"_L1).toArray();
    for (const QJsonValue &value : all) {
        const QJsonObject member = value.toObject();
        const QString id = idOf(member);
        if (id.isEmpty() || members.size() == mostNodes)
            continue;
        const QList<QUrl> endpoints = clientUrlsIn({member}).mid(0, mostNodes - addresses);
        addresses += endpoints.size();
        members.append({id, quotable(member.value("name"_L1).toString(), 100), endpoints});
    }
    if (!members.isEmpty())
        return members;
    return Error{.code = Error::Code::Protocol,
                 .httpStatus = reply->status,
                 .endpoint = reply->endpoint.toString(),
                 .detail = u"no members in the answer"_s};
}

/// By the Date of an answer, which tells whole seconds: half of one too early on average.
static std::optional<std::chrono::milliseconds> clockAhead(const HttpReply &reply,
                                                           BootClock::time_point sent)
{
    const QString date = QString::fromLatin1(reply.date).replace("GMT"_L1, "+0000"_L1);
    const QDateTime told = QDateTime::fromString(date, Qt::RFC2822Date);
    if (!told.isValid())
        return {};
    const auto halfway = sent + (reply.received - sent) / 2;
    const auto since =
        std::chrono::duration_cast<std::chrono::milliseconds>(BootClock::now() - halfway);
    return std::chrono::milliseconds(QDateTime::currentDateTimeUtc().msecsTo(told)) + since + 500ms;
}

static void readStatus(Node &node, const QJsonObject &status)
{
    const QString leader = status.value("leader"_L1).toString();
    const QString self = status.value("header"_L1)["member_id"_L1].toString();
    node.leader = !leader.isEmpty() && leader == self;
    node.id = quotable(self, 40);
    const QJsonArray errors = status.value("errors"_L1).toArray();
    for (qsizetype i = 0; i < std::min<qsizetype>(errors.size(), 10); ++i)
        node.troubles += quotable(errors[i].toString());
}

Members::Members(Transport &transport)
    : m_transport(transport)
{}

HttpRequest Members::listRequest() const
{
    return m_v2
               ? HttpRequest{.path = "/v2/members", .read = true}
               : HttpRequest{
                   .method = "POST", .path = "/v3/cluster/member/list", .body = "{}", .read = true};
}

bool Members::isKnown(const QUrl &endpoint) const
{
    return m_transport.pool().order().contains(endpoint);
}

HttpRequest Members::to(const QUrl &endpoint, HttpRequest request) const
{
    request.withLogin = endpoint.scheme() == "https"_L1 || isKnown(endpoint);
    return request;
}

QFuture<Result<QList<Member>>> Members::list()
{
    return m_transport.send(listRequest())
        .then(this,
              [this](const Result<HttpReply> &reply) {
                  if (m_v2 || !reply || reply->status != 404)
                      return m_transport.later(reply);
                  m_v2 = true;
                  return m_transport.send(listRequest());
              })
        .unwrap()
        .then(this, &membersIn);
}

QFuture<Result<QList<Member>>> Members::listOf(const QUrl &endpoint)
{
    return m_transport.ask(endpoint, to(endpoint, listRequest())).then(this, &membersIn);
}

QFuture<Node> Members::ask(const QUrl &endpoint)
{
    const auto sent = BootClock::now();
    return m_transport.ask(endpoint, to(endpoint, {.path = "/version"}))
        .then(this,
              [=, this](const Result<HttpReply> &reply) {
                  Node node{.endpoint = endpoint, .asked = true};
                  node.reachable = reply && reply->status == 200;
                  if (!node.reachable) {
                      node.lastError = reply ? errorFromReply(*reply) : reply.error();
                      return m_transport.later(node);
                  }
                  node.latency =
                      std::chrono::duration_cast<std::chrono::microseconds>(reply->received - sent);
                  node.version = quotable(objectOf(reply).value("etcdserver"_L1).toString(), 40);
                  node.clockAhead = clockAhead(*reply, sent);
                  // Served since 3.4 whatever the API in use; without it there is no leader to
                  // show.
                  const HttpRequest status{
                      .method = "POST", .path = "/v3/maintenance/status", .body = "{}"};
                  return m_transport.ask(endpoint, to(endpoint, status))
                      .then(this, [node](const Result<HttpReply> &reply) mutable {
                          readStatus(node, objectOf(reply));
                          return node;
                      });
              })
        .unwrap();
}

QFuture<QList<Node>> Members::askAll(const QList<QUrl> &endpoints)
{
    struct Asking
    {
        QPromise<QList<Node>> promise;
        QList<Node> nodes;
    };
    auto asking = std::make_shared<Asking>();
    asking->promise.start();
    for (const QUrl &endpoint : endpoints) {
        ask(endpoint).then(this, [asking, count = endpoints.size()](const Node &node) {
            asking->nodes += node;
            if (asking->nodes.size() == count) {
                asking->promise.addResult(asking->nodes);
                asking->promise.finish();
            }
        });
    }
    return asking->promise.future();
}

/// Together with what the membership says of them.
static QList<Node> introduced(QList<Node> nodes, const QList<Member> &members)
{
    for (Node &node : nodes) {
        const auto member = std::ranges::find_if(members, [&](const Member &member) {
            return node.id.isEmpty() ? member.endpoints.contains(node.endpoint)
                                     : member.id == node.id;
        });
        if (member != members.end()) {
            node.id = member->id;
            node.name = member->name;
        } else if (!node.id.isEmpty()) {
            node.lastError = Error{.code = Error::Code::Protocol,
                                   .endpoint = node.endpoint.toString(),
                                   .detail = Members::tr("belongs to another cluster")};
        }
    }
    for (const Member &member : members) {
        if (member.endpoints.isEmpty())
            nodes += Node{.id = member.id,
                          .name = member.name,
                          .lastError = Error{.code = Error::Code::Unreachable,
                                             .detail = Members::tr("has not started yet")}};
    }
    std::ranges::sort(nodes, {}, [](const Node &node) {
        return std::tuple(node.name, node.endpoint.toString());
    });
    return nodes;
}

QFuture<Result<QList<Node>>> Members::survey()
{
    return list()
        .then(this,
              [this](const Result<QList<Member>> &members) {
                  if (!members)
                      return m_transport.later(Result<QList<Node>>(members.error()));
                  QList<QUrl> endpoints = endpointsOf(*members);
                  endpoints.removeIf([this](const QUrl &endpoint) { return isKnown(endpoint); });
                  endpoints += m_transport.pool().order();
                  return askAll(endpoints).then(this, [members](const QList<Node> &nodes) {
                      return Result<QList<Node>>(introduced(nodes, *members));
                  });
              })
        .unwrap();
}

} // namespace EtcdRegistry
