// SPDX-License-Identifier: MIT
#pragma once

#include "liveregistry.h"

#include <QHash>
#include <QMutex>

#include <array>
#include <vector>

namespace EtcdRegistry {

/// When instances were there during the last hour, in steps of half a minute. One that just stays
/// costs no memory: it was there since it was first seen. Of those that came back, went or were
/// late, 20,000 at most are remembered, in 160 bytes each; what happens to more is not shown.
///
/// Time is that of what it is told. It may be told in one thread and asked in another.
class Presence
{
public:
    using Clock = Instance::Clock;
    static constexpr int stepCount = 120;
    static constexpr std::chrono::seconds stepTime{30};

    /// What was seen within one step: several at once, where it changed. None: not known.
    enum Seen : quint8 { Nothing = 0, Absent = 1, Present = 2, Late = 4 };
    using Steps = std::array<quint8, stepCount>; ///< flags of Seen; the last step is not over yet

    void record(const QList<Change> &changes);
    void recordLate(const LiveInstance &live, Clock::time_point at); ///< until its next beat
    /// Connected: that is when we began to look. From CutOff to Recovered nobody knows.
    void record(const LiveEvent &event);

    /// `live`: as it is, or, if not `here`, as it was or with nothing but its key.
    Steps lastHour(const LiveInstance &live, bool here, Clock::time_point now) const;

private:
    struct History
    {
        Steps steps{};
        qint64 last = 0; ///< the number of the last step
        Seen now = Nothing;
    };

    void see(const LiveInstance &live, Seen now, Clock::time_point at);
    History historyOf(const LiveInstance &live, Seen now, qint64 step) const;
    void prune(qint64 step);

    mutable QMutex m_mutex;
    QHash<QString, History> m_histories;
    qint64 m_pruned = 0;
    std::optional<qint64> m_began;
    std::vector<std::pair<qint64, qint64>> m_blind; ///< steps from, to
};

} // namespace EtcdRegistry
