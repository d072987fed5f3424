// SPDX-License-Identifier: MIT
#include "beatwatch.h"

#include "measure.h"

namespace EtcdRegistry {

using namespace std::chrono_literals;

/// A beat comes every five seconds; a quarter later it is late, as the view counts.
constexpr auto notLate = 6s;

BeatWatch::BeatWatch(const Session &session, BeatRecord &record)
    : m_session(session)
    , m_record(record)
    , m_seen(size_t(record.instances()))
{
    connect(&session, &Session::updated, this,
            [this](const RowsUpdatePtr &update) { updated(*update); });
    m_timer.start(100, this);
}

void BeatWatch::restart()
{
    m_behind = m_cpu = 0ns;
    m_wronglyLate = m_reallyLate = m_wronglyChanged = 0;
}

/// The states are looked at elsewhere, but an update names rows for their documents too.
void BeatWatch::updated(const RowsUpdate &update)
{
    const auto gone = std::ranges::count(update.newIndexes, -1);
    const auto changed = std::ranges::count_if(update.changed, [&](int row) {
        return update.rows[row].changed != Session::Clock::time_point();
    });
    m_wronglyChanged += int(update.added.size()) + int(gone + changed);
}

void BeatWatch::timerEvent(QTimerEvent *)
{
    const auto before = threadCpuTime();
    const std::chrono::nanoseconds now = std::chrono::steady_clock::now().time_since_epoch();
    int late = 0, really = 0;
    const Rows &rows = m_session.rows();
    for (int i = 0; i < std::min(int(rows.size()), m_record.instances()); ++i) {
        const BeatRecord::Beats &beats = m_record.of(i);
        size_t &seen = m_seen[size_t(i)];
        const auto unseen = [&] { return seen < beats.size() ? beats[seen].revision.load() : 0; };
        while (unseen() && unseen() <= rows[i].instance->modRevision)
            ++seen;
        if (unseen())
            m_behind = std::max(m_behind, now - std::chrono::nanoseconds(beats[seen].at));
        if (rows[i].state == InstanceState::Alive)
            continue;
        size_t next = seen;
        while (next < beats.size() && beats[next].revision)
            ++next;
        const bool beaten =
            next > 0 && now - std::chrono::nanoseconds(beats[next - 1].at) < notLate;
        ++(beaten ? late : really);
    }
    m_wronglyLate = std::max(m_wronglyLate, late);
    m_reallyLate = std::max(m_reallyLate, really);
    m_cpu += threadCpuTime() - before;
}

} // namespace EtcdRegistry
