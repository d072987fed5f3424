// SPDX-License-Identifier: MIT
#include "row.h"

#include "snapshot.h"

#include <numeric>

namespace EtcdRegistry {

namespace {

/// A listing of v2 says what is left and not what was granted: the most that was seen comes near.
/// An owner that changed its document may have changed its TTL, too.
void keepLongestTtl(Instance &instance, const Instance &before)
{
    if (instance.api == Api::V2 && instance.ttl && before.ttl &&
        instance.document == before.document)
        instance.ttl = std::max(*instance.ttl, *before.ttl);
}

} // namespace

int StateCounts::total() const
{
    return std::accumulate(of.begin(), of.end(), 0);
}

StateCounts countStates(const Rows &rows)
{
    StateCounts counts;
    for (const Row &row : rows)
        counts.add(row.state);
    return counts;
}

std::optional<Instance::Clock::time_point> lastBeat(const Instance &instance)
{
    if (!instance.expires || !instance.ttl)
        return std::nullopt;
    return *instance.expires - *instance.ttl;
}

Rows merged(const Rows &known, const QList<Instance> &listed, Instance::Clock::time_point now,
            bool first)
{
    Rows rows;
    rows.reserve(listed.size());
    auto before = known.begin();
    for (const Instance &instance : listed) {
        while (before != known.end() && instanceLess(before->instance, instance))
            ++before;
        Row row{.instance = instance};
        if (before != known.end() && !instanceLess(instance, before->instance)) {
            keepLongestTtl(row.instance, before->instance);
            row.firstSeen = before->firstSeen;
            row.older = before->older;
            row.changed = instance.document == before->instance.document ? before->changed : now;
        } else {
            row.firstSeen = now;
            row.older = first;
            if (!first)
                row.changed = now;
        }
        rows.append(std::move(row));
    }
    return rows;
}

} // namespace EtcdRegistry
