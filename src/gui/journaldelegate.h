// SPDX-License-Identifier: MIT
#pragma once

#include "rowdelegate.h"

namespace EtcdRegistry {

/// The cells of JournalModel: each kind in its colour, times in figures of one width.
class JournalDelegate : public RowDelegate
{
    Q_OBJECT
public:
    using RowDelegate::RowDelegate;

protected:
    void paintCell(QPainter &painter, const QRect &rect, const QStyleOptionViewItem &option,
                   const QModelIndex &index) const override;
};

} // namespace EtcdRegistry
