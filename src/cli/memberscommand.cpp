// SPDX-License-Identifier: MIT
#include "memberscommand.h"

#include "output.h"
#include "plaintext.h"
#include "table.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace EtcdRegistry::Cli {
namespace {

QString milliseconds(const Node &node)
{
    return QString::number(double(node.latency.count()) / 1000, 'f', 1);
}

/// Some serve v2 and this one does not.
bool lacksV2(const Node &node, const QList<Node> &all)
{
    return node.servesV2 == false && node.kind != Node::Kind::PeerPort
           && std::ranges::any_of(all, [](const Node &other) { return other.servesV2 == true; });
}

QString status(const Node &node, const QList<Node> &all)
{
    QStringList told;
    if (node.lastError)
        told += node.lastError->reason();
    if (const QString condition = conditionOf(node); !condition.isEmpty())
        told += condition;
    if (lacksV2(node, all))
        told += MembersCommand::tr("serves no v2");
    return told.isEmpty() ? u"ok"_s : told.join("; "_L1);
}

/// Who answers and does not tell has no role that could be seen.
bool isRoleUnseen(const Node &node)
{
    return node.reachable && !node.hasLeader;
}

QString role(const Node &node)
{
    if (node.leader)
        return MembersCommand::tr("yes");
    if (node.learner)
        return MembersCommand::tr("learner");
    return isRoleUnseen(node) ? MembersCommand::tr("could not be seen") : QString();
}

QByteArray jsonOf(const Node &node, const QList<Node> &all)
{
    return Json::object({
        {u"name"_s, Json::quoted(node.name)},
        {u"id"_s, Json::quoted(node.id)},
        {u"cluster"_s,
         Json::quoted(node.clusterId == 0 ? QString() : QString::number(node.clusterId, 16))},
        {u"endpoint"_s, Json::quoted(node.endpoint.toString())},
        {u"version"_s, Json::quoted(node.version)},
        {u"leader"_s, node.leader          ? "true"
                      : isRoleUnseen(node) ? "null"
                                           : "false"},
        {u"learner"_s, node.learner ? "true" : "false"},
        {u"latency"_s, node.reachable ? milliseconds(node).toLatin1() : "null"},
        {u"status"_s, Json::quoted(status(node, all))},
    });
}

} // namespace

void MembersCommand::start()
{
    m_registry.members().then(this, [this](const Result<QList<Node>> &nodes) {
        if (nodes)
            finishWith(text(*nodes));
        else
            fail(nodes.error());
    });
}

QByteArray MembersCommand::text(const QList<Node> &nodes) const
{
    using Output = Options::Output;
    Table table({tr("NAME"), tr("ID"), tr("ENDPOINT"), tr("VERSION"), tr("LEADER"), tr("LATENCY"),
                 tr("STATUS")});
    QByteArrayList objects;
    QByteArray names;
    for (const Node &node : nodes) {
        const QString endpoint = node.endpoint.toString();
        table.add({node.name, node.id, endpoint, node.version, role(node),
                   node.reachable ? milliseconds(node) + u" ms"_s : QString(),
                   status(node, nodes)});
        objects += jsonOf(node, nodes);
        if (!endpoint.isEmpty())
            names += plainText(endpoint).toUtf8() + '\n';
    }
    switch (m_options.output) {
    case Output::Json:
    case Output::JsonLines:
        return jsonObjects(objects, m_options.output);
    case Output::Names:
        return names;
    case Output::Table:
    case Output::Default:
        break;
    }
    return table.text(m_options.color);
}

} // namespace EtcdRegistry::Cli
