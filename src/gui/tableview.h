// SPDX-License-Identifier: MIT
#pragma once

#include <QTreeView>

#include <functional>

namespace EtcdRegistry {

/// A flat table of whole rows. (A QTreeView: unlike QTableView it takes many inserted and removed
/// ranges in one layout.) Where the current row goes no other is chosen in its place: what
/// comes next could be a key press that was meant for the one that has gone.
class TableView : public QTreeView
{
    Q_OBJECT
public:
    explicit TableView(QWidget *parent = nullptr);

    void setColumnWidths(std::initializer_list<int> widths);
    /// Calls `change`, which may insert and remove rows, and lets those in sight stay where they are.
    void keepingPlace(const std::function<void()> &change);
    /// Rows in sight; -1 where there are none.
    std::pair<int, int> visibleRows() const;

Q_SIGNALS:
    void hovered(bool inside); ///< the pointer came over the rows, or left them

protected:
    bool viewportEvent(QEvent *event) override;
    void rowsAboutToBeRemoved(const QModelIndex &parent, int start, int end) override;
};

} // namespace EtcdRegistry
