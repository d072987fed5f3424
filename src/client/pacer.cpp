// SPDX-License-Identifier: MIT
#include "pacer.h"

#include <cmath>

namespace EtcdRegistry {

void Pacer::schedule(Id id, Beat &beat, Clock::time_point time)
{
    if (beat.due != m_due.end())
        m_due.erase(beat.due);
    beat.due = m_due.emplace(time, id);
}

void Pacer::add(Id id, std::chrono::milliseconds interval, Clock::time_point now)
{
    // Steps of the golden ratio: however many there are, and will be, they are spread evenly.
    constexpr double goldenRatio = 0.6180339887498949;
    double whole;
    m_place = std::modf(m_place + goldenRatio, &whole);
    remove(id);
    Beat &beat = *m_beats.insert(id, {interval, {}, m_due.end()});
    beat.place = now + std::chrono::duration_cast<Clock::duration>(m_place * interval);
    schedule(id, beat, beat.place);
}

void Pacer::remove(Id id)
{
    const auto beat = m_beats.find(id);
    if (beat == m_beats.end())
        return;
    if (beat->due != m_due.end())
        m_due.erase(beat->due);
    m_beats.erase(beat);
}

QList<Pacer::Id> Pacer::take(qsizetype atMost, Clock::time_point now)
{
    QList<Id> taken;
    while (taken.size() < atMost && !m_due.empty() && m_due.begin()->first <= now) {
        const Id id = m_due.begin()->second;
        m_due.erase(m_due.begin());
        m_beats[id].due = m_due.end();
        taken.append(id);
    }
    return taken;
}

void Pacer::done(Id id, Clock::time_point now)
{
    const auto beat = m_beats.find(id);
    if (beat == m_beats.end())
        return;
    if (beat->place <= now)
        beat->place += ((now - beat->place) / beat->interval + 1) * beat->interval;
    schedule(id, *beat, beat->place);
}

void Pacer::dueAt(Id id, Clock::time_point time)
{
    if (const auto beat = m_beats.find(id); beat != m_beats.end())
        schedule(id, *beat, time);
}

std::optional<Pacer::Clock::time_point> Pacer::next() const
{
    return m_due.empty() ? std::nullopt : std::optional(m_due.begin()->first);
}

} // namespace EtcdRegistry
