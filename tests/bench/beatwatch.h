// SPDX-License-Identifier: MIT
#pragma once

#include "beatrecord.h"
#include "session.h"

#include <QBasicTimer>

#include <vector>

namespace EtcdRegistry {

/// Holds what a session shows against what the loader has recorded, ten times a second.
class BeatWatch : public QObject
{
public:
    BeatWatch(const Session &session, BeatRecord &record);

    void restart(); ///< forgets what it found

    /// How long at most a beat was acknowledged to its owner and not yet in the view.
    std::chrono::nanoseconds behind() const { return m_behind; }
    int wronglyLate() const { return m_wronglyLate; } ///< at one time
    int reallyLate() const { return m_reallyLate; }   ///< the loader could not keep its schedule
    int wronglyChanged() const { return m_wronglyChanged; } ///< joined, changed or gone
    std::chrono::nanoseconds cpu() const { return m_cpu; }  ///< that the looking itself took

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    void updated(const RowsUpdate &update);

    const Session &m_session;
    BeatRecord &m_record;
    QBasicTimer m_timer;
    std::vector<size_t> m_seen; ///< by instance: so many of its beats have been shown
    std::chrono::nanoseconds m_behind{0};
    std::chrono::nanoseconds m_cpu{0};
    int m_wronglyLate = 0;
    int m_reallyLate = 0;
    int m_wronglyChanged = 0;
};

} // namespace EtcdRegistry
