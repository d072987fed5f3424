// SPDX-License-Identifier: MIT
#include "registrationstate.h"

#include <algorithm>
#include <iterator>

namespace EtcdRegistry {

using State = Registration::State;

static constexpr struct
{
    State from;
    Happening what;
    State to;
} life[] = {
    {State::Joining, Happening::Written, State::Alive},
    {State::Joining, Happening::Refused, State::Failed},
    {State::Joining, Happening::Leave, State::Leaving},

    {State::Alive, Happening::Written, State::Alive},
    {State::Alive, Happening::Beaten, State::Alive},
    {State::Alive, Happening::BeatFailed, State::Late},
    {State::Alive, Happening::Overdue, State::Late},
    {State::Alive, Happening::TtlOver, State::Lost},
    {State::Alive, Happening::KeyGone, State::Rejoining},
    {State::Alive, Happening::LetGo, State::Left},
    {State::Alive, Happening::Pause, State::Paused},
    {State::Alive, Happening::Leave, State::Leaving},

    {State::Late, Happening::Written, State::Alive},
    {State::Late, Happening::Beaten, State::Alive},
    {State::Late, Happening::BeatFailed, State::Late},
    {State::Late, Happening::TtlOver, State::Lost},
    {State::Late, Happening::KeyGone, State::Rejoining},
    {State::Late, Happening::LetGo, State::Left},
    {State::Late, Happening::Pause, State::Paused},
    {State::Late, Happening::Leave, State::Leaving},

    // What may have gone does not become late.
    {State::Lost, Happening::Written, State::Alive},
    {State::Lost, Happening::Beaten, State::Alive},
    {State::Lost, Happening::BeatFailed, State::Lost},
    {State::Lost, Happening::KeyGone, State::Rejoining},
    {State::Lost, Happening::LetGo, State::Left},
    {State::Lost, Happening::Pause, State::Paused},
    {State::Lost, Happening::Leave, State::Leaving},

    {State::Rejoining, Happening::Written, State::Alive},
    {State::Rejoining, Happening::Beaten, State::Alive},
    {State::Rejoining, Happening::BeatFailed, State::Lost},
    {State::Rejoining, Happening::LetGo, State::Left},
    {State::Rejoining, Happening::Pause, State::Paused},
    {State::Rejoining, Happening::Leave, State::Leaving},

    {State::Paused, Happening::Resume, State::Late}, // until the beat that this starts
    {State::Paused, Happening::Leave, State::Leaving},

    {State::Leaving, Happening::Removed, State::Left},
    {State::Leaving, Happening::NotRemoved, State::Failed},
};

std::optional<State> stateAfter(State state, Happening what)
{
    const auto *row = std::ranges::find_if(
        life, [&](const auto &each) { return each.from == state && each.what == what; });
    return row == std::end(life) ? std::nullopt : std::optional(row->to);
}

} // namespace EtcdRegistry
