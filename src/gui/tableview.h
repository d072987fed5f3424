// SPDX-License-Identifier: MIT
#pragma once

#include <QTreeView>

#include <utility>

namespace EtcdRegistry {

/// A flat table of whole rows. (A QTreeView: unlike QTableView it takes many inserted and removed
/// ranges in one layout.) Rows in sight stay where they are while others come, go or are sorted,
/// unless one looks at the very beginning. Where the current row goes no other is chosen in its
/// place: what comes next could be a key press that was meant for the one that has gone. Rows are
/// chosen as a whole, with columns that come later too.
class TableView : public QTreeView
{
    Q_OBJECT
public:
    explicit TableView(QWidget *parent = nullptr);

    void setModel(QAbstractItemModel *model) override;
    void setColumnWidths(std::initializer_list<int> widths);
    /// Rows in sight; -1 where there are none.
    std::pair<int, int> visibleRows() const;
    /// Paints these cells again, as far as they are in sight.
    void updateCells(const QModelIndex &topLeft, const QModelIndex &bottomRight);

    void doItemsLayout() override;

Q_SIGNALS:
    void hovered(bool inside); ///< the pointer came over the rows, or left them

protected:
    bool viewportEvent(QEvent *event) override;
    void dataChanged(const QModelIndex &topLeft, const QModelIndex &bottomRight,
                     const QList<int> &roles) override;
    void rowsAboutToBeRemoved(const QModelIndex &parent, int start, int end) override;

private:
    void rememberPlace();
    void rememberChosen();
    void chooseAgain();

    QItemSelection m_chosen; ///< while columns come or go: the cells of the first one
    QPersistentModelIndex m_current;
    QList<std::pair<QPersistentModelIndex, int>> m_places; ///< rows in sight, and their tops
    bool m_changing = false; ///< rows have come or gone since they were laid out
};

} // namespace EtcdRegistry
