// SPDX-License-Identifier: MIT
#include "heartbeats.h"

#include <QRandomGenerator>

using namespace std::chrono_literals;

namespace EtcdRegistry {

constexpr qsizetype beatsAtOnce = 64; // etcd writes many to the disk together
constexpr qsizetype beatsAtOnceInTrouble = 4;
constexpr auto together = 25ms; // to wake for each would take as long as the beat

Heartbeats::Heartbeats(QObject *parent)
    : QObject(parent)
{
    m_timer.setSingleShot(true);
    m_timer.setTimerType(Qt::PreciseTimer);
    connect(&m_timer, &QTimer::timeout, this, &Heartbeats::look);
}

void Heartbeats::add(Heartbeat &heartbeat)
{
    if (m_members.contains(&heartbeat))
        return;
    m_members.insert(&heartbeat, {&heartbeat});
    m_pacer.add(&heartbeat, heartbeat.interval(), Pacer::Clock::now());
    connect(&heartbeat, &Heartbeat::ended, this,
            [this, &heartbeat](const std::optional<Error> &error) { ended(heartbeat, error); });
    look();
}

void Heartbeats::remove(Heartbeat &heartbeat)
{
    heartbeat.disconnect(this);
    m_pacer.remove(&heartbeat);
    if (m_members.take(&heartbeat).isBeating) {
        --m_beating;
        look();
    }
}

void Heartbeats::beatNow(Heartbeat &heartbeat)
{
    if (!m_members.value(&heartbeat).isBeating)
        m_pacer.dueAt(&heartbeat, Pacer::Clock::now());
    look();
}

void Heartbeats::beatAllNow()
{
    for (const auto &[id, member] : m_members.asKeyValueRange()) {
        if (!member.isBeating)
            m_pacer.dueAt(id, Pacer::Clock::now());
    }
    look();
}

qsizetype Heartbeats::room() const
{
    return (m_trouble ? beatsAtOnceInTrouble : beatsAtOnce) - m_beating - m_resting;
}

void Heartbeats::look()
{
    const auto now = Pacer::Clock::now();
    const QList<Pacer::Id> due = m_pacer.take(room(), now);
    for (const Pacer::Id id : due) {
        Member &member = m_members[id];
        member.isBeating = true;
        ++m_beating;
        member.heartbeat->beat();
    }
    m_timer.stop();
    const auto next = m_pacer.next();
    if (next && *next > now) // else the end of a beat makes room for it
        m_timer.start(
            std::max(together, std::chrono::ceil<std::chrono::milliseconds>(*next - now)));
}

void Heartbeats::ended(Heartbeat &heartbeat, const std::optional<Error> &error)
{
    Member &member = m_members[&heartbeat];
    m_beating -= std::exchange(member.isBeating, false);
    if (!error) {
        const bool wasTrouble = m_trouble.has_value();
        m_trouble.reset();
        member.failures = 0;
        m_pacer.done(&heartbeat, Pacer::Clock::now());
        const auto untilLook = m_timer.remainingTimeAsDuration(); // negative: none is to come
        if (wasTrouble || untilLook < 0ms || untilLook > together)
            look();
        return;
    }
    // A beat that found no node has already asked them all for as long as it may; where the
    // cluster refuses it there is no hurry.
    const auto most = error->retryable() ? 500ms : heartbeat.interval();
    const auto pause = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::min<std::chrono::milliseconds>(most, 250ms * (1 << std::min(member.failures++, 6)))
        * (0.75 + QRandomGenerator::global()->generateDouble() / 2));
    m_pacer.dueAt(&heartbeat, Pacer::Clock::now() + pause);
    if (error->retryable()) {
        m_trouble = error;
        ++m_resting;
        QTimer::singleShot(pause, Qt::PreciseTimer, this, [this] {
            --m_resting;
            look();
        });
    }
    look();
}

} // namespace EtcdRegistry
