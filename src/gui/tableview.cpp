// SPDX-License-Identifier: MIT
#include "tableview.h"

#include "theme.h"

#include <QEvent>
#include <QHeaderView>
#include <QScrollBar>

#include <algorithm>

namespace EtcdRegistry {

TableView::TableView(QWidget *parent)
    : QTreeView(parent)
{
    setRootIsDecorated(false);
    setItemsExpandable(false);
    setIndentation(0);
    setUniformRowHeights(true);
    setMouseTracking(true);
    setEditTriggers(NoEditTriggers);
    setSelectionMode(ExtendedSelection);
    setAllColumnsShowFocus(true);
    setVerticalScrollMode(ScrollPerPixel);
    setHorizontalScrollMode(ScrollPerPixel);
    header()->setFont(Theme::smallFont(font()));
    header()->setHighlightSections(false);
    header()->setFixedHeight(Theme::rowHeight + 4);
}

void TableView::setModel(QAbstractItemModel *model)
{
    // Before the view, which forgets its layout when rows are about to go.
    for (const auto about :
         {&QAbstractItemModel::rowsAboutToBeInserted, &QAbstractItemModel::rowsAboutToBeRemoved})
        connect(model, about, this, &TableView::rememberPlace);
    connect(model, &QAbstractItemModel::layoutAboutToBeChanged, this, &TableView::rememberPlace);
    QTreeView::setModel(model);
    connect(model, &QAbstractItemModel::columnsAboutToBeInserted, this, &TableView::rememberChosen);
    connect(model, &QAbstractItemModel::columnsAboutToBeRemoved, this, &TableView::rememberChosen);
    connect(model, &QAbstractItemModel::columnsInserted, this, &TableView::chooseAgain);
    connect(model, &QAbstractItemModel::columnsRemoved, this, &TableView::chooseAgain);
}

/// A selection loses the rows of which it does not have all columns, or of which one goes.
void TableView::rememberChosen()
{
    m_chosen.clear();
    m_current = currentIndex().siblingAtColumn(0);
    for (const QItemSelectionRange &range : selectionModel()->selection())
        m_chosen.select(range.topLeft().sibling(range.top(), 0),
                        range.topLeft().sibling(range.bottom(), 0));
}

void TableView::chooseAgain()
{
    selectionModel()->setCurrentIndex(m_current, QItemSelectionModel::NoUpdate);
    selectionModel()->select(std::exchange(m_chosen, {}),
                             QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
}

void TableView::setColumnWidths(std::initializer_list<int> widths)
{
    int column = 0;
    for (int width : widths)
        header()->resizeSection(column++, width);
}

std::pair<int, int> TableView::visibleRows() const
{
    const int rows = model() ? model()->rowCount() : 0;
    if (rows == 0)
        return {-1, -1};
    const QModelIndex first = indexAt({0, 0});
    const QModelIndex last = indexAt({0, viewport()->height() - 1});
    return {first.isValid() ? first.row() : 0, last.isValid() ? last.row() : rows - 1};
}

void TableView::updateCells(const QModelIndex &topLeft, const QModelIndex &bottomRight)
{
    const auto [first, last] = visibleRows();
    const int top = std::max(first, topLeft.row()), bottom = std::min(last, bottomRight.row());
    if (top >= 0 && top <= bottom)
        viewport()->update(visualRect(topLeft.siblingAtRow(top))
                           | visualRect(bottomRight.siblingAtRow(bottom)));
}

/// The first of several changes before the next layout finds the rows where they are seen.
void TableView::rememberPlace()
{
    if (std::exchange(m_changing, true))
        return;
    const auto [first, last] = visibleRows();
    if (const int row = currentIndex().row();
        row >= first && row <= last && first >= 0 && selectionModel()->isSelected(currentIndex())) {
        m_places.emplace_back(currentIndex(),
                              visualRect(currentIndex()).top()); // what is looked at
    } else if (verticalScrollBar()->value() == 0) {
        return;
    }
    for (int row = first; row >= 0 && row <= last; ++row) {
        const QModelIndex index = model()->index(row, 0);
        m_places.emplace_back(index, visualRect(index).top());
    }
}

void TableView::doItemsLayout()
{
    QTreeView::doItemsLayout();
    m_changing = false;
    const auto places = std::exchange(m_places, {});
    for (const auto &[index, top] : places) {
        if (index.isValid()) {
            const int moved = visualRect(index).top() - top;
            verticalScrollBar()->setValue(verticalScrollBar()->value() + moved);
            break;
        }
    }
}

/// QTreeView would paint everything, for a change out of sight too.
void TableView::dataChanged(const QModelIndex &topLeft, const QModelIndex &bottomRight,
                            const QList<int> &)
{
    updateCells(topLeft, bottomRight);
}

bool TableView::viewportEvent(QEvent *event)
{
    if (event->type() == QEvent::Enter)
        Q_EMIT hovered(true);
    else if (event->type() == QEvent::Leave)
        Q_EMIT hovered(false);
    return QTreeView::viewportEvent(event);
}

void TableView::rowsAboutToBeRemoved(const QModelIndex &parent, int start, int end)
{
    const QModelIndex current = currentIndex();
    if (current.isValid() && current.row() >= start && current.row() <= end)
        selectionModel()->setCurrentIndex({}, QItemSelectionModel::NoUpdate);
    QTreeView::rowsAboutToBeRemoved(parent, start, end);
}

} // namespace EtcdRegistry
