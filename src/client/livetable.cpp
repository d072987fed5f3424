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
/// So late somebody may come back, and so many keys are remembered for it.
constexpr auto longestAway = 10min;
constexpr qsizetype mostAway = 20'000;

/// v3 deletes what is on a lease that ended, and does not say that it did.
std::optional<Change::Kind> howToldBy(Event::Kind kind, Api api)
{
    if (kind == Event::Kind::Expire)
        return Change::Kind::Expired;
    return api == Api::V2 ? std::optional(Change::Kind::Left) : std::nullopt;
}

/// v2: a directory above it expires before it does, which no write of its own tells.
bool cutsShort(const Entry &entry, const Instance &known, Instance::Clock::time_point now)
{
    if (entry.modRevision != known.modRevision || (!entry.directoryLeft && known.cutShort == 0ms))
        return false;
    const auto left = std::min(entry.directoryLeft.value_or(std::chrono::years(100)),
                               entry.timeLeft.value_or(std::chrono::years(100)));
    return !known.expires || std::chrono::abs(now + left - *known.expires) > 1s;
}

} // namespace

QList<LiveInstance> LiveTable::begin(const Listing &listing, Api api)
{
    m_api = api;
    m_revision = m_listed = listing.revision;
    m_looked = listing.observed;
    setDirectories(listing);
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
    setDirectories(listing);
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
        m_removed.remove(entry.key); // what is older is known to be so by this one
        const LiveInstance live = next({}, entry, now);
        m_instances.insert(entry.key, live);
        return Change{.kind = Change::Kind::Joined,
                      .live = live,
                      .before = {},
                      .at = now,
                      .away = awayFor(entry.key, now)};
    }
    const InstancePtr before = known->instance;
    const bool same = entry.value == before->document;
    // A listing of v2 shows all deadlines anew, but only a write moves them.
    if (anew ? same && entry.modRevision == before->modRevision
             : entry.modRevision <= before->modRevision && !cutsShort(entry, *before, now))
        return std::nullopt;
    *known = next(*known, entry, now);
    if (!anew && entry.modRevision == before->modRevision)
        return Change{.kind = Change::Kind::Looked, .live = *known, .before = before, .at = now};
    return Change{.kind = same ? Change::Kind::Renewed : Change::Kind::Changed,
                  .live = *known,
                  .before = before,
                  .at = now};
}

/// What is known of it, and of the directories above it.
LiveInstance LiveTable::next(const LiveInstance &before, Entry entry, Clock::time_point now) const
{
    for (auto each = m_directories.cbegin(); each != m_directories.cend(); ++each) {
        if (!entry.key.startsWith(each.key() + u'/'))
            continue;
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(*each - now);
        entry.directoryLeft = std::min(entry.directoryLeft.value_or(left), left);
    }
    return continued(before, Layout::decode(entry, m_api, now), now, false,
                     {.wellSince = m_wellSince, .looked = m_looked});
}

void LiveTable::setDirectories(const Listing &listing)
{
    m_directories.clear();
    for (auto each = listing.directories.cbegin(); each != listing.directories.cend(); ++each)
        m_directories.insert(each.key(), listing.observed + *each);
}

std::optional<std::chrono::milliseconds> LiveTable::awayFor(const QString &key,
                                                            Clock::time_point now)
{
    const auto gone = m_gone.constFind(key);
    if (gone == m_gone.cend())
        return std::nullopt;
    const auto away = std::chrono::duration_cast<std::chrono::milliseconds>(now - *gone);
    m_gone.erase(gone);
    return away < longestAway ? std::optional(away) : std::nullopt;
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
    if (m_gone.size() >= mostAway)
        m_gone.removeIf([now](auto each) { return now - each.value() > longestAway; });
    if (m_gone.size() < mostAway)
        m_gone.insert(key, now);
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

/// Before its time it was deleted. When its time was up, and it was seen that it did not beat when
/// it should have, it expired. Else nobody knows: it may have been renewed since, and deleted then.
Change::Kind LiveTable::howItWent(const LiveInstance &gone, Clock::time_point now) const
{
    const Instance &instance = *gone.instance;
    if (!instance.hasTtl)
        return Change::Kind::Left;
    if (!instance.expires)
        return Change::Kind::Gone;
    if (now + deadlineTolerance < *instance.expires)
        return Change::Kind::Left;
    const auto due = beatDue(gone);
    return due && lookedAt(instance, m_looked) >= *due ? Change::Kind::Expired : Change::Kind::Gone;
}

QList<Change> LiveTable::look(const QStringList &keys, qint64 lease, const LeaseTime &time,
                              Clock::time_point now)
{
    QList<Change> changes;
    if (const qint64 term = std::exchange(m_term, time.term); term != 0 && term != time.term)
        disturb(now); // each leader begins by giving all leases their whole TTL
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
        *known = continued(*known, std::move(instance), now, false, {.wellSince = m_wellSince});
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
