// SPDX-License-Identifier: MIT
#pragma once

#include "rowdelegate.h"

#include <functional>
#include <optional>

namespace EtcdRegistry {

/// The cells of the small tables: in one column a sign before the text, numbers in figures of one
/// width.
class SignDelegate : public RowDelegate
{
    Q_OBJECT
public:
    using SignOf = std::function<std::optional<InstanceState>(const QModelIndex &)>;

    SignDelegate(int signColumn, SignOf signOf, QObject *parent);

protected:
    void paintCell(QPainter &painter, const QRect &rect, const QStyleOptionViewItem &option,
                   const QModelIndex &index) const override;

private:
    int m_signColumn;
    SignOf m_signOf;
};

} // namespace EtcdRegistry
