// SPDX-License-Identifier: MIT
#pragma once

#include "http.h"
#include "node.h"
#include "result.h"

#include <QFuture>
#include <QObject>

namespace EtcdRegistry {

class Transport;

/// A member of the cluster, as any node tells of it; of one that has not started yet, its id only.
struct Member
{
    QString id; ///< in decimal
    QString name;
    QList<QUrl> endpoints; ///< where clients are to ask it
};

QList<QUrl> endpointsOf(const QList<Member> &members); ///< each once

/// Asks nodes of one cluster who its members are, in both APIs, and how they are themselves. A
/// member may say any address: who is not in the transport's pool is given our login over https
/// only. Transport::cancelAll() has to be called before it goes away.
class Members : public QObject
{
    Q_OBJECT
public:
    explicit Members(Transport &transport);

    /// As the first node that answers tells it; never an empty list.
    QFuture<Result<QList<Member>>> list();
    /// As this node tells it.
    QFuture<Result<QList<Member>>> listOf(const QUrl &endpoint);

    /// GET /version, the cheapest answer etcd gives, and who leads. A failure is in the node.
    QFuture<Node> ask(const QUrl &endpoint);
    /// In no particular order. Precondition: there are some.
    QFuture<QList<Node>> askAll(const QList<QUrl> &endpoints);

    /// Every member at each of its addresses, and whoever else is in the pool; sorted by name. An
    /// error where nobody tells who is a member.
    QFuture<Result<QList<Node>>> survey();

private:
    HttpRequest listRequest() const;
    bool isKnown(const QUrl &endpoint) const;
    HttpRequest to(const QUrl &endpoint, HttpRequest request) const;

    Transport &m_transport;
    bool m_v2 = false; ///< v3's membership is not served
};

} // namespace EtcdRegistry
