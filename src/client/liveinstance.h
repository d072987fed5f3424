// SPDX-License-Identifier: MIT
#pragma once

#include "instance.h"

#include <QList>
#include <QMetaType>

namespace EtcdRegistry {

/// An instance, and what watching it has told beyond what a listing says. A cheap value; any
/// thread.
struct LiveInstance
{
    using Clock = Instance::Clock;

    InstancePtr instance;          ///< never null where one is promised; never changed, replaced
    Clock::time_point firstSeen{}; ///< by the client that watches
    bool older = false; ///< it was there when the watching began, so for longer than that
    /// When it joined, or its document changed, under our eyes; the epoch: it did not.
    Clock::time_point changed{};
    int beats = 0; ///< how many were seen
    /// Its own cadence: the usual time between two of its beats; zero until the first was seen. A
    /// write of another document counts as a beat, which v2 makes of it.
    std::chrono::milliseconds cadence{0};
    /// v2: no less was granted than was seen to be left. The instance's TTL may be a guess.
    std::chrono::milliseconds ttlAtLeast{0};

    bool operator==(const LiveInstance &) const = default;
};

/// The TTL that it was granted. Where v2 has only told what is left of it that is the next one that
/// people choose, and no less than `atLeast` (what the connection grants); nothing: it has none, or
/// v3 was not asked. An upper bound helps to guess: when it was not yet written.
std::optional<std::chrono::milliseconds>
grantedTtl(const Instance &instance, std::chrono::milliseconds atLeast = {},
           std::optional<Instance::Clock::time_point> writtenAfter = {});

/// When its last beat came, as far as TTL and expiry tell.
std::optional<Instance::Clock::time_point> lastBeat(const Instance &instance);

/// Enough of its beats were seen.
bool hasCadence(const LiveInstance &live);

/// After this time another beat is expected: its own cadence, or half of its TTL as long as that is
/// not known. Precondition: its TTL is known.
std::chrono::milliseconds beatInterval(const LiveInstance &live);

/// From then on its next beat is late: a beatInterval() and a quarter after the last one; no
/// later than when a fifth of its TTL is left, if it ever beats before that. No value: it never
/// beats, or nobody knows when it did.
std::optional<Instance::Clock::time_point> beatDue(const LiveInstance &live);

/// When it was last made sure that no beat had come. `all`: v2's listings look at all of them.
Instance::Clock::time_point lookedAt(const Instance &instance, Instance::Clock::time_point all);

/// What is known besides as an instance goes on.
struct Continuation
{
    /// Before that the cluster was in trouble, and what looks like a beat tells no cadence.
    Instance::Clock::time_point wellSince{};
    Instance::Clock::time_point looked{}; ///< see lookedAt(): when it was not yet written
};

/// Takes over what is known of an instance from what it was before: its first sight, its cadence,
/// and the TTL that a v2 listing does not say. A null `before`: it joined at `now`, or was there
/// when the watching began (`older`).
LiveInstance continued(const LiveInstance &before, Instance instance,
                       Instance::Clock::time_point now, bool older = false,
                       const Continuation &how = {});

/// What became of one instance.
struct Change
{
    enum class Kind {
        Joined,
        Changed,   ///< its document did
        Renewed,   ///< a beat: nothing but its deadline moved
        Looked,    ///< not even that: it was asked how long it lives on
        Left,      ///< it was deleted before its time
        Expired,   ///< its TTL ran out
        Gone,      ///< left or expired: the store does not say which
        Forgotten, ///< it was in a cluster that was rebuilt, and is not in the new one
    };

    Kind kind = Kind::Joined;
    LiveInstance live;  ///< as it is now; of one that has gone, as it was
    InstancePtr before; ///< what it was, where it was there and still is
    Instance::Clock::time_point at;
    /// Joined: it had been there, and came back after this time.
    std::optional<std::chrono::milliseconds> away{};

    bool operator==(const Change &) const = default;
};

/// Something that people want to be told.
inline bool isNews(Change::Kind kind)
{
    return kind != Change::Kind::Renewed && kind != Change::Kind::Looked
           && kind != Change::Kind::Forgotten;
}

inline bool isGone(Change::Kind kind)
{
    return kind == Change::Kind::Left || kind == Change::Kind::Expired || kind == Change::Kind::Gone
           || kind == Change::Kind::Forgotten;
}

} // namespace EtcdRegistry

Q_DECLARE_TYPEINFO(EtcdRegistry::LiveInstance, Q_RELOCATABLE_TYPE);
Q_DECLARE_TYPEINFO(EtcdRegistry::Change, Q_RELOCATABLE_TYPE);
Q_DECLARE_METATYPE(EtcdRegistry::Change)
