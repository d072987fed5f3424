// SPDX-License-Identifier: MIT
#pragma once

#include "layout.h"

#include <QDateTime>

namespace EtcdRegistry {

/// A registration that this client holds: what it registered, and how its heartbeat fares.
struct Registration
{
    enum class State {
        Joining,
        Alive,
        Late,   ///< the last beat failed, or is overdue; its TTL has not run out
        Lost,   ///< no beat within its TTL: it has expired, and is joined again as soon as possible
        Paused, ///< held, and not beaten: it expires by itself
        Leaving,
    };

    qint64 id = 0; ///< unique within the Registry, never used again
    Service service;
    QString key;
    QByteArray document; ///< as written
    State state = State::Joining;
    QDateTime joinedAt;
    QDateTime lastBeat;             ///< the last one that succeeded (joining counts)
    int beatsSent = 0;              ///< attempted, whatever became of them
    int beatsMissed = 0;            ///< failed
    int rejoins = 0;                ///< how often the key had gone and was put again
    qint64 lease = 0;               ///< v3
    std::optional<Error> lastError; ///< of the last beat; none if it succeeded

    bool operator==(const Registration &) const = default;
};

} // namespace EtcdRegistry
