// SPDX-License-Identifier: MIT
#pragma once

#include "instance.h"

#include <QString>

namespace EtcdRegistry {

/// How an instance fares, worst last. A sign and a colour stand for each (see Theme).
enum class InstanceState {
    Alive,
    Paused,   ///< ours, and its beat is paused
    NoTtl,    ///< it never expires by itself: a zombie suspect
    Late,     ///< when it was last listed less than 40 % of its TTL were left: beats come at half the TTL
    Expiring, ///< less than a fifth of its TTL is left now
    Broken,   ///< see Instance::Problem
};

/// Pure. `paused`: we hold it and its beat is paused.
InstanceState stateOf(const Instance &instance, Instance::Clock::time_point now, bool paused = false);

/// "Alive", "Late", ... in the user's language.
QString stateName(InstanceState state);

/// The state as a sentence: "Late: 3.4 s of its 10 s are left, no beat for 6.6 s."
QString stateSentence(const Instance &instance, Instance::Clock::time_point now, bool paused = false);

} // namespace EtcdRegistry
