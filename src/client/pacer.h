// SPDX-License-Identifier: MIT
#pragma once

#include "bootclock.h"

#include <QHash>
#include <QList>

#include <map>
#include <optional>

namespace EtcdRegistry {

/// When heartbeats are due. Each has a place of its own in its interval, so that thousands are
/// spread over it, and keeps that place however late a beat was: a process that was asleep does
/// not beat in bursts ever after. Pure logic with given times; no timers.
class Pacer
{
public:
    using Clock = BootClock;
    using Id = const void *;

    /// The first beat is due within one interval.
    void add(Id id, std::chrono::milliseconds interval, Clock::time_point now);
    void remove(Id id);

    /// Up to so many that are due, most overdue first. They are not due again before done().
    QList<Id> take(qsizetype atMost, Clock::time_point now);
    /// It is due next at its place.
    void done(Id id, Clock::time_point now);
    /// It is due then, and later at its place as ever.
    void dueAt(Id id, Clock::time_point time);

    std::optional<Clock::time_point> next() const; ///< when one is due; may be over

private:
    struct Beat
    {
        std::chrono::milliseconds interval;
        Clock::time_point place;
        std::multimap<Clock::time_point, Id>::iterator due; ///< m_due.end(): it is taken
    };

    void schedule(Id id, Beat &beat, Clock::time_point time);

    QHash<Id, Beat> m_beats;
    std::multimap<Clock::time_point, Id> m_due;
    double m_place = 0; ///< of the last one that was added, as a share of its interval
};

} // namespace EtcdRegistry
