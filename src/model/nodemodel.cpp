// SPDX-License-Identifier: MIT
#include "nodemodel.h"

#include "plaintext.h"

#include <QLocale>

#include <algorithm>

namespace EtcdRegistry {

namespace {

bool endpointLess(const Node &a, const Node &b)
{
    return a.endpoint < b.endpoint;
}

NodeModel::NodeState stateOf(const Node &node)
{
    if (!node.asked)
        return NodeModel::NotAsked;
    if (!node.reachable || node.kind != Node::Kind::Etcd)
        return NodeModel::Fails;
    return node.troubles.isEmpty() ? NodeModel::Answers : NodeModel::InTrouble;
}

} // namespace

void NodeModel::setNodes(const QList<Node> &nodes)
{
    std::vector<Node> wanted(nodes.begin(), nodes.end());
    std::sort(wanted.begin(), wanted.end(), endpointLess);
    const auto update = [this](int row, Node with) {
        if (m_nodes[row] == with)
            return false;
        m_nodes[row] = std::move(with);
        return true;
    };
    mergeSorted(m_nodes, std::move(wanted), endpointLess, update, steps());
}

int NodeModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_nodes.size());
}

int NodeModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant NodeModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Node &node = m_nodes[index.row()];
    switch (role) {
    case Qt::DisplayRole:
        return plainLine(text(node, index.column()));
    case Qt::TextAlignmentRole:
        return int(Qt::AlignVCenter | (index.column() == Latency ? Qt::AlignRight : Qt::AlignLeft));
    case Qt::ToolTipRole:
        return index.column() == LastError ? plainTip(text(node, LastError)) : QString();
    case NodeStateRole:
        return stateOf(node);
    default:
        return {};
    }
}

QString NodeModel::text(const Node &node, int column) const
{
    const bool answers = node.asked && node.reachable;
    switch (column) {
    case Endpoint:
        return node.endpoint.toString();
    case Name:
        return node.name;
    case Reachable:
        return !node.asked ? tr("Asking...") : answers ? tr("Answers") : tr("No answer");
    case Latency:
        return answers ? tr("%1 ms").arg(
                   QLocale().toString(double(node.latency.count()) / 1000, 'f', 1))
                       : QString();
    case Leader:
        if (!answers)
            return {};
        if (node.leader)
            return tr("Leader");
        if (node.learner)
            return tr("Learner");
        return node.unseen && !node.hasLeader ? tr("could not be seen") : QString();
    case Version:
        return node.version;
    case LastError:
        if (const QString condition = conditionOf(node); !condition.isEmpty())
            return condition;
        return node.lastError ? tr("%1  %2").arg(
                   node.lastErrorAt.toLocalTime().toString(QStringLiteral("HH:mm:ss")),
                   node.lastError->message())
                              : QString();
    default:
        return {};
    }
}

QVariant NodeModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return int(Qt::AlignVCenter | (section == Latency ? Qt::AlignRight : Qt::AlignLeft));
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Endpoint:
        return tr("Endpoint");
    case Name:
        return tr("Name");
    case Reachable:
        return tr("Reachable");
    case Latency:
        return tr("Latency");
    case Leader:
        return tr("Role");
    case Version:
        return tr("Version");
    case LastError:
        return tr("Last error");
    default:
        return {};
    }
}

} // namespace EtcdRegistry
