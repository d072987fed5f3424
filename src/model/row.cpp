// SPDX-License-Identifier: MIT
#include "row.h"

#include "snapshot.h"

#include <numeric>

namespace EtcdRegistry {

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

bool seek(Rows::const_iterator &row, Rows::const_iterator end, const Instance &instance)
{
    // Keys first: mostly they are the same, and to order rows takes three comparisons.
    while (row != end && row->instance.key != instance.key && instanceLess(row->instance, instance))
        ++row;
    return row != end && row->instance.key == instance.key;
}

Rows merged(const Rows &known, const QList<Instance> &listed, Instance::Clock::time_point now,
            bool first)
{
    Rows rows;
    rows.reserve(listed.size());
    auto before = known.begin();
    for (const Instance &instance : listed) {
        Row row{.instance = instance};
        if (seek(before, known.end(), instance)) {
            deduceTtl(row.instance, &before->instance);
            row.firstSeen = before->firstSeen;
            row.older = before->older;
            row.changed = instance.document == before->instance.document ? before->changed : now;
        } else {
            deduceTtl(row.instance, nullptr);
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
