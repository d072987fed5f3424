// SPDX-License-Identifier: MIT
#pragma once

#include "theme.h"

#include <QStyledItemDelegate>

namespace EtcdRegistry {

/// The cells of all our tables: rows of one height, one padding, a calm selection. What differs is
/// painted by paintCell().
class RowDelegate : public QStyledItemDelegate
{
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override;

protected:
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
