// SPDX-License-Identifier: MIT
#pragma once

#include "row.h"

#include <stop_token>

namespace EtcdRegistry {

/// How rows sort: by a column of InstanceModel, and rows that are the same in it by service, host
/// and port. Numbers in texts count by their value; what is not known comes last. A value; any
/// thread.
struct RowOrder
{
    int column = 1; ///< InstanceModel::Service
    Qt::SortOrder order = Qt::AscendingOrder;
    QString field; ///< of the document; it counts in a column after the fixed ones

    bool less(const Rows &rows, int a, int b) const;
    /// These indexes of rows in their order. Many are shared out among the cores; once a stop is
    /// requested it ends with whatever it has.
    std::vector<int> sorted(const Rows &rows, std::vector<int> indexes,
                            const std::stop_token &stop = {}) const;

    bool operator==(const RowOrder &) const = default;
};

} // namespace EtcdRegistry
