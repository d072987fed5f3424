// SPDX-License-Identifier: MIT
#include "signdelegate.h"

#include <QPainter>

namespace EtcdRegistry {

SignDelegate::SignDelegate(int signColumn, SignOf signOf, QObject *parent)
    : RowDelegate(parent)
    , m_signColumn(signColumn)
    , m_signOf(std::move(signOf))
{}

void SignDelegate::paintCell(QPainter &painter, const QRect &rect,
                             const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    if (index.column() == m_signColumn) {
        constexpr int signWidth = 12;
        if (const auto sign = m_signOf(index))
            Theme::paintState(painter, QRectF(rect.left(), rect.top(), signWidth, rect.height()),
                              *sign, option.palette);
        paintText(painter, rect.adjusted(signWidth + 6, 0, 0, 0), option, index);
    } else if (index.data(Qt::TextAlignmentRole).toInt() & Qt::AlignRight) {
        paintFigures(painter, rect, index);
    } else {
        paintText(painter, rect, option, index);
    }
}

} // namespace EtcdRegistry
