// SPDX-License-Identifier: MIT
#pragma once

#include "theme.h"

#include <QStyledItemDelegate>

namespace EtcdRegistry {

/// The cells of all our tables: rows of one height, one padding, a calm selection, and a line
/// around the current row of the view that has the keyboard. What differs is painted by
/// paintCell().
class RowDelegate : public QStyledItemDelegate
{
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override;

    /// The whole text of a cell that is cut off, where the model has nothing else to say of it.
    bool helpEvent(QHelpEvent *event, QAbstractItemView *view, const QStyleOptionViewItem &option,
                   const QModelIndex &index) override;

protected:
    /// Whether a cell shows only a part of its text.
    virtual bool isCut(const QStyleOptionViewItem &option, const QModelIndex &index) const;
    /// The cell without its padding; the painter has the row's font and pen.
    virtual void paintCell(QPainter &painter, const QRect &rect, const QStyleOptionViewItem &option,
                           const QModelIndex &index) const;

    /// Elided, aligned as the model says; in this colour unless the row is selected.
    static void paintText(QPainter &painter, const QRect &rect, const QStyleOptionViewItem &option,
                          const QModelIndex &index, Theme::Role role = Theme::Role::Text);
    /// The same with figures of one width.
    static void paintFigures(QPainter &painter, const QRect &rect, const QModelIndex &index);

    static bool isSelected(const QStyleOptionViewItem &option);
};

} // namespace EtcdRegistry
