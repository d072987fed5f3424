// SPDX-License-Identifier: MIT
#include "members.h"

#include "connection.h"
#include "discovery.h"
#include "etcderror.h"
#include "nodeprobe.h"
#include "transport.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QPromise>
#include <QRegularExpression>
#include <QVersionNumber>

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
        members.append({id, quotable(member.value("name"_L1).toString(), 100), endpoints,
                        member.value("isLearner"_L1).toBool()});
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
    const QJsonObject header = status.value("header"_L1).toObject();
    const QString self = header.value("member_id"_L1).toString();
    node.hasLeader = !leader.isEmpty() && leader != "0"_L1;
    node.leader = *node.hasLeader && leader == self;
    node.learner = status.value("isLearner"_L1).toBool();
    node.id = quotable(self, 40);
    node.clusterId = header.value("cluster_id"_L1).toString().toULongLong();
    const QJsonArray errors = status.value("errors"_L1).toArray();
    for (qsizetype i = 0; i < std::min<qsizetype>(errors.size(), 10); ++i)
        node.troubles += quotable(errors[i].toString());
}

/// What every version tells without a login, among 100 KB of other figures.
static void readMetrics(Node &node, const QByteArray &metrics)
{
    const auto figure = [&metrics](const char *name) -> std::optional<bool> {
        const QByteArray line = '\n' + QByteArray(name) + ' ';
        const qsizetype at = metrics.indexOf(line);
        return at < 0 ? std::nullopt : std::optional(metrics.mid(at + line.size(), 1) != "0");
    };
    node.hasLeader = figure("etcd_server_has_leader");
    node.leader = figure("etcd_server_is_leader").value_or(false);
    node.learner = figure("etcd_server_is_learner").value_or(false);
    static const QRegularExpression self(
        u"\\netcd_server_id\\{server_id=\"([0-9a-f]{1,16})\"\\} 1"_s);
    const QString id = self.match(QString::fromLatin1(metrics)).captured(1);
    if (!id.isEmpty())
        node.id = QString::number(id.toULongLong(nullptr, 16));
}

/// Of etcd's it is JSON; a path that is not served is answered in plain text, by whomever.
static bool isServed(const HttpReply &reply)
{
    return QJsonDocument::fromJson(reply.body).isObject();
}

static Error odd(const Node &node, const QString &what)
{
    return {.code = Error::Code::Protocol, .endpoint = node.endpoint.toString(), .detail = what};
}

Members::Members(Connection &connection)
    : m_connection(connection)
    , m_transport(connection.transport())
{}

Members::~Members()
{
    // Probes first, whose futures are ours: no context may go before what it waits for.
    const QObjectList probes = children();
    qDeleteAll(probes);
}

/// The login that requests carry is one for v3.
bool Members::hasToken() const
{
    const Cluster &cluster = m_connection.cluster();
    return !cluster.version.isEmpty() && cluster.api == Api::V3;
}

HttpRequest Members::listRequest(bool v2) const
{
    return v2 ? HttpRequest{.path = "/v2/members", .read = true}
              : HttpRequest{.method = "POST",
                            .path = "/v3/cluster/member/list",
                            .body = "{}",
                            .read = true,
                            .withLogin = hasToken()};
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

HttpRequest Members::v3(const QUrl &endpoint, const QByteArray &path) const
{
    HttpRequest request = to(endpoint, {.method = "POST", .path = path, .body = "{}"});
    request.withLogin &= hasToken();
    return request;
}

QFuture<Result<QList<Member>>> Members::list()
{
    const bool v2First = !hasToken() && !m_connection.cluster().version.isEmpty();
    return m_transport.send(listRequest(v2First))
        .then(this,
              [=, this](const Result<HttpReply> &reply) {
                  const Result<QList<Member>> told = membersIn(reply);
                  if (told || (!reply && told.error().code != Error::Code::NotServed))
                      return m_transport.later(told);
                  // It is not served, or asks for a login: the other API may tell.
                  return m_transport.send(listRequest(!v2First))
                      .then(this, [told](const Result<HttpReply> &reply) {
                          const Result<QList<Member>> other = membersIn(reply);
                          return other ? other : told;
                      });
              })
        .unwrap();
}

QFuture<bool> Members::isOneOf(const QUrl &endpoint, const QSet<QString> &ids)
{
    return m_transport.ask(endpoint, {.path = "/metrics", .withLogin = false})
        .then(this, [ids](const Result<HttpReply> &reply) {
            Node node;
            if (reply && reply->status == 200)
                readMetrics(node, reply->body);
            return ids.contains(node.id);
        });
}

QFuture<Node> Members::askVersion(const QUrl &endpoint)
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
                  return askStatus(node);
              })
        .unwrap();
}

/// Served since 3.4 whatever the API in use. Some versions tell it to root only, or to any user.
QFuture<Node> Members::askStatus(const Node &node)
{
    return m_transport.ask(node.endpoint, v3(node.endpoint, "/v3/maintenance/status"))
        .then(this,
              [this, node = node](const Result<HttpReply> &reply) mutable {
                  const QJsonObject status = objectOf(reply);
                  if (reply)
                      node.servesV3 = isServed(*reply);
                  if (status.contains("header"_L1)) {
                      readStatus(node, status);
                      return m_transport.later(node);
                  }
                  node.unseen = reply ? errorFromReply(*reply) : reply.error();
                  return askWithoutLogin(node);
              })
        .unwrap();
}

QFuture<Node> Members::askWithoutLogin(const Node &node)
{
    return m_transport.ask(node.endpoint, {.path = "/metrics", .withLogin = false})
        .then(this,
              [this, node = node](const Result<HttpReply> &reply) mutable {
                  if (!reply || reply->status != 200)
                      return m_transport.later(node);
                  readMetrics(node, reply->body);
                  if (node.hasLeader == false)
                      node.troubles += u"etcdserver: no leader"_s; // as a status says it
                  // Before 3.5 it takes a write of raft's, and does not tell why.
                  return QVersionNumber::fromString(node.version) >= QVersionNumber(3, 5)
                             ? askHealth(node)
                             : m_transport.later(node);
              })
        .unwrap();
}

/// An alarm is told there; that none is, is no proof.
QFuture<Node> Members::askHealth(const Node &node)
{
    return m_transport.ask(node.endpoint, {.path = "/health?serializable=true", .withLogin = false})
        .then(this, [node = node](const Result<HttpReply> &reply) mutable {
            const QString reason =
                reply ? QJsonDocument::fromJson(reply->body)["reason"_L1].toString() : QString();
            if (reply && reply->status == 503 && !reason.isEmpty())
                node.troubles += quotable(reason);
            return node;
        });
}

QFuture<Node> Members::askV2(const Node &node)
{
    return m_transport.ask(node.endpoint, to(node.endpoint, {.path = "/v2/members"}))
        .then(this, [node = node](const Result<HttpReply> &reply) mutable {
            if (reply)
                node.servesV2 = isServed(*reply);
            if (reply && reply->clusterId != 0)
                node.clusterId = reply->clusterId;
            return node;
        });
}

QFuture<Node> Members::ask(const QUrl &endpoint)
{
    return askVersion(endpoint)
        .then(this,
              [this](const Node &node) {
                  return node.version.isEmpty() ? m_transport.later(node) : askV2(node);
              })
        .unwrap()
        .then(this,
              [this](const Node &node) {
                  const bool isOdd = node.version.isEmpty()
                                         ? !node.lastError
                                               || (node.lastError->code != Error::Code::Timeout
                                                   && node.lastError->etcdCode == 0)
                                         : node.servesV2 == false && node.servesV3 == false;
                  return isOdd ? identify(node) : m_transport.later(node);
              })
        .unwrap();
}

/// It serves neither API.
QFuture<Node> Members::identify(const Node &node)
{
    if (!node.version.isEmpty()) {
        return m_transport.ask(node.endpoint, {.path = "/members", .withLogin = false})
            .then(this, [node = node](const Result<HttpReply> &reply) mutable {
                if (reply && QJsonDocument::fromJson(reply->body).isArray()) {
                    node.kind = Node::Kind::PeerPort;
                    node.lastError = odd(node, tr("this looks like the peer port (usually 2380); "
                                                  "clients use 2379"));
                    node.reachable = false;
                }
                return node;
            });
    }
    return probe(node.endpoint, m_connection.text().timeout, this)
        .then(this, [node = node](const Spoken &spoken) mutable {
            const bool isTls = node.endpoint.scheme() == "https"_L1;
            const auto is = [&node](Node::Kind kind, const QString &what) {
                node.kind = kind;
                node.lastError = odd(node, what);
                node.reachable = false;
            };
            node.server = spoken.server;
            if (spoken.http2)
                is(Node::Kind::GrpcOnly,
                   tr("it speaks gRPC only, and HTTP at the address of --listen-client-http-urls"));
            else if (spoken.tls && !isTls)
                is(Node::Kind::WantsHttps, tr("it wants https"));
            else if (spoken.http && isTls && !spoken.tls)
                is(Node::Kind::WantsHttp, tr("it speaks http, not https"));
            else if (spoken.http && node.lastError.value_or(Error()).code != Error::Code::Tls)
                is(Node::Kind::WebServer,
                   spoken.server.isEmpty()
                       ? tr("a web server, not etcd (HTTP status %1)").arg(spoken.status)
                       : tr("a web server, not etcd (%1, HTTP status %2)")
                             .arg(spoken.server)
                             .arg(spoken.status));
            return node;
        });
}

QFuture<Error> Members::explained(const Error &error)
{
    using Code = Error::Code;
    if (error.detail.contains("for learner"_L1)) {
        Error better = error;
        better.detail = tr("it is a learner: name a voting member");
        return m_transport.later(better);
    }
    const QUrl endpoint(error.endpoint.section(", "_L1, 0, 0));
    const bool isOdd = error.code == Code::Protocol || error.code == Code::NotServed
                       || error.code == Code::Unreachable;
    if (!isOdd || !isKnown(endpoint))
        return m_transport.later(error);
    return ask(endpoint).then(this, [error](const Node &node) {
        using Kind = Node::Kind;
        if (node.kind == Kind::PeerPort || node.kind == Kind::GrpcOnly
            || node.kind == Kind::WebServer)
            return *node.lastError;
        Error better = error;
        if (error.code == Code::NotServed && node.servesV3 == false && node.servesV2 == false)
            better.detail = tr("the JSON gateway is off (--enable-grpc-gateway=false)");
        return better;
    });
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

void Members::beForeign(Node &node)
{
    node.kind = Node::Kind::Foreign;
    node.lastError = Error{.code = Error::Code::OtherCluster,
                           .endpoint = node.endpoint.toString(),
                           .detail = tr("belongs to another cluster")};
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
            node.learner |= member->learner;
        } else if (!node.id.isEmpty()) {
            Members::beForeign(node);
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

/// An address at which a member that answers at another one need not be asked: it serves just the
/// same, or gRPC only, as is meant where HTTP has an address of its own.
static void removeSpare(QList<Node> &nodes, const QList<Member> &members, const QList<QUrl> &pool)
{
    const auto memberAt = [&](const Node &node) {
        const auto member = std::ranges::find_if(members, [&](const Member &member) {
            return member.id == node.id || member.endpoints.contains(node.endpoint);
        });
        return member == members.end() ? QString() : member->id;
    };
    for (auto node = nodes.begin(); node != nodes.end();) {
        const bool isOther = node->reachable || node->kind == Node::Kind::GrpcOnly;
        const QString id = memberAt(*node);
        const bool isSpare =
            isOther && !id.isEmpty() && !pool.contains(node->endpoint)
            && std::ranges::any_of(nodes, [&](const Node &other) {
                   return &other != &*node && other.reachable && memberAt(other) == id;
               });
        node = isSpare ? nodes.erase(node) : node + 1;
    }
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
                  return askAll(endpoints).then(this, [this, members](QList<Node> nodes) {
                      removeSpare(nodes, *members, m_transport.pool().order());
                      return Result<QList<Node>>(introduced(nodes, *members));
                  });
              })
        .unwrap();
}

} // namespace EtcdRegistry
