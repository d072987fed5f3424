// SPDX-License-Identifier: MIT
#pragma once

#include "layout.h"

#include <QDateTime>

namespace EtcdRegistry {

/// A registration that this client holds: what it registered, and how its heartbeat fares. What
/// leads from one state to another is in registrationstate.h.
struct Registration
{
    enum class State {
        Joining,
        Alive,
        Late,      ///< the last beat failed, or is overdue; its TTL has not run out
        Lost,      ///< no beat within its TTL: it may have expired
        Rejoining, ///< its key has gone and is being put again
        Paused,    ///< held, and not beaten: it expires by itself
        Leaving,
        Left,   ///< no longer held
        Failed, ///< no longer held: it could not be joined, or not be left (then it expires)
    };

    /// Why it is in this state.
    enum class Cause {
        Asked,         ///< somebody here wanted it so
        Beat,          ///< a beat, or the write of the key, got through
        BeatFailed,    ///< see lastError
        Overdue,       ///< no beat was sent in time: this machine was asleep, or is too busy
        Expired,       ///< no beat got through within its TTL
        KeyGone,       ///< its key was deleted or replaced by somebody else
        LeaseGone,     ///< v3: its lease was revoked by somebody else
        DirectoryGone, ///< v2: the directory of its key has expired, or was deleted
        Refused,       ///< joining or leaving failed: see lastError
    };

    qint64 id = 0; ///< unique within the Registry, never used again
    Service service;
    QString key;
    QByteArray document; ///< as written
    State state = State::Joining;
    Cause cause = Cause::Asked;
    QDateTime joinedAt;             ///< UTC, as all times
    QDateTime lastBeat;             ///< the last one that succeeded (joining counts)
    int beatsSent = 0;              ///< attempted, whatever became of them
    int beatsMissed = 0;            ///< failed
    int rejoins = 0;                ///< how often the key had gone and was put again
    qint64 lease = 0;               ///< v3
    std::optional<Error> lastError; ///< of the last beat; none if it succeeded
    /// What was at its key with another document, when it was joined or since; null: nothing.
    InstancePtr found;
    bool contested = false; ///< the same came back: two owners fight over the key

    bool isHeld() const { return state != State::Left && state != State::Failed; }

    bool operator==(const Registration &) const = default;
};

/// Why a registration is in its state, as a sentence for users; empty where that goes without
/// saying.
QString causeText(const Registration &registration);

} // namespace EtcdRegistry
