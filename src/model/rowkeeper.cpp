// SPDX-License-Identifier: MIT
#include "rowkeeper.h"

#include "snapshot.h"

#include <algorithm>

namespace EtcdRegistry {

using namespace std::chrono_literals;

namespace {

constexpr auto updateInterval = 100ms;
constexpr auto stateInterval = 250ms;

/// When its state changes next by time alone.
Instance::Clock::time_point nextState(const Row &row)
{
    const auto due = beatDue(row);
    const auto never = Instance::Clock::time_point::max();
    switch (row.state) {
    case InstanceState::Alive:
        return row.instance->cutShort > 0ms
                   ? std::min(due.value_or(never), directoryEndsSoon(*row.instance))
                   : due.value_or(never);
    case InstanceState::Late:
        return *row.instance->expires - *row.instance->ttl / 5;
    default:
        return never;
    }
}

bool isLate(InstanceState state)
{
    return state == InstanceState::Late || state == InstanceState::Expiring;
}

bool rowLess(const Row &row, const InstancePtr &instance)
{
    return instanceLess(*row.instance, *instance);
}

} // namespace

bool RowKeeper::Less::operator()(const InstancePtr &a, const InstancePtr &b) const
{
    return instanceLess(*a, *b);
}

RowKeeper::RowKeeper(QObject *parent)
    : QObject(parent)
    , m_timer(this)
    , m_stateTimer(this)
{
    m_timer.setSingleShot(true);
    m_timer.setInterval(updateInterval);
    connect(&m_timer, &QTimer::timeout, this, &RowKeeper::deliver);
    m_stateTimer.setInterval(stateInterval);
    connect(&m_stateTimer, &QTimer::timeout, this, &RowKeeper::updateStates);
}

void RowKeeper::begin(const QList<LiveInstance> &instances)
{
    const auto now = this->now();
    Rows rows;
    rows.reserve(instances.size());
    for (const LiveInstance &live : instances)
        rows.append(Row{live, stateOf(live, now), m_ours.contains(live.instance->key)});
    m_stateTimer.start();
    m_taken = false;
    const auto update = std::make_shared<const RowsUpdate>(updateOf({}, std::move(rows)));
    m_rows = update->rows;
    Q_EMIT updated(update);
}

void RowKeeper::apply(const QList<Change> &changes)
{
    const auto now = this->now();
    for (const Change &change : changes) {
        if (m_paused && isNews(change.kind))
            m_waiting.insert(change.live.instance->key);
        if (isGone(change.kind)) {
            remove(change.live.instance);
            continue;
        }
        // Under another name it has another place.
        if (change.before
            && (Less()(change.before, change.live.instance)
                || Less()(change.live.instance, change.before)))
            remove(change.before);
        set(change.live, now);
    }
    schedule();
}

/// What came and went before anybody saw it leaves nothing behind.
void RowKeeper::remove(const InstancePtr &instance)
{
    if (shown(instance)) {
        m_pending[instance] = std::nullopt;
    } else {
        m_pending.erase(instance);
        m_waiting.remove(instance->key);
    }
}

const Row *RowKeeper::shown(const InstancePtr &instance) const
{
    const auto row = std::lower_bound(m_rows.cbegin(), m_rows.cend(), instance, rowLess);
    return row != m_rows.cend() && row->instance->key == instance->key ? &*row : nullptr;
}

void RowKeeper::set(const LiveInstance &live, Clock::time_point now)
{
    Row row{live, stateOf(live, now), m_ours.contains(live.instance->key)};
    const auto pending = m_pending.find(live.instance);
    const Row *before = pending == m_pending.end() ? shown(live.instance)
                        : pending->second          ? &*pending->second
                                                   : nullptr;
    if (before)
        tellLate(*before, row, now);
    m_nextState = std::min(m_nextState, nextState(row));
    // The key holds on to an instance that sorts as this one does, if it was there before.
    m_pending.insert_or_assign(live.instance, std::move(row));
}

void RowKeeper::tellLate(const Row &before, const Row &row, Clock::time_point now)
{
    if (isLate(row.state) && !isLate(before.state))
        Q_EMIT late(row, now);
}

InstanceState RowKeeper::stateOf(const LiveInstance &live, Clock::time_point now) const
{
    const auto looked = lookedAt(*live.instance, m_looked);
    return EtcdRegistry::stateOf(live, now, looked, m_pausedKeys.contains(live.instance->key));
}

RowKeeper::Clock::time_point RowKeeper::now() const
{
    const bool heard = m_status.heard > Clock::time_point();
    return heard ? m_status.time(Clock::now()) : Clock::now();
}

void RowKeeper::setLooked(Clock::time_point at)
{
    m_looked = at;
    m_nextState = {};
}

void RowKeeper::setOurs(const QSet<QString> &ours, const QSet<QString> &paused)
{
    m_ours = ours;
    m_pausedKeys = paused;
    m_nextState = {};
    updateStates();
}

void RowKeeper::updateStates()
{
    const auto now = this->now();
    if (now < m_nextState)
        return;
    m_nextState = Clock::time_point::max();
    for (auto &[instance, row] : m_pending) {
        if (row) {
            const Row before = *row;
            row->state = stateOf(*row, now);
            row->ours = m_ours.contains(instance->key);
            tellLate(before, *row, now);
            m_nextState = std::min(m_nextState, nextState(*row));
        }
    }
    for (const Row &row : std::as_const(m_rows)) {
        const bool ours = m_ours.contains(row.instance->key);
        const InstanceState state = stateOf(row, now);
        if (state == row.state && ours == row.ours) {
            m_nextState = std::min(m_nextState, nextState(row));
            continue;
        }
        if (m_pending.contains(row.instance))
            continue;
        Row changed{row, state, ours};
        tellLate(row, changed, now);
        m_nextState = std::min(m_nextState, nextState(changed));
        m_pending.insert_or_assign(row.instance, std::move(changed));
    }
    schedule();
}

void RowKeeper::setPaused(bool paused)
{
    m_paused = paused;
    m_waiting.clear();
    deliver();
}

void RowKeeper::taken()
{
    m_taken = true;
    if (!m_timer.isActive())
        deliver();
}

void RowKeeper::schedule()
{
    if (!m_pending.empty() && !m_timer.isActive())
        m_timer.start();
}

void RowKeeper::deliver()
{
    if (m_pending.empty())
        return;
    if (m_paused) {
        Q_EMIT waiting(int(m_waiting.size()));
        return;
    }
    if (!m_taken)
        return;
    m_taken = false;
    const auto update = std::make_shared<const RowsUpdate>(updateOf(m_rows, merged()));
    m_rows = update->rows;
    m_pending.clear();
    m_timer.start(); // at most one in a while
    Q_EMIT updated(update);
}

Rows RowKeeper::merged() const
{
    Rows rows;
    rows.reserve(m_rows.size() + qsizetype(m_pending.size()));
    auto known = m_rows.cbegin();
    for (const auto &[instance, row] : m_pending) {
        const auto place = std::lower_bound(known, m_rows.cend(), instance, rowLess);
        while (known != place)
            rows.append(*known++);
        if (known != m_rows.cend() && known->instance->key == instance->key)
            ++known;
        if (row)
            rows.append(*row);
    }
    while (known != m_rows.cend())
        rows.append(*known++);
    return rows;
}

} // namespace EtcdRegistry
