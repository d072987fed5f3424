// SPDX-License-Identifier: MIT
#pragma once

#include "bootclock.h"
#include "members.h"

#include <QObject>
#include <QSet>
#include <QTimer>

#include <chrono>

namespace EtcdRegistry {

class Connection;
class Transport;

/// Asks each node of the cluster how it is, and, with refresh=true, follows the membership from
/// the first second on, every 10 s, and every second for a while after a node has failed or the
/// membership has changed, as nodes are replaced one after the other: it adopts only nodes that
/// answer and belong to this cluster, over https where all that we know do so, and keeps the hosts
/// of the connection string as a fallback. Transport::cancelAll() has to be called before it goes
/// away.
class Nodes : public QObject
{
    Q_OBJECT
public:
    explicit Nodes(Connection &connection, QObject *parent = nullptr);

    const QList<Node> &nodes() const { return m_nodes; }
    Members &members() { return m_members; }

    /// Asks all nodes now and then every `interval`; zero stops it (the default: a command line
    /// tool has no use for it).
    void setInterval(std::chrono::milliseconds interval);

Q_SIGNALS:
    void changed();

private:
    void ask();
    void askDoubted();
    void askNode(const QUrl &endpoint);
    void askNames();
    void followMembership();
    void adopt(const QList<Member> &members);
    Node &node(const QUrl &endpoint);
    void failed(Node &node, const Error &error);
    void expectChange();

    Transport &m_transport;
    Members m_members;
    QList<Node> m_nodes;
    QSet<QUrl> m_asking;
    QTimer m_askTimer;
    QTimer m_doubtTimer;
    QTimer m_membershipTimer;
    BootClock::time_point m_followed; ///< the membership was asked for
    BootClock::time_point m_calmFrom; ///< until then it is asked for often
    QList<Member> m_membership;       ///< as it was told last
    bool m_following = false;         ///< it is being asked for, or strangers are
};

} // namespace EtcdRegistry
