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

/// What people choose as a TTL.
constexpr std::chrono::seconds usualTtls[]{1s,   2s,  3s,   5s,   10s,  15s,   20s,   30s,   45s,
                                           1min, 90s, 2min, 3min, 5min, 10min, 15min, 20min, 30min,
                                           1h,   2h,  6h,   12h,  24h,  48h,   168h};

/// A v2 listing says what is left and not what was granted. What is known stays for as long as it
/// agrees with that: it was written after it was last looked at, and no less was granted than is
/// left. Who writes another document may grant another TTL.
void deduceTtl(LiveInstance &live, Instance &instance, const Continuation &how)
{
    if (instance.api != Api::V2 || !instance.ttl || !instance.expires)
        return;
    const Instance *before = live.instance.get();
    const milliseconds seen = std::chrono::ceil<std::chrono::seconds>(*instance.ttl);
    const bool written = !before || instance.modRevision != before->modRevision;
    if (instance.ttlTold) {
        live.ttlAtLeast = seen;
        return;
    }
    const auto own = *instance.expires + instance.cutShort;
    const bool bounded = before && written && how.looked > Instance::Clock::time_point();
    const auto most = bounded ? std::optional(own - how.looked + 1s) : std::nullopt;
    const bool agrees = before && before->ttl && before->document == instance.document
                        && seen <= *before->ttl && (!written || !most || *before->ttl <= *most);
    // With each beat a little less is sure, as the owner may have lowered it.
    const milliseconds sure = written ? live.ttlAtLeast * 9 / 10 : live.ttlAtLeast;
    live.ttlAtLeast = std::max<milliseconds>(seen, std::chrono::ceil<std::chrono::seconds>(sure));
    if (most && live.ttlAtLeast > *most)
        live.ttlAtLeast = seen;
    if (agrees) {
        instance.ttl = before->ttl;
        instance.ttlTold = before->ttlTold;
    } else if (seen <= 0ms) { // it stands there although its time is up
        instance.ttl.reset();
    } else {
        instance.ttl = grantedTtl(instance, {}, bounded ? std::optional(how.looked) : std::nullopt);
    }
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

void countBeat(LiveInstance &live, const Instance &before, Instance::Clock::time_point wellSince)
{
    const Instance &now = *live.instance;
    if (!hasBeaten(before, now) || !before.expires || !now.expires)
        return;
    // Around an outage beats come as the cluster lets them, and a new leader moves all deadlines.
    if (const auto last = lastBeat(before); last && *last < wellSince)
        return;
    ++live.beats;
    // A beat moves the deadline by as much as it comes after the last one, whatever the TTL is.
    const auto gap = duration_cast<milliseconds>(*now.expires + now.cutShort - *before.expires
                                                 - before.cutShort);
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

std::optional<milliseconds> grantedTtl(const Instance &instance, milliseconds atLeast,
                                       std::optional<Instance::Clock::time_point> writtenAfter)
{
    if (!instance.ttl || instance.api == Api::V3 || instance.ttlTold)
        return instance.ttl;
    const milliseconds left =
        std::max<milliseconds>(std::chrono::ceil<std::chrono::seconds>(*instance.ttl), 1s);
    const milliseconds least = std::max(left, atLeast);
    const auto usual = std::ranges::lower_bound(usualTtls, least);
    const bool fits = usual != std::end(usualTtls)
                      && (!writtenAfter || !instance.expires
                          || *writtenAfter + *usual <= *instance.expires + instance.cutShort + 1s);
    return fits ? *usual : least;
}

std::optional<Instance::Clock::time_point> lastBeat(const Instance &instance)
{
    if (!instance.expires || !instance.ttl)
        return std::nullopt;
    return *instance.expires + instance.cutShort - *instance.ttl;
}

/// No TTL that is a guess makes anybody late.
static milliseconds surely(const LiveInstance &live)
{
    const milliseconds ttl = *live.instance->ttl;
    return live.ttlAtLeast > 0ms ? std::min(live.ttlAtLeast, ttl) : ttl;
}

bool hasCadence(const LiveInstance &live)
{
    return live.beats >= 3; // a service may write twice as it starts
}

milliseconds beatInterval(const LiveInstance &live)
{
    return hasCadence(live) ? live.cadence : std::max(live.cadence, surely(live) / 2);
}

std::optional<Instance::Clock::time_point> beatDue(const LiveInstance &live)
{
    const Instance &instance = *live.instance;
    if (!instance.expires || !instance.ttl)
        return std::nullopt;
    const milliseconds ttl = surely(live);
    const auto last = *instance.expires + instance.cutShort - ttl;
    const milliseconds cadence = beatInterval(live);
    return last + std::min(cadence * 5 / 4 + 500ms, std::max(ttl * 4 / 5, cadence * 11 / 10));
}

Instance::Clock::time_point lookedAt(const Instance &instance, Instance::Clock::time_point all)
{
    return instance.api == Api::V2 ? std::max(instance.observed, all) : instance.observed;
}

LiveInstance continued(const LiveInstance &before, Instance instance,
                       Instance::Clock::time_point now, bool older, const Continuation &how)
{
    LiveInstance live = before;
    deduceTtl(live, instance, how);
    if (before.instance)
        keepDeadline(instance, *before.instance);
    const bool same = before.instance && before.instance->document == instance.document;
    if (!before.instance) {
        live.firstSeen = now;
        live.older = older;
    }
    if (!same && !older)
        live.changed = now;
    live.instance = std::make_shared<const Instance>(std::move(instance));
    if (before.instance)
        countBeat(live, *before.instance, how.wellSince);
    return live;
}

} // namespace EtcdRegistry
