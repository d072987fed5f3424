// SPDX-License-Identifier: MIT
#include "presence.h"

#include <algorithm>
#include <limits>

namespace EtcdRegistry {

namespace {

constexpr qsizetype mostHistories = 20'000;
constexpr qint64 forEver = std::numeric_limits<qint64>::max();

/// Steps are numbered on the clock, so that they don't shift as time goes on.
qint64 stepAt(Presence::Clock::time_point time)
{
    return time.time_since_epoch() / Presence::stepTime;
}

void advance(Presence::Steps &steps, qint64 &last, qint64 to, quint8 with)
{
    const qint64 by = std::clamp<qint64>(to - last, 0, Presence::stepCount);
    std::shift_left(steps.begin(), steps.end(), by);
    std::fill(steps.end() - by, steps.end(), with);
    last = std::max(last, to);
}

} // namespace

void Presence::record(const QList<Change> &changes)
{
    const QMutexLocker lock(&m_mutex);
    for (const Change &change : changes) {
        const auto known = m_histories.constFind(change.live.instance->key);
        // What has no history yet gets one when it goes: most that join just stay.
        if (isGone(change.kind))
            see(change.live, Absent, change.at);
        else if (known != m_histories.constEnd() && known->now != Present
                 && change.kind != Change::Kind::Looked)
            see(change.live, Present, change.at);
    }
}

void Presence::recordLate(const LiveInstance &live, Clock::time_point at)
{
    const QMutexLocker lock(&m_mutex);
    see(live, Late, at);
}

void Presence::record(const LiveEvent &event)
{
    const QMutexLocker lock(&m_mutex);
    const qint64 step = stepAt(event.at);
    if (event.kind == LiveEvent::Kind::Connected && !m_began)
        m_began = step;
    else if ((event.kind == LiveEvent::Kind::CutOff || event.kind == LiveEvent::Kind::NoLeader)
             && (m_blind.empty() || m_blind.back().second < forEver))
        m_blind.push_back({step, forEver});
    else if ((event.kind == LiveEvent::Kind::Recovered || event.kind == LiveEvent::Kind::Led)
             && !m_blind.empty())
        m_blind.back().second = step;
    std::erase_if(m_blind, [step](const auto &each) { return each.second < step - stepCount; });
}

void Presence::see(const LiveInstance &live, Seen now, Clock::time_point at)
{
    const qint64 step = stepAt(at);
    prune(step);
    auto found = m_histories.find(live.instance->key);
    if (found == m_histories.end()) {
        if (m_histories.size() >= mostHistories)
            return;
        found = m_histories.insert(live.instance->key, historyOf(live, Present, step));
    }
    advance(found->steps, found->last, step, found->now);
    found->now = now;
    found->steps.back() |= now;
}

/// Of one that has none: there since it was first seen, and not before.
Presence::History Presence::historyOf(const LiveInstance &live, Seen now, qint64 step) const
{
    History history{.last = step, .now = now};
    const qint64 joined = stepAt(live.firstSeen);
    for (int i = 0; i < stepCount; ++i) {
        const qint64 each = step - stepCount + 1 + i;
        if (each >= joined)
            history.steps[i] = Present;
        else if (!live.older && m_began && each >= *m_began)
            history.steps[i] = Absent;
    }
    return history;
}

void Presence::prune(qint64 step)
{
    if (step == m_pruned)
        return;
    m_pruned = step;
    m_histories.removeIf([step](auto each) { return each.value().last < step - stepCount; });
}

Presence::Steps Presence::lastHour(const LiveInstance &live, bool here, Clock::time_point now) const
{
    const QMutexLocker lock(&m_mutex);
    qint64 step = stepAt(now);
    History history;
    if (const auto found = m_histories.constFind(live.instance->key); found != m_histories.end())
        history = *found;
    else if (here)
        history = historyOf(live, Present, step);
    step = std::max(step, history.last); // a paused view is behind what is recorded
    advance(history.steps, history.last, step, history.now);
    for (const auto &[from, to] : m_blind) {
        for (qint64 each = from + 1; each < std::min(to, step + 1); ++each) {
            const qint64 i = each - step + stepCount - 1;
            if (i >= 0)
                history.steps[i] = Nothing;
        }
    }
    return history.steps;
}

} // namespace EtcdRegistry
