// SPDX-License-Identifier: MIT
#include "rowdelegate.h"

#include "plaintext.h"

#include <QAbstractItemView>
#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>

namespace EtcdRegistry {

QSize RowDelegate::sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const QString text = index.data().toString();
    // Rounded up, or a cell of this width would be elided.
    const int width = qCeil(QFontMetricsF(option.font).horizontalAdvance(text));
    return {width + 2 * Theme::cellPadding, Theme::rowHeight};
}

void RowDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option,
                        const QModelIndex &index) const
{
    const QPalette &palette = option.palette;
    if (isSelected(option))
        painter->fillRect(option.rect, Theme::color(Theme::Role::Selection, palette));
    else if (option.state & QStyle::State_MouseOver)
        painter->fillRect(option.rect, Theme::color(Theme::Role::Window, palette));
    painter->save();
    painter->setClipRect(option.rect); // stacked accents reach far
    painter->setFont(option.font);
    painter->setPen(Theme::color(Theme::Role::Text, palette));
    paintCell(*painter, option.rect.adjusted(Theme::cellPadding, 0, -Theme::cellPadding, 0), option,
              index);
    painter->restore();
}

bool RowDelegate::helpEvent(QHelpEvent *event, QAbstractItemView *view,
                            const QStyleOptionViewItem &option, const QModelIndex &index)
{
    if (event->type() != QEvent::ToolTip || !index.data(Qt::ToolTipRole).toString().isEmpty()
        || !isCut(option, index))
        return QStyledItemDelegate::helpEvent(event, view, option, index);
    QToolTip::showText(event->globalPos(), plainTip(index.data().toString()), view,
                       view->visualRect(index));
    return true;
}

bool RowDelegate::isCut(const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    return sizeHint(option, index).width() > option.rect.width();
}

void RowDelegate::paintCell(QPainter &painter, const QRect &rect,
                            const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    paintText(painter, rect, option, index);
}

void RowDelegate::paintText(QPainter &painter, const QRect &rect,
                            const QStyleOptionViewItem &option, const QModelIndex &index,
                            Theme::Role role)
{
    if (!isSelected(option))
        painter.setPen(Theme::color(role, option.palette));
    const QString text = index.data().toString();
    const auto alignment = index.data(Qt::TextAlignmentRole);
    painter.drawText(rect, alignment.isValid() ? alignment.toInt() : Qt::AlignVCenter,
                     painter.fontMetrics().elidedText(text, Qt::ElideRight, rect.width()));
}

void RowDelegate::paintFigures(QPainter &painter, const QRect &rect, const QModelIndex &index)
{
    Theme::drawFigures(
        painter, rect, Qt::Alignment(index.data(Qt::TextAlignmentRole).toInt()),
        painter.fontMetrics().elidedText(index.data().toString(), Qt::ElideRight, rect.width()));
}

bool RowDelegate::isSelected(const QStyleOptionViewItem &option)
{
    return option.state & QStyle::State_Selected;
}

} // namespace EtcdRegistry
