// SPDX-License-Identifier: MIT
#pragma once

#include "rowdelegate.h"

namespace EtcdRegistry {

/// The tree's rows: the name at the left; at the right the number of instances, and before it the
/// signs and numbers of those in trouble.
class ServiceDelegate : public RowDelegate
{
    Q_OBJECT
public:
    using RowDelegate::RowDelegate;

protected:
    bool isCut(const QStyleOptionViewItem &, const QModelIndex &) const override { return true; }
    void paintCell(QPainter &painter, const QRect &rect, const QStyleOptionViewItem &option,
                   const QModelIndex &index) const override;
};

} // namespace EtcdRegistry
