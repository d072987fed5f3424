// SPDX-License-Identifier: MIT
#include "nodespanel.h"

#include "session.h"
#include "signdelegate.h"
#include "tableview.h"

#include <QVBoxLayout>

namespace EtcdRegistry {

namespace {

std::optional<InstanceState> signOf(const QModelIndex &index)
{
    switch (index.data(NodeModel::NodeStateRole).toInt()) {
    case NodeModel::Answers:
        return InstanceState::Alive;
    case NodeModel::InTrouble:
        return InstanceState::Late;
    case NodeModel::Fails:
        return InstanceState::Broken;
    default:
        return std::nullopt;
    }
}

} // namespace

NodesPanel::NodesPanel(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
{
    auto *table = new TableView;
    table->setModel(&m_model);
    table->setAccessibleName(tr("Nodes"));
    table->setItemDelegate(new SignDelegate(NodeModel::Endpoint, signOf, table));
    table->setColumnWidths({210, 90, 100, 76, 76, 76, 100});
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->addWidget(table);
    connect(&session, &Session::nodesChanged, this, &NodesPanel::showNodes);
    showNodes();
}

void NodesPanel::showNodes()
{
    m_model.setNodes(m_session.nodes());
    Q_EMIT countChanged(m_model.rowCount());
}

} // namespace EtcdRegistry
