// SPDX-License-Identifier: MIT
#include "liveinstance.h"

#include <algorithm>

namespace EtcdRegistry {

using namespace std::chrono_literals;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

namespace {

/// A v3 deadline that moves by less may just be rounded otherwise, and have been told late.
constexpr auto moved = 1300ms;

/// A v2 listing says what is left and not what was granted, which is in whole seconds. The most
/// that was seen comes near, unless the owner changed its document, and perhaps its TTL too.
void deduceTtl(Instance &instance, const Instance *before)
{
    if (instance.api != Api::V2 || !instance.ttl)
        return;
    const milliseconds seen = std::chrono::ceil<std::chrono::seconds>(*instance.ttl);
    const bool same = before && before->ttl && before->document == instance.document;
    if (!same)
        instance.ttl = seen;
    else if (instance.modRevision == before->modRevision)
        instance.ttl = std::max(seen, *before->ttl);
    else // with each beat a little less is believed, as the owner may have lowered it
        instance.ttl = std::max<milliseconds>(
            seen, std::chrono::ceil<std::chrono::seconds>(*before->ttl * 9 / 10));
}

/// v3 tells deadlines in whole seconds, rounded down: where the one that was known lies within
/// that second it is as good, and does not dance. A put says nothing of them at all.
void keepDeadline(Instance &instance, const Instance &before)
{
    if (instance.api != Api::V3 || instance.lease == 0 || instance.lease != before.lease)
        return;
    if (!instance.expires) {
        instance.expires = before.expires;
        instance.ttl = before.ttl;
        instance.observed = before.observed;
    } else if (before.expires && std::chrono::abs(*instance.expires - *before.expires) < moved) {
        instance.expires =
            std::clamp(*before.expires, *instance.expires - 500ms, *instance.expires + 500ms);
    }
}

/// In v2 each beat is a write; in v3 it shows only as a deadline that has moved.
bool hasBeaten(const Instance &before, const Instance &now)
{
    if (now.api == Api::V2)
        return now.modRevision != before.modRevision;
    return before.expires && now.expires && now.lease == before.lease
           && *now.expires - *before.expires >= moved;
}

void countBeat(LiveInstance &live, const Instance &before)
{
    const Instance &now = *live.instance;
    if (!hasBeaten(before, now) || !before.expires || !now.expires)
        return;
    ++live.beats;
    // A beat moves the deadline by as much as it comes after the last one, whatever the TTL is.
    const auto gap = duration_cast<milliseconds>(*now.expires - *before.expires);
    if (gap < 100ms) // the clocks of nodes differ
        return;
    // What comes early may be no beat but a change, and does not make the next one late. What comes
    // much later missed some, or was looked at too seldom.
    if (live.cadence == 0ms)
        live.cadence = gap;
    else if (gap < live.cadence)
        live.cadence = (7 * live.cadence + gap) / 8;
    else
        live.cadence = gap * 5 < live.cadence * 8 ? gap : (live.cadence + gap) / 2;
}

} // namespace

std::optional<Instance::Clock::time_point> lastBeat(const Instance &instance)
{
    if (!instance.expires || !instance.ttl)
        return std::nullopt;
    return *instance.expires - *instance.ttl;
}

bool hasCadence(const LiveInstance &live)
{
    return live.beats >= 3; // a service may write twice as it starts
}

milliseconds beatInterval(const LiveInstance &live)
{
    return hasCadence(live) ? live.cadence : std::max(live.cadence, *live.instance->ttl / 2);
}

std::optional<Instance::Clock::time_point> beatDue(const LiveInstance &live)
{
    const auto last = lastBeat(*live.instance);
    if (!last)
        return std::nullopt;
    const milliseconds ttl = *live.instance->ttl;
    const milliseconds cadence = beatInterval(live);
    return *last + std::min(cadence * 5 / 4 + 500ms, std::max(ttl * 4 / 5, cadence * 11 / 10));
}

Instance::Clock::time_point lookedAt(const Instance &instance, Instance::Clock::time_point all)
{
    return instance.api == Api::V2 ? std::max(instance.observed, all) : instance.observed;
}

LiveInstance continued(const LiveInstance &before, Instance instance,
                       Instance::Clock::time_point now, bool older)
{
    deduceTtl(instance, before.instance.get());
    if (before.instance)
        keepDeadline(instance, *before.instance);
    LiveInstance live = before;
    const bool same = before.instance && before.instance->document == instance.document;
    if (!before.instance) {
        live.firstSeen = now;
        live.older = older;
    }
    if (!same && !older)
        live.changed = now;
    live.instance = std::make_shared<const Instance>(std::move(instance));
    if (before.instance)
        countBeat(live, *before.instance);
    return live;
}

} // namespace EtcdRegistry
