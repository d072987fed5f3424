// SPDX-License-Identifier: MIT
#include "memberscommand.h"

#include "output.h"
#include "plaintext.h"
#include "table.h"

using namespace Qt::StringLiterals;

namespace EtcdRegistry::Cli {
namespace {

QString milliseconds(const Node &node)
{
    return QString::number(double(node.latency.count()) / 1000, 'f', 1);
}

QString status(const Node &node)
{
    return node.lastError ? node.lastError->reason() : u"ok"_s;
}

QByteArray jsonOf(const Node &node)
{
    return Json::object({
        {u"name"_s, Json::quoted(node.name)},
        {u"id"_s, Json::quoted(node.id)},
        {u"endpoint"_s, Json::quoted(node.endpoint.toString())},
        {u"version"_s, Json::quoted(node.version)},
        {u"leader"_s, node.leader ? "true" : "false"},
        {u"latency"_s, node.reachable ? milliseconds(node).toLatin1() : "null"},
        {u"status"_s, Json::quoted(status(node))},
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
        table.add({node.name, node.id, endpoint, node.version, node.leader ? tr("yes") : QString(),
                   node.reachable ? milliseconds(node) + u" ms"_s : QString(), status(node)});
        objects += jsonOf(node);
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
