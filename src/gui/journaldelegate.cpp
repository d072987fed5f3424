// SPDX-License-Identifier: MIT
#include "journaldelegate.h"

#include "journalmodel.h"

#include <QPainter>

namespace EtcdRegistry {

namespace {

QColor kindColor(const QModelIndex &index, const QPalette &palette)
{
    using Kind = JournalEntry::Kind;
    const bool trouble = index.data(JournalModel::TroubleRole).toBool();
    switch (Kind(index.data(JournalModel::KindRole).toInt())) {
    case Kind::Joined:
        return Theme::color(InstanceState::Alive, palette);
    case Kind::Changed:
        return Theme::color(Theme::Role::Accent, palette);
    case Kind::Late:
        return Theme::color(InstanceState::Late, palette);
    case Kind::Ours:
        return Theme::color(trouble ? InstanceState::Expiring : InstanceState::Alive, palette);
    default:
        return trouble ? Theme::color(InstanceState::Expiring, palette)
                       : Theme::color(Theme::Role::Dim, palette);
    }
}

} // namespace

void JournalDelegate::paintCell(QPainter &painter, const QRect &rect,
                                const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    switch (index.column()) {
    case JournalModel::Time:
        if (!isSelected(option))
            painter.setPen(Theme::color(Theme::Role::Dim, option.palette));
        return paintFigures(painter, rect, index);
    case JournalModel::Kind:
        if (!isSelected(option))
            painter.setPen(kindColor(index, option.palette));
        painter.drawText(rect, Qt::AlignVCenter, index.data().toString());
        return;
    default:
        return paintText(painter, rect, option, index);
    }
}

} // namespace EtcdRegistry
