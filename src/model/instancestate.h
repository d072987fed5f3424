// SPDX-License-Identifier: MIT
#pragma once

#include "liveinstance.h"

#include <QString>

namespace EtcdRegistry {

struct Row;

/// How an instance fares, worst last. A sign and a colour stand for each (see Theme).
enum class InstanceState {
    Alive,
    Paused,   ///< ours, and its beat is paused
    NoTtl,    ///< it never expires by itself: a zombie suspect
    Late,     ///< its next beat is overdue by its own cadence (see beatDue())
    Expiring, ///< it is late, and less than a fifth of its TTL is left
    Broken,   ///< see Instance::Problem
};

/// Pure. `looked`: when it was last made sure that no beat had come; silence of ours is not held
/// against an instance. `paused`: we hold it and its beat is paused.
InstanceState stateOf(const LiveInstance &live, Instance::Clock::time_point now,
                      Instance::Clock::time_point looked, bool paused = false);

/// When the end is near of one that a directory above it will take along (Instance::cutShort).
Instance::Clock::time_point directoryEndsSoon(const Instance &instance);

/// "Alive", "Late", ... in the user's language.
QString stateName(InstanceState state);

/// The state as a sentence: "Late: its beat is 1.6 s overdue; it expires in 3.4 s."
QString stateSentence(const Row &row, Instance::Clock::time_point now);

} // namespace EtcdRegistry
