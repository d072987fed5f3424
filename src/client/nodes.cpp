// SPDX-License-Identifier: MIT
#include "nodes.h"

#include "connectionstring.h"
#include "discovery.h"
#include "etcderror.h"
#include "transport.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>
#include <functional>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace EtcdRegistry {

constexpr auto membershipInterval = 30s;
constexpr auto membershipIntervalInTrouble = 5s;

static QJsonObject objectOf(const Result<HttpReply> &reply)
{
    return reply && reply->status == 200 ? QJsonDocument::fromJson(reply->body).object()
                                         : QJsonObject();
}

Nodes::Nodes(Transport &transport, const ConnectionString &connection, QObject *parent)
    : QObject(parent)
    , m_transport(transport)
{
    for (const QUrl &endpoint : connection.endpoints)
        m_nodes.append({.endpoint = endpoint});
    connect(&m_askTimer, &QTimer::timeout, this, &Nodes::ask);
    connect(&m_transport, &Transport::failedOver, this,
            [this](const QUrl &endpoint, const Error &error) {
                failed(node(endpoint), error);
                Q_EMIT changed();
            });
    if (connection.refresh) {
        connect(&m_membershipTimer, &QTimer::timeout, this, &Nodes::followMembership);
        m_membershipTimer.start(membershipInterval);
    }
}

Node &Nodes::node(const QUrl &endpoint)
{
    const auto known = std::ranges::find(m_nodes, endpoint, &Node::endpoint);
    if (known != m_nodes.end())
        return *known;
    m_nodes.append({.endpoint = endpoint});
    return m_nodes.last();
}

void Nodes::failed(Node &node, const Error &error)
{
    node.asked = true;
    node.lastError = error;
    node.lastErrorAt = QDateTime::currentDateTime();
    // It may have been replaced, and the others be next.
    if (m_membershipTimer.isActive() && BootClock::now() - m_followed > membershipIntervalInTrouble)
        followMembership();
}

void Nodes::setInterval(std::chrono::milliseconds interval)
{
    if (interval == 0ms) {
        m_askTimer.stop();
        return;
    }
    m_askTimer.start(interval);
    ask();
}

void Nodes::ask()
{
    const QList<QUrl> endpoints = m_transport.pool().order();
    m_nodes.removeIf([&](const Node &node) { return !endpoints.contains(node.endpoint); });
    for (const QUrl &endpoint : endpoints) {
        if (!m_asking.contains(endpoint)) // a node that hangs is asked once at a time
            askNode(endpoint);
    }
    askNames();
}

void Nodes::askNode(const QUrl &endpoint)
{
    m_asking.insert(endpoint);
    const auto sent = BootClock::now();
    m_transport.ask(endpoint, {.path = "/version"})
        .then(this, [=, this](const Result<HttpReply> &reply) {
            m_asking.remove(endpoint);
            Node &asked = node(endpoint);
            asked.asked = true;
            asked.reachable = reply && reply->status == 200;
            if (asked.reachable) {
                asked.latency =
                    std::chrono::duration_cast<std::chrono::microseconds>(reply->received - sent);
                asked.version = quotable(objectOf(reply).value("etcdserver"_L1).toString(), 40);
                askLeader(endpoint);
            } else {
                asked.leader = false;
                failed(asked, reply ? errorFromReply(*reply) : reply.error());
            }
            Q_EMIT changed();
        });
}

void Nodes::askLeader(const QUrl &endpoint)
{
    // Served since 3.4 whatever the API in use; a node that does not serve it shows no leader.
    m_transport.ask(endpoint, {.method = "POST", .path = "/v3/maintenance/status", .body = "{}"})
        .then(this, [=, this](const Result<HttpReply> &reply) {
            const QJsonObject status = objectOf(reply);
            const QString leader = status.value("leader"_L1).toString();
            const QString self =
                status.value("header"_L1).toObject().value("member_id"_L1).toString();
            node(endpoint).leader = !leader.isEmpty() && leader == self;
            node(endpoint).id = quotable(self, 40);
            Q_EMIT changed();
        });
}

/// The membership is an object with "members" in both APIs, told by any node.
HttpRequest Nodes::membershipRequest() const
{
    return m_v2Membership
               ? HttpRequest{.path = "/v2/members", .read = true}
               : HttpRequest{
                   .method = "POST", .path = "/v3/cluster/member/list", .body = "{}", .read = true};
}

QFuture<Result<HttpReply>> Nodes::membership()
{
    return m_transport.send(membershipRequest())
        .then(this,
              [this](const Result<HttpReply> &reply) {
                  m_v2Membership |= reply && reply->status == 404;
                  return m_v2Membership ? m_transport.send(membershipRequest())
                                        : m_transport.later(reply);
              })
        .unwrap();
}

static QString idOf(const QJsonValue &member) // in v3 and v2
{
    const QJsonObject object = member.toObject();
    return object.value("ID"_L1).toString(object.value("id"_L1).toString());
}

static QSet<QString> idsIn(const Result<HttpReply> &reply)
{
    QSet<QString> ids;
    const QJsonArray members = objectOf(reply).value("members"_L1).toArray();
    for (const QJsonValue &member : members)
        ids.insert(idOf(member));
    return ids;
}

void Nodes::askNames()
{
    membership().then(this, [this](const Result<HttpReply> &reply) {
        const QJsonArray members = objectOf(reply).value("members"_L1).toArray();
        for (const QJsonValue &member : members) {
            const QString id = idOf(member);
            for (Node &known : m_nodes) {
                if (!id.isEmpty() && known.id == id)
                    known.name = quotable(member.toObject().value("name"_L1).toString(), 100);
            }
        }
        Q_EMIT changed();
    });
}

void Nodes::followMembership()
{
    m_followed = BootClock::now();
    membership().then(this, [this](const Result<HttpReply> &reply) {
        const QList<QUrl> members = clientUrlsIn(objectOf(reply).value("members"_L1).toArray());
        if (!members.isEmpty())
            adopt(members, idsIn(reply));
    });
}

/// Advertised addresses may be out of reach from here, speak no JSON, or lead to another cluster
/// (every etcd that was not told otherwise says localhost): only who names a member of ours is
/// new, and only who has shown a certificate is given our login before that. A member that we
/// already use stays though it does not answer now.
void Nodes::adopt(QList<QUrl> members, const QSet<QString> &ids)
{
    const auto isTls = [](const QUrl &endpoint) { return endpoint.scheme() == "https"_L1; };
    if (std::ranges::all_of(m_transport.pool().order(), isTls)) // and so it stays
        members.removeIf(std::not_fn(isTls));
    QList<QFuture<Result<HttpReply>>> answers;
    for (const QUrl &member : members) {
        HttpRequest request = membershipRequest();
        request.withLogin = isTls(member);
        answers.append(m_transport.ask(member, request));
    }
    QtFuture::whenAll(answers.begin(), answers.end())
        .then(this, [this, members, ids](const QList<QFuture<Result<HttpReply>>> &done) {
            const QList<QUrl> known = m_transport.pool().order();
            QList<QUrl> adopted;
            for (qsizetype i = 0; i < members.size(); ++i) {
                if (done.at(i).isCanceled()) // the client goes away; whenAll() tells even so
                    return;
                if (known.contains(members.at(i)) || idsIn(done.at(i).result()).intersects(ids))
                    adopted.append(members.at(i));
            }
            m_transport.pool().setMembers(adopted);
        });
}

} // namespace EtcdRegistry
