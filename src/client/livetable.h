// SPDX-License-Identifier: MIT
#pragma once

#include "liveinstance.h"
#include "watch.h"

#include <QHash>

namespace EtcdRegistry {

/// The instances that a live registry knows, and what follows for them from listings and events,
/// which may come late, twice or not at all: what is older than what is known is dropped. Pure
/// logic without I/O or clock; `now` is the time at which something was told.
class LiveTable
{
public:
    using Clock = Instance::Clock;

    /// The first listing, sorted by instanceLess().
    QList<LiveInstance> begin(const Listing &listing, Api api);

    /// What a listing shows that was not known. It may be older than the events that came since
    /// it was asked for. `anew`: revisions begin again, as the store is another one.
    QList<Change> reconcile(const Listing &listing, bool anew = false);

    /// Events in their order; `revision`: see Watch::events().
    QList<Change> apply(const QList<Event> &events, qint64 revision, Clock::time_point now);

    /// The cluster is, or was until now, in trouble: what comes from that time, and while owners
    /// make up for it, tells no cadence.
    void disturb(Clock::time_point now) { m_wellSince = now + std::chrono::seconds(5); }

    /// v2: nothing has been written since what is known, so nobody has beaten either.
    void looked(Clock::time_point at) { m_looked = std::max(m_looked, at); }

    /// From now on nothing older will be listed, so what has gone need not be remembered: v3, whose
    /// listings are never behind.
    void forgetRemoved() { m_removed.clear(); }

    /// What asking a v3 lease told of those keys that are still on it.
    QList<Change> look(const QStringList &keys, qint64 lease, const LeaseTime &time,
                       Clock::time_point now);

    qsizetype size() const { return m_instances.size(); }
    qsizetype removed() const { return m_removed.size(); } ///< that it remembers
    const LiveInstance *find(const QString &key) const;
    /// All before it, and its own, is known.
    qint64 revision() const { return m_revision; }

    /// Who has not beaten although it should have, and was not looked at since.
    struct Overdue
    {
        QStringList keys;
        Clock::time_point next = Clock::time_point::max(); ///< when others may join them
    };
    Overdue overdue(Clock::time_point now) const;

private:
    Change::Kind howItWent(const LiveInstance &gone, Clock::time_point now) const;
    std::optional<Change> put(const Entry &entry, Clock::time_point now, bool anew = false);
    std::optional<Change> remove(const QString &key, qint64 revision, Clock::time_point now,
                                 std::optional<Change::Kind> how = {});
    LiveInstance next(const LiveInstance &before, Entry entry, Clock::time_point now) const;
    void setDirectories(const Listing &listing);
    std::optional<std::chrono::milliseconds> awayFor(const QString &key, Clock::time_point now);
    void removeBelow(const Event &event, Clock::time_point now, QList<Change> &changes);

    QHash<QString, LiveInstance> m_instances;
    QHash<QString, qint64> m_removed;                ///< since the last listing: at which revision
    QHash<QString, Clock::time_point> m_gone;        ///< when keys went that may come back
    QHash<QString, Clock::time_point> m_directories; ///< v2: when those expire that have a TTL
    Clock::time_point m_wellSince{};
    qint64 m_term = 0; ///< v3: of the leader that told deadlines last
    Api m_api = Api::V3;
    qint64 m_revision = 0;
    qint64 m_listed = 0;          ///< the revision of the last listing
    Clock::time_point m_looked{}; ///< v2: when all deadlines were seen last
};

} // namespace EtcdRegistry
