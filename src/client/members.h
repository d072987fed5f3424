// SPDX-License-Identifier: MIT
#pragma once

#include "http.h"
#include "node.h"
#include "result.h"

#include <QFuture>
#include <QObject>
#include <QSet>

namespace EtcdRegistry {

class Connection;
class Transport;

/// A member of the cluster, as any node tells of it; of one that has not started yet, its id only.
struct Member
{
    QString id; ///< in decimal
    QString name;
    QList<QUrl> endpoints; ///< where clients are to ask it
    bool learner = false;  ///< without a vote

    bool operator==(const Member &) const = default;
};

QList<QUrl> endpointsOf(const QList<Member> &members); ///< each once

/// Asks nodes of one cluster who its members are, and how they are themselves. Each API gets its
/// own login only: v2's Basic none of v3, whose token v2 does not ask for. A member may say any
/// address: who is not in the transport's pool is given our login over https only, and shows
/// without one that it is a member. Transport::cancelAll() has to be called before it goes away.
class Members : public QObject
{
    Q_OBJECT
public:
    explicit Members(Connection &connection);
    ~Members() override;

    /// As the first node that answers tells it; never an empty list.
    QFuture<Result<QList<Member>>> list();
    /// Whether a member with one of these ids answers there, which it shows without a login.
    QFuture<bool> isOneOf(const QUrl &endpoint, const QSet<QString> &ids);

    /// By GET /version, the cheapest answer etcd gives, whether it is reachable; who leads, which
    /// APIs it serves, and what it is where it is no client port of etcd. A failure is in the node.
    QFuture<Node> ask(const QUrl &endpoint);
    /// In no particular order. Precondition: there are some.
    QFuture<QList<Node>> askAll(const QList<QUrl> &endpoints);

    /// Every member, at each of its addresses unless another one serves instead of it, and whoever
    /// else is in the pool; sorted by name. An error where nobody tells who is a member.
    QFuture<Result<QList<Node>>> survey();

    /// The error, or what is found at the node that gave it if that is no client port of etcd, or
    /// one without what was asked for.
    QFuture<Error> explained(const Error &error);

    /// It is none of the members.
    static void beForeign(Node &node);

private:
    bool hasToken() const;
    HttpRequest listRequest(bool v2) const;
    bool isKnown(const QUrl &endpoint) const;
    HttpRequest to(const QUrl &endpoint, HttpRequest request) const;
    HttpRequest v3(const QUrl &endpoint, const QByteArray &path) const;
    QFuture<Node> askVersion(const QUrl &endpoint);
    QFuture<Node> askStatus(const Node &node);
    QFuture<Node> askWithoutLogin(const Node &node);
    QFuture<Node> askHealth(const Node &node);
    QFuture<Node> askV2(const Node &node);
    QFuture<Node> identify(const Node &node);

    Connection &m_connection;
    Transport &m_transport;
};

} // namespace EtcdRegistry
