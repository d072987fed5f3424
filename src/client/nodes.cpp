// SPDX-License-Identifier: MIT
#include "nodes.h"

#include "connection.h"

#include <algorithm>
#include <functional>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace EtcdRegistry {

constexpr auto membershipFirst = 1s; ///< what lasts no longer needs no further nodes
constexpr auto membershipInterval = 10s;
constexpr auto membershipIntervalInTrouble = 1s;
constexpr auto membershipTrouble = 30s; ///< so long it lasts after its latest sign
constexpr auto doubtInterval = 500ms;

Nodes::Nodes(Connection &connection, QObject *parent)
    : QObject(parent)
    , m_transport(connection.transport())
    , m_members(connection)
{
    for (const QUrl &endpoint : connection.text().endpoints)
        m_nodes.append({.endpoint = endpoint});
    connect(&m_askTimer, &QTimer::timeout, this, &Nodes::ask);
    connect(&m_doubtTimer, &QTimer::timeout, this, &Nodes::askDoubted);
    connect(&m_transport, &Transport::failedOver, this,
            [this](const QUrl &endpoint, const Error &error) {
                failed(node(endpoint), error);
                if (m_askTimer.isActive() && !m_asking.contains(endpoint))
                    askNode(endpoint);
                Q_EMIT changed();
            });
    if (connection.text().refresh) {
        connect(&m_membershipTimer, &QTimer::timeout, this, &Nodes::followMembership);
        m_membershipTimer.start(membershipFirst);
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

/// Nothing can be said for a node that did not answer until it does.
void Nodes::failed(Node &node, const Error &error)
{
    const QDateTime now = QDateTime::currentDateTime();
    const bool isNews = !node.asked || node.reachable || !node.lastError
                        || node.lastErrorAt.addDuration(membershipTrouble) < now;
    node.asked = true;
    if (error.code != Error::Code::Unavailable && error.code != Error::Code::NoLeader)
        node.reachable = node.leader = false;
    node.lastError = error;
    node.lastErrorAt = now;
    if (isNews)
        expectChange();
}

/// A node may have been replaced, and the others be next.
void Nodes::expectChange()
{
    m_calmFrom = BootClock::now() + membershipTrouble;
    if (!m_membershipTimer.isActive())
        return;
    if (BootClock::now() - m_followed > membershipIntervalInTrouble)
        followMembership();
    else
        m_membershipTimer.start(membershipIntervalInTrouble);
}

void Nodes::setInterval(std::chrono::milliseconds interval)
{
    if (interval == 0ms) {
        m_askTimer.stop();
        m_doubtTimer.stop();
        return;
    }
    m_askTimer.start(interval);
    m_doubtTimer.start(std::min<std::chrono::milliseconds>(interval, doubtInterval));
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

/// Those that the requests of others found slow or gone, before their turn.
void Nodes::askDoubted()
{
    for (const Node &node : std::as_const(m_nodes)) {
        if (node.reachable && !m_asking.contains(node.endpoint)
            && !m_transport.pool().isHealthy(node.endpoint))
            askNode(node.endpoint);
    }
}

void Nodes::askNode(const QUrl &endpoint)
{
    m_asking.insert(endpoint);
    m_members.ask(endpoint).then(this, [=, this](Node answer) {
        m_asking.remove(endpoint);
        Node &asked = node(endpoint);
        if (answer.reachable) {
            answer.name = asked.name;
            answer.lastError = asked.lastError;
            answer.lastErrorAt = asked.lastErrorAt;
            if (asked.kind == Node::Kind::Foreign && asked.id == answer.id)
                answer.kind = asked.kind; // until the membership says otherwise
            asked = answer;
        } else {
            asked.kind = answer.kind;
            asked.server = answer.server;
            failed(asked, *answer.lastError);
        }
        Q_EMIT changed();
    });
}

void Nodes::askNames()
{
    m_members.list().then(this, [this](const Result<QList<Member>> &members) {
        if (!members)
            return;
        for (Node &known : m_nodes) {
            if (known.id.isEmpty())
                continue;
            const auto member = std::ranges::find(*members, known.id, &Member::id);
            if (member == members->end()) {
                Members::beForeign(known);
                known.lastErrorAt = QDateTime::currentDateTime();
                continue;
            }
            known.name = member->name;
            if (known.kind == Node::Kind::Foreign)
                known.kind = Node::Kind::Etcd;
        }
        Q_EMIT changed();
    });
}

void Nodes::followMembership()
{
    m_followed = BootClock::now();
    m_membershipTimer.start(m_followed < m_calmFrom ? membershipIntervalInTrouble
                                                    : membershipInterval);
    if (std::exchange(m_following, true))
        return;
    m_members.list().then(this, [this](const Result<QList<Member>> &members) {
        if (!members) {
            m_following = false;
            return;
        }
        const QList<Member> before = std::exchange(m_membership, *members);
        if (!before.isEmpty() && before != m_membership)
            expectChange();
        adopt(*members);
    });
}

/// Advertised addresses may be out of reach from here, speak no JSON, or lead to another cluster
/// (every etcd that was not told otherwise says localhost): only who shows that it is a member of
/// ours is new. A member that we already use stays though it does not answer now.
void Nodes::adopt(const QList<Member> &members)
{
    QSet<QString> ids;
    for (const Member &member : members)
        ids.insert(member.id);
    const QList<QUrl> known = m_transport.pool().order();
    const auto isTls = [](const QUrl &endpoint) { return endpoint.scheme() == "https"_L1; };
    const bool staysTls = std::ranges::all_of(known, isTls);
    QList<QUrl> adopted, strangers;
    for (const QUrl &address : endpointsOf(members)) {
        if (known.contains(address))
            adopted.append(address);
        else if (isTls(address) || !staysTls)
            strangers.append(address);
    }
    QList<QFuture<bool>> answers;
    for (const QUrl &stranger : strangers)
        answers.append(m_members.isOneOf(stranger, ids));
    if (answers.isEmpty()) {
        m_following = false;
        m_transport.pool().setMembers(adopted);
        return;
    }
    QtFuture::whenAll(answers.begin(), answers.end())
        .then(this, [this, adopted, strangers](const QList<QFuture<bool>> &done) mutable {
            for (qsizetype i = 0; i < strangers.size(); ++i) {
                if (done.at(i).isCanceled()) // the client goes away; whenAll() tells even so
                    return;
                if (done.at(i).result())
                    adopted.append(strangers.at(i));
            }
            m_following = false;
            m_transport.pool().setMembers(adopted);
        });
}

} // namespace EtcdRegistry
