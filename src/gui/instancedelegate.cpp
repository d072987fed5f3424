// SPDX-License-Identifier: MIT
#include "instancedelegate.h"

#include "instancemodel.h"

#include <QPainter>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

namespace {

InstanceState stateAt(const QModelIndex &index)
{
    return InstanceState(index.data(InstanceModel::StateRole).toInt());
}

} // namespace

void InstanceDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option,
                             const QModelIndex &index) const
{
    const double fresh = m_flashing ? index.data(InstanceModel::FreshnessRole).toDouble() : 0;
    if (fresh > 0) {
        QColor ground = Theme::color(InstanceState::Alive, option.palette);
        ground.setAlphaF(float(fresh) / 4);
        painter->fillRect(option.rect, ground);
    }
    RowDelegate::paint(painter, option, index);
}

void InstanceDelegate::paintCell(QPainter &painter, const QRect &rect,
                                 const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    switch (index.column()) {
    case InstanceModel::State:
        Theme::paintState(painter, rect, stateAt(index), option.palette);
        break;
    case InstanceModel::Host:
    case InstanceModel::Service:
        paintText(painter, rect, option, index);
        break;
    case InstanceModel::Url:
        paintText(painter, rect, option, index, Theme::Role::Accent);
        break;
    case InstanceModel::LivesOn:
        paintLife(painter, rect, option, index);
        break;
    case InstanceModel::Port:
    case InstanceModel::UpFor:
    case InstanceModel::LastBeat:
        paintFigures(painter, rect, index);
        break;
    default:
        paintText(painter, rect, option, index, Theme::Role::Dim);
        break;
    }
}

/// The number at the left, right-aligned as numbers are, and the bar in what remains.
void InstanceDelegate::paintLife(QPainter &painter, const QRect &rect,
                                 const QStyleOptionViewItem &option, const QModelIndex &index)
{
    const InstanceState state = stateAt(index);
    const QString text = index.data().toString();
    const QFontMetrics metrics = painter.fontMetrics();
    QRect number = rect;
    number.setWidth(
        std::max(metrics.horizontalAdvance(u"00.0 s"_s), metrics.horizontalAdvance(text)));
    if (state == InstanceState::NoTtl && !isSelected(option))
        painter.setPen(Theme::color(state, option.palette));
    Theme::drawFigures(painter, number, Qt::AlignRight, text);

    const QVariant life = index.data(InstanceModel::LifeRole);
    QRectF bar = rect.adjusted(number.width() + Theme::cellPadding, 0, 0, 0);
    if (!life.isValid() || bar.width() < 16)
        return;
    bar = QRectF(bar.left(), bar.center().y() - 1.5, bar.width(), 4);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(Theme::color(Theme::Role::Line, option.palette));
    painter.drawRoundedRect(bar, 2, 2);
    bar.setWidth(bar.width() * life.toDouble());
    painter.setBrush(Theme::color(state, option.palette));
    painter.drawRoundedRect(bar, 2, 2);
}

} // namespace EtcdRegistry
