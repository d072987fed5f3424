// SPDX-License-Identifier: MIT
#pragma once

#include "http.h"
#include "result.h"

#include <QDateTime>
#include <QFuture>
#include <QObject>
#include <QSet>
#include <QTimer>
#include <QUrl>

#include <chrono>

namespace EtcdRegistry {

class Transport;
struct ConnectionString;

/// One node of the cluster, as far as asking it told.
struct Node
{
    QUrl endpoint;
    QString id;         ///< of the member, in decimal; empty: not known
    QString name;       ///< from the membership; empty: not known
    bool asked = false; ///< false: no answer and no failure yet
    bool reachable = false;
    std::chrono::microseconds latency{0}; ///< of the last GET /version
    bool leader = false;
    QString version;
    std::optional<Error> lastError; ///< stays after the node has recovered
    QDateTime lastErrorAt;

    bool operator==(const Node &) const = default;
};

/// Asks each node of the cluster how it is (GET /version, the cheapest answer etcd gives, and who
/// leads), and, with refresh=true, follows the membership every 30 s, and when a node fails: it
/// adopts only nodes that answer and belong to this cluster, over https where all that we know do
/// so, and keeps the hosts of the connection string as a fallback. Transport::cancelAll() has to be
/// called before it goes away.
class Nodes : public QObject
{
    Q_OBJECT
public:
    Nodes(Transport &transport, const ConnectionString &connection, QObject *parent = nullptr);

    const QList<Node> &nodes() const { return m_nodes; }

    /// Asks all nodes now and then every `interval`; zero stops it (the default: a command line
    /// tool has no use for it).
    void setInterval(std::chrono::milliseconds interval);

Q_SIGNALS:
    void changed();

private:
    void ask();
    void askNode(const QUrl &endpoint);
    void askLeader(const QUrl &endpoint);
    void askNames();
    QFuture<Result<HttpReply>> membership();
    void followMembership();
    HttpRequest membershipRequest() const;
    void adopt(QList<QUrl> members, const QSet<QString> &ids);
    Node &node(const QUrl &endpoint);
    void failed(Node &node, const Error &error);

    Transport &m_transport;
    QList<Node> m_nodes;
    QSet<QUrl> m_asking;
    QTimer m_askTimer;
    QTimer m_membershipTimer;
    BootClock::time_point m_followed; ///< the membership was asked for
    bool m_v2Membership = false;      ///< v3's is not served
};

} // namespace EtcdRegistry
