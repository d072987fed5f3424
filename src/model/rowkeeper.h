// SPDX-License-Identifier: MIT
#pragma once

#include "liveregistry.h"
#include "row.h"

#include <QObject>
#include <QSet>
#include <QTimer>

#include <map>
#include <optional>

namespace EtcdRegistry {

/// Keeps the rows of the window by what a live registry tells, in its thread: it gathers changes
/// and hands them on, at most every 100 ms and never before the last ones were taken. It also
/// watches how instances come to be late as time goes by.
class RowKeeper : public QObject
{
    Q_OBJECT
public:
    using Clock = Instance::Clock;

    explicit RowKeeper(QObject *parent = nullptr);

    void begin(const QList<LiveInstance> &instances);
    void apply(const QList<Change> &changes);
    /// See LiveRegistry::looked().
    void setLooked(Clock::time_point at);
    /// The time by which it judges stands still with it.
    void setStatus(const LiveStatus &status) { m_status = status; }
    /// Keys that this client holds, and those of them whose beat is paused.
    void setOurs(const QSet<QString> &ours, const QSet<QString> &paused);

    /// While paused, changes are gathered and counted.
    void setPaused(bool paused);
    void taken(); ///< the last update has been applied: the next may come

Q_SIGNALS:
    void updated(const EtcdRegistry::RowsUpdatePtr &update);
    void waiting(int changes); ///< paused: so many instances joined, left or changed
    void late(const EtcdRegistry::LiveInstance &live, EtcdRegistry::Instance::Clock::time_point at);

private:
    struct Less
    {
        bool operator()(const InstancePtr &a, const InstancePtr &b) const;
    };

    void set(const LiveInstance &live, Clock::time_point now);
    void remove(const InstancePtr &instance);
    const Row *shown(const InstancePtr &instance) const; ///< null: it is not
    void tellLate(const Row &before, const Row &row, Clock::time_point now);
    InstanceState stateOf(const LiveInstance &live, Clock::time_point now) const;
    Clock::time_point now() const;
    void updateStates();
    void schedule();
    void deliver();
    Rows merged() const;

    Rows m_rows;                                               ///< as they were handed on
    std::map<InstancePtr, std::optional<Row>, Less> m_pending; ///< since then; none: gone
    QSet<QString> m_waiting;                                   ///< keys that changed while paused
    QSet<QString> m_ours;
    QSet<QString> m_pausedKeys;
    LiveStatus m_status;
    Clock::time_point m_looked{};
    Clock::time_point m_nextState{}; ///< before that no state changes by itself
    bool m_paused = false;
    bool m_taken = true;
    QTimer m_timer;
    QTimer m_stateTimer;
};

} // namespace EtcdRegistry
