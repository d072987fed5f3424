// SPDX-License-Identifier: MIT
#pragma once

#include "rowdelegate.h"

namespace EtcdRegistry {

/// The cells of InstanceModel: the sign of the state, the bar of what is left to live, and a
/// ground that fades where something changed.
class InstanceDelegate : public RowDelegate
{
    Q_OBJECT
public:
    using RowDelegate::RowDelegate;

    void setFlashing(bool flashing) { m_flashing = flashing; }
    bool isFlashing() const { return m_flashing; }

    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override;

protected:
    void paintCell(QPainter &painter, const QRect &rect, const QStyleOptionViewItem &option,
                   const QModelIndex &index) const override;

private:
    static void paintLife(QPainter &painter, const QRect &rect, const QStyleOptionViewItem &option,
                          const QModelIndex &index);

    bool m_flashing = true;
};

} // namespace EtcdRegistry
