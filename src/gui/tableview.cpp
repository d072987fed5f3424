// SPDX-License-Identifier: MIT
#include "tableview.h"

#include "theme.h"

#include <QEvent>
#include <QHeaderView>
#include <QScrollBar>

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
    setVerticalScrollMode(ScrollPerPixel);
    setHorizontalScrollMode(ScrollPerPixel);
    header()->setFont(Theme::smallFont(font()));
    header()->setHighlightSections(false);
    header()->setFixedHeight(Theme::rowHeight + 4);
}

void TableView::setColumnWidths(std::initializer_list<int> widths)
{
    int column = 0;
    for (int width : widths)
        header()->resizeSection(column++, width);
}

void TableView::keepingPlace(const std::function<void()> &change)
{
    if (verticalScrollBar()->value() == 0)
        return change(); // who looks at the beginning wants to see what comes there
    const QPersistentModelIndex top = indexAt({0, 0});
    const int before = visualRect(top).top();
    change();
    executeDelayedItemsLayout();
    if (top.isValid())
        verticalScrollBar()->setValue(verticalScrollBar()->value() + visualRect(top).top()
                                      - before);
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
