// SPDX-License-Identifier: MIT
#pragma once

#include "instancestate.h"

#include <QList>
#include <QMetaType>

#include <array>

namespace EtcdRegistry {

/// One instance as the window shows it: what a listing said, and what the session knows besides.
struct Row
{
    Instance instance;
    InstanceState state = InstanceState::Alive;
    bool ours = false;                       ///< held by this client
    Instance::Clock::time_point firstSeen{}; ///< by this session
    bool older = false; ///< it was there at the first listing already, so for longer than that
    /// When it joined, or its document changed, under our eyes; the epoch: it did not.
    Instance::Clock::time_point changed{};

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
    int total() const;

    bool operator==(const StateCounts &) const = default;
};

StateCounts countStates(const Rows &rows);

/// When its last beat came, as far as TTL and expiry tell.
std::optional<Instance::Clock::time_point> lastBeat(const Instance &instance);

/// Moves on to the row of this instance, or past all those that sort before it. True: it is there.
/// For walks over rows and instances that are sorted alike.
bool seek(Rows::const_iterator &row, Rows::const_iterator end, const Instance &instance);

/// The listed instances with what `known` knows of them: linear. `first`: nothing was known before,
/// so what is there did not join now. State and `ours` are left to the caller.
Rows merged(const Rows &known, const QList<Instance> &listed, Instance::Clock::time_point now,
            bool first);

} // namespace EtcdRegistry

Q_DECLARE_METATYPE(EtcdRegistry::StateCounts)
