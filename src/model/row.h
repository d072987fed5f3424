// SPDX-License-Identifier: MIT
#pragma once

#include "instancestate.h"
#include "liveinstance.h"

#include <QList>

#include <array>
#include <memory>
#include <vector>

namespace EtcdRegistry {

/// One instance as the window shows it: what watching it told, and what the session knows besides.
struct Row : LiveInstance
{
    InstanceState state = InstanceState::Alive;
    bool ours = false; ///< held by this client

    bool operator==(const Row &) const = default;
};

/// Sorted by instanceLess; implicitly shared.
using Rows = QList<Row>;

/// How many instances are in each state; indexed by InstanceState.
struct StateCounts
{
    std::array<int, 6> of{};

    int operator[](InstanceState state) const { return of[size_t(state)]; }
    void add(InstanceState state) { ++of[size_t(state)]; }
    StateCounts &operator+=(const StateCounts &other);
    int total() const;

    bool operator==(const StateCounts &) const = default;
};

/// A service that has instances, and how they fare.
struct ServiceCounts
{
    QString nameSpace;
    QString service;
    StateCounts counts;

    bool operator==(const ServiceCounts &) const = default;
};

/// Rows, and how they came out of those before: what views need to move on by ranges. It is made
/// off the GUI thread, so that nothing there takes a walk over the strings of 100,000 instances.
struct RowsUpdate
{
    Rows rows;
    std::vector<int> newIndexes; ///< for each row before: where it is now; -1: gone
    std::vector<int> added;      ///< into `rows`, ascending
    /// Into `rows`, ascending: the document, the state or whose it is; times alone don't count.
    std::vector<int> changed;
    QList<ServiceCounts> services; ///< sorted as the rows are
    StateCounts counts;
};
using RowsUpdatePtr = std::shared_ptr<const RowsUpdate>;

/// What leads from rows to others: linear. Both must be sorted by instanceLess.
RowsUpdate updateOf(const Rows &before, Rows after);

} // namespace EtcdRegistry

Q_DECLARE_TYPEINFO(EtcdRegistry::Row, Q_RELOCATABLE_TYPE);
Q_DECLARE_METATYPE(EtcdRegistry::RowsUpdatePtr)
