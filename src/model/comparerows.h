// SPDX-License-Identifier: MIT
#pragma once

#include "row.h"

#include <QStringList>

namespace EtcdRegistry {

/// Below, above or equal to zero: how two rows sort by a column of InstanceModel, whose columns
/// after the fixed ones are these fields. Numbers in texts count by their value; what is not known
/// comes last.
int compareRows(const Row &a, const Row &b, int column, const QStringList &fields);

} // namespace EtcdRegistry
