// SPDX-License-Identifier: MIT
#pragma once

#include "registration.h"

namespace EtcdRegistry {

/// What may happen to a registration.
enum class Happening {
    Written,    ///< its key was put, for the first time or again
    Beaten,     ///< a beat got through, and its key was there
    BeatFailed, ///< or putting its key again
    Overdue,    ///< no beat was sent in time
    TtlOver,    ///< no beat got through within the TTL
    KeyGone,    ///< a beat found that the key has gone, and it is to be put again
    LetGo,      ///< the same, and it is not
    Refused,    ///< it could not be joined
    Pause,
    Resume,
    Leave,
    Removed,
    NotRemoved,
};

/// The state in which that leaves a registration; nothing where it does not concern one in this
/// state. The whole life of a registration is this table.
std::optional<Registration::State> stateAfter(Registration::State state, Happening what);

} // namespace EtcdRegistry
