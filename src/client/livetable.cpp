// SPDX-License-Identifier: MIT
#include "livetable.h"

#include "layout.h"
#include "parallel.h"
#include "snapshot.h"

#include <QSet>

#include <algorithm>

namespace EtcdRegistry {

using namespace std::chrono_literals;

namespace {

/// A deadline is exact to half a second: etcd expires keys in such ticks, and v3 rounds.
constexpr auto deadlineTolerance = 700ms;
/// So fresh must the deadline be that is held against an instance.
constexpr auto recently = 3s;

/// v3 deletes what is on a lease that ended, and does not say that it did.
std::optional<Change::Kind> howToldBy(Event::Kind kind, Api api)
{
    if (kind == Event::Kind::Expire)
        return Change::Kind::Expired;
    return api == Api::V2 ? std::optional(Change::Kind::Left) : std::nullopt;
}

} // namespace

QList<LiveInstance> LiveTable::begin(const Listing &listing, Api api)
{
    m_api = api;
    m_revision = m_listed = listing.revision;
    m_looked = listing.observed;
    QList<LiveInstance> all(listing.entries.size());
    inParallel(all.size(), [&, to = all.data()](qsizetype i) {
        to[i] = continued({}, Layout::decode(listing.entries[i], api, listing.observed),
                          listing.observed, true);
    });
    const auto less = [](const LiveInstance &a, const LiveInstance &b) {
        return instanceLess(*a.instance, *b.instance);
    };
    if (!std::ranges::is_sorted(all, less))
        std::ranges::sort(all, less);
    m_instances.reserve(all.size());
    for (const LiveInstance &live : std::as_const(all))
        m_instances.insert(live.instance->key, live);
    return all;
}

QList<Change> LiveTable::reconcile(const Listing &listing, bool anew)
{
    if (anew)
        m_removed.clear();
    else if (listing.revision < m_listed) // from a node that lags behind
        return {};
    QList<Change> changes;
    const auto now = listing.observed;
    QSet<QString> listed;
    listed.reserve(listing.entries.size());
    for (const Entry &entry : listing.entries) {
        if (m_removed.value(entry.key) > listing.revision)
            continue;
        listed.insert(entry.key);
        if (const auto change = put(entry, now, anew))
            changes.append(*change);
    }
    QStringList missing;
    if (listed.size() < m_instances.size() || !changes.isEmpty()) {
        for (auto known = m_instances.cbegin(); known != m_instances.cend(); ++known) {
            if ((anew || known->instance->modRevision <= listing.revision)
                && !listed.contains(known.key()))
                missing.append(known.key());
        }
    }
    for (const QString &key : std::as_const(missing)) {
        const qint64 revision = std::max(listing.revision, find(key)->instance->modRevision);
        changes.append(*remove(key, revision, now));
    }
    m_removed.removeIf([&](auto removed) { return anew || removed.value() <= listing.revision; });
    m_revision = anew ? listing.revision : std::max(m_revision, listing.revision);
    m_listed = listing.revision;
    m_looked = now;
    return changes;
}

QList<Change> LiveTable::apply(const QList<Event> &events, qint64 revision, Clock::time_point now)
{
    QList<Change> changes;
    for (const Event &event : events) {
        if (event.entry.modRevision < m_revision) // told twice, or known from a listing
            continue;
        if (event.directory) {
            removeBelow(event, now, changes);
            continue;
        }
        const auto change = event.kind == Event::Kind::Put
                                ? put(event.entry, now)
                                : remove(event.entry.key, event.entry.modRevision, now,
                                         howToldBy(event.kind, m_api));
        if (change)
            changes.append(*change);
    }
    m_revision = std::max(m_revision, revision);
    return changes;
}

std::optional<Change> LiveTable::put(const Entry &entry, Clock::time_point now, bool anew)
{
    const auto known = m_instances.find(entry.key);
    if (known == m_instances.end()) {
        const LiveInstance live = continued({}, Layout::decode(entry, m_api, now), now);
        m_instances.insert(entry.key, live);
        return Change{.kind = Change::Kind::Joined, .live = live, .before = {}, .at = now};
    }
    const InstancePtr before = known->instance;
    const bool same = entry.value == before->document;
    // A listing of v2 shows all deadlines anew, but only a write moves them.
    if (anew ? same && entry.modRevision == before->modRevision
             : entry.modRevision <= before->modRevision)
        return std::nullopt;
    *known = continued(*known, Layout::decode(entry, m_api, now), now);
    return Change{.kind = same ? Change::Kind::Renewed : Change::Kind::Changed,
                  .live = *known,
                  .before = before,
                  .at = now};
}

std::optional<Change> LiveTable::remove(const QString &key, qint64 revision, Clock::time_point now,
                                        std::optional<Change::Kind> how)
{
    qint64 &removed = m_removed[key];
    removed = std::max(removed, revision);
    const auto known = m_instances.constFind(key);
    if (known == m_instances.cend() || known->instance->modRevision > revision)
        return std::nullopt;
    const LiveInstance gone = *known;
    m_instances.erase(known);
    return Change{.kind = how ? *how : howItWent(gone, now), .live = gone, .before = {}, .at = now};
}

/// A directory that goes takes everything below it along, and only itself is told.
void LiveTable::removeBelow(const Event &event, Clock::time_point now, QList<Change> &changes)
{
    if (event.kind == Event::Kind::Put)
        return; // made, or its own TTL changed
    const QString below = event.entry.key + u'/';
    QStringList keys;
    for (auto known = m_instances.cbegin(); known != m_instances.cend(); ++known) {
        if (known.key().startsWith(below))
            keys.append(known.key());
    }
    for (const QString &key : std::as_const(keys)) {
        if (const auto change =
                remove(key, event.entry.modRevision, now, howToldBy(event.kind, m_api)))
            changes.append(*change);
    }
}

/// Before its time it was deleted. When its time was up, as was seen a moment ago, it expired. Else
/// nobody knows: it may have been renewed since, and deleted then.
Change::Kind LiveTable::howItWent(const LiveInstance &gone, Clock::time_point now) const
{
    const Instance &instance = *gone.instance;
    if (!instance.hasTtl)
        return Change::Kind::Left;
    if (!instance.expires)
        return Change::Kind::Gone;
    if (now + deadlineTolerance < *instance.expires)
        return Change::Kind::Left;
    return now - lookedAt(instance, m_looked) < recently ? Change::Kind::Expired
                                                         : Change::Kind::Gone;
}

QList<Change> LiveTable::look(const QStringList &keys, qint64 lease, const LeaseTime &time,
                              Clock::time_point now)
{
    QList<Change> changes;
    for (const QString &key : keys) {
        const auto known = m_instances.find(key);
        if (known == m_instances.end() || known->instance->lease != lease)
            continue;
        const InstancePtr before = known->instance;
        Instance instance = *before;
        // Whole seconds, rounded down: the middle is closer on the average.
        instance.expires = now + time.left + 500ms;
        instance.ttl = time.granted;
        instance.observed = now;
        const int beats = known->beats;
        *known = continued(*known, std::move(instance), now);
        changes.append({.kind = known->beats > beats ? Change::Kind::Renewed : Change::Kind::Looked,
                        .live = *known,
                        .before = before,
                        .at = now});
    }
    return changes;
}

const LiveInstance *LiveTable::find(const QString &key) const
{
    const auto known = m_instances.constFind(key);
    return known == m_instances.cend() ? nullptr : &*known;
}

LiveTable::Overdue LiveTable::overdue(Clock::time_point now) const
{
    Overdue overdue;
    for (auto known = m_instances.cbegin(); known != m_instances.cend(); ++known) {
        const auto due = beatDue(*known);
        if (!due || lookedAt(*known->instance, m_looked) >= *due)
            continue;
        if (*due <= now)
            overdue.keys.append(known.key());
        else
            overdue.next = std::min(overdue.next, *due);
    }
    return overdue;
}

} // namespace EtcdRegistry
