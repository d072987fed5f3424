// SPDX-License-Identifier: MIT
#include "nodes.h"

#include "connectionstring.h"
#include "transport.h"

#include <algorithm>
#include <functional>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace EtcdRegistry {

constexpr auto membershipFirst = 1s; ///< what lasts no longer needs no further nodes
constexpr auto membershipInterval = 30s;
constexpr auto membershipIntervalInTrouble = 5s;

Nodes::Nodes(Transport &transport, const ConnectionString &connection, QObject *parent)
    : QObject(parent)
    , m_transport(transport)
    , m_members(transport)
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
    m_members.ask(endpoint).then(this, [=, this](Node answer) {
        m_asking.remove(endpoint);
        Node &asked = node(endpoint);
        if (answer.reachable) {
            answer.name = asked.name;
            answer.lastError = asked.lastError;
            answer.lastErrorAt = asked.lastErrorAt;
            asked = answer;
        } else {
            asked.reachable = asked.leader = false;
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
            const auto member = std::ranges::find(*members, known.id, &Member::id);
            if (!known.id.isEmpty() && member != members->end())
                known.name = member->name;
        }
        Q_EMIT changed();
    });
}

void Nodes::followMembership()
{
    m_followed = BootClock::now();
    m_membershipTimer.start(membershipInterval);
    m_members.list().then(this, [this](const Result<QList<Member>> &members) {
        if (members)
            adopt(*members);
    });
}

/// Advertised addresses may be out of reach from here, speak no JSON, or lead to another cluster
/// (every etcd that was not told otherwise says localhost): only who names a member of ours is
/// new. A member that we already use stays though it does not answer now.
void Nodes::adopt(const QList<Member> &members)
{
    QSet<QString> ids;
    for (const Member &member : members)
        ids.insert(member.id);
    QList<QUrl> addresses = endpointsOf(members);
    const auto isTls = [](const QUrl &endpoint) { return endpoint.scheme() == "https"_L1; };
    if (std::ranges::all_of(m_transport.pool().order(), isTls)) // and so it stays
        addresses.removeIf(std::not_fn(isTls));
    QList<QFuture<Result<QList<Member>>>> answers;
    for (const QUrl &address : addresses)
        answers.append(m_members.listOf(address));
    QtFuture::whenAll(answers.begin(), answers.end())
        .then(this, [this, addresses, ids](const QList<QFuture<Result<QList<Member>>>> &done) {
            const QList<QUrl> known = m_transport.pool().order();
            QList<QUrl> adopted;
            for (qsizetype i = 0; i < addresses.size(); ++i) {
                if (done.at(i).isCanceled()) // the client goes away; whenAll() tells even so
                    return;
                const Result<QList<Member>> told = done.at(i).result();
                const bool isOurs = told && std::ranges::any_of(*told, [&](const Member &member) {
                                        return ids.contains(member.id);
                                    });
                if (known.contains(addresses.at(i)) || isOurs)
                    adopted.append(addresses.at(i));
            }
            m_transport.pool().setMembers(adopted);
        });
}

} // namespace EtcdRegistry
