// SPDX-License-Identifier: MIT
#include "servicetree.h"

#include "servicedelegate.h"

#include <QScopedValueRollback>

namespace EtcdRegistry {

using namespace std::chrono_literals;

ServiceTree::ServiceTree(QWidget *parent)
    : QTreeView(parent)
{
    setModel(&m_model);
    setItemDelegate(new ServiceDelegate(this));
    setHeaderHidden(true);
    setAccessibleName(tr("Namespaces and services"));
    setUniformRowHeights(true);
    setAllColumnsShowFocus(true);
    setIndentation(18);
    setMouseTracking(true);
    setVerticalScrollMode(ScrollPerPixel);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_pause.setSingleShot(true);
    m_pause.setInterval(1s);
    connect(&m_pause, &QTimer::timeout, this, [this] {
        if (!viewport()->underMouse())
            release();
    });
    connect(&m_model, &QAbstractItemModel::rowsInserted, this, &ServiceTree::expandNew);
    const auto nameOf = [](const QModelIndex &index) {
        return index.data(ServiceModel::NameSpaceRole).toString();
    };
    connect(this, &QTreeView::collapsed, this,
            [this, nameOf](const QModelIndex &index) { m_collapsed.insert(nameOf(index)); });
    connect(this, &QTreeView::expanded, this,
            [this, nameOf](const QModelIndex &index) { m_collapsed.remove(nameOf(index)); });
}

void ServiceTree::setServices(const QList<ServiceCounts> &services)
{
    m_services = services;
    m_held = m_pause.isActive() || viewport()->underMouse();
    showServices(m_held);
}

void ServiceTree::setWorstFirst(bool worstFirst)
{
    m_model.setWorstFirst(worstFirst);
    showServices(false);
}

void ServiceTree::showServices(bool held)
{
    m_model.setServices(m_services, held);
    if (!held)
        m_pause.start();
    if (!selectionModel()->hasSelection())
        selectScope();
}

void ServiceTree::release()
{
    if (std::exchange(m_held, false))
        showServices(false);
}

bool ServiceTree::viewportEvent(QEvent *event)
{
    if (event->type() == QEvent::Leave)
        release();
    return QTreeView::viewportEvent(event);
}

void ServiceTree::setScope(const Scope &scope)
{
    if (m_scope == scope)
        return;
    m_scope = scope;
    selectScope();
    Q_EMIT scopeChanged(scope);
}

void ServiceTree::selectScope()
{
    const QScopedValueRollback following(m_following, true);
    if (m_scope.nameSpace)
        setCurrentIndex(m_model.find(*m_scope.nameSpace, m_scope.service));
    else
        selectionModel()->clear();
}

void ServiceTree::selectionChanged(const QItemSelection &selected, const QItemSelection &deselected)
{
    QTreeView::selectionChanged(selected, deselected);
    if (m_following)
        return;
    const QModelIndexList chosen = selectionModel()->selectedIndexes();
    if (chosen.isEmpty())
        m_scope = {};
    else
        m_scope = {chosen.first().data(ServiceModel::NameSpaceRole).toString(),
                   chosen.first().data(ServiceModel::ServiceRole).toString()};
    Q_EMIT scopeChanged(m_scope);
}

void ServiceTree::rowsAboutToBeRemoved(const QModelIndex &parent, int start, int end)
{
    const QScopedValueRollback following(m_following, true);
    for (QModelIndex each = currentIndex(); each.isValid(); each = each.parent()) {
        if (each.parent() == parent && each.row() >= start && each.row() <= end)
            selectionModel()->clear(); // else the view would choose a neighbour
    }
    QTreeView::rowsAboutToBeRemoved(parent, start, end);
}

void ServiceTree::expandNew(const QModelIndex &parent, int first, int last)
{
    if (!parent.isValid()) {
        for (int row = first; row <= last; ++row) {
            const QModelIndex index = m_model.index(row, 0);
            setExpanded(index,
                        !m_collapsed.contains(index.data(ServiceModel::NameSpaceRole).toString()));
        }
    }
}

} // namespace EtcdRegistry
