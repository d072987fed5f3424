// SPDX-License-Identifier: MIT
#pragma once

#include "mergesorted.h"
#include "nodes.h"

#include <QAbstractTableModel>

namespace EtcdRegistry {

/// The nodes of the cluster, sorted by endpoint.
class NodeModel : public MergingModel<QAbstractTableModel>
{
    Q_OBJECT
public:
    enum Column { Endpoint, Name, Reachable, Latency, Leader, Version, LastError, ColumnCount };
    enum Role { NodeStateRole = Qt::UserRole + 1 };
    enum NodeState { NotAsked, Answers, InTrouble, Fails }; ///< InTrouble: it tells of an alarm

    using MergingModel::MergingModel;

    void setNodes(const QList<Node> &nodes);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QString text(const Node &node, int column) const;

    std::vector<Node> m_nodes;
};

} // namespace EtcdRegistry
