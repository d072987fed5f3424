// SPDX-License-Identifier: MIT
#include "servicedelegate.h"

#include "servicemodel.h"

#include <QPainter>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

void ServiceDelegate::paintCell(QPainter &painter, const QRect &rect,
                                const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const auto counts = index.data(ServiceModel::CountsRole).value<StateCounts>();
    const QFont small = Theme::smallFont(option.font);
    const QFontMetrics metrics(small);
    QRect name = rect;
    // From the right, as the next number ends where the last sign began.
    const auto putNumber = [&](int number, int minimumWidth) {
        const QString text = QLocale().toString(number);
        painter.drawText(name, Qt::AlignRight | Qt::AlignVCenter, text);
        name.setRight(name.right() - std::max(metrics.horizontalAdvance(text), minimumWidth));
    };

    painter.setFont(small);
    if (!isSelected(option))
        painter.setPen(Theme::color(Theme::Role::Dim, option.palette));
    putNumber(counts.total(), metrics.horizontalAdvance(u"00"_s));
    for (const InstanceState state : {InstanceState::Broken, InstanceState::NoTtl,
                                      InstanceState::Expiring, InstanceState::Late}) {
        if (!counts[state])
            continue;
        name.setRight(name.right() - 8);
        if (!isSelected(option))
            painter.setPen(Theme::color(state, option.palette));
        putNumber(counts[state], 0);
        name.setRight(name.right() - 3);
        Theme::paintState(painter, QRectF(name.right() - 11, name.top(), 12, name.height()), state,
                          option.palette);
        name.setRight(name.right() - 12);
    }

    QFont font = option.font;
    if (!index.parent().isValid())
        font.setWeight(QFont::DemiBold);
    painter.setFont(font);
    name.setRight(name.right() - Theme::cellPadding);
    painter.setPen(Theme::color(Theme::Role::Text, option.palette));
    painter.drawText(
        name, Qt::AlignVCenter,
        painter.fontMetrics().elidedText(index.data().toString(), Qt::ElideRight, name.width()));
}

} // namespace EtcdRegistry
