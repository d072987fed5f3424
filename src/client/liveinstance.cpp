// SPDX-License-Identifier: MIT
#include "liveinstance.h"

#include <algorithm>

namespace EtcdRegistry {

using namespace std::chrono_literals;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

namespace {

/// A v2 listing says what is left and not what was granted, which is in whole seconds. The most
/// that was seen comes near, unless the owner changed its document, and perhaps its TTL too.
void deduceTtl(Instance &instance, const Instance *before)
{
    if (instance.api != Api::V2 || !instance.ttl)
        return;
    const milliseconds seen = std::chrono::ceil<std::chrono::seconds>(*instance.ttl);
    const bool same = before && before->ttl && before->document == instance.document;
    instance.ttl = same ? std::max(seen, *before->ttl) : seen;
}

/// The deadline moves by less where only the clocks of two nodes, or whole seconds, disagree.
constexpr auto shortestBeat = 400ms;

void countBeat(LiveInstance &live, const Instance &before)
{
    const auto last = lastBeat(before), next = lastBeat(*live.instance);
    if (!last || !next || *next - *last < shortestBeat)
        return;
    auto gap = duration_cast<milliseconds>(*next - *last);
    if (live.beats > 0 && live.cadence > 0ms) // several at once, or some were missed
        gap /= std::max<qint64>((gap + live.cadence / 2) / live.cadence, 1);
    live.cadence = live.cadence > 0ms ? (3 * live.cadence + gap) / 4 : gap;
    ++live.beats;
}

} // namespace

std::optional<Instance::Clock::time_point> lastBeat(const Instance &instance)
{
    if (!instance.expires || !instance.ttl)
        return std::nullopt;
    return *instance.expires - *instance.ttl;
}

std::optional<Instance::Clock::time_point> beatDue(const LiveInstance &live)
{
    const auto last = lastBeat(*live.instance);
    if (!last)
        return std::nullopt;
    const milliseconds ttl = *live.instance->ttl;
    const milliseconds cadence = live.cadence > 0ms ? live.cadence : ttl / 2;
    return *last + std::min(cadence * 5 / 4 + 500ms, ttl * 4 / 5);
}

LiveInstance continued(const LiveInstance &before, Instance instance,
                       Instance::Clock::time_point now, bool older)
{
    deduceTtl(instance, before.instance.get());
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
