// SPDX-License-Identifier: MIT
#include "row.h"

#include "snapshot.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace EtcdRegistry {

namespace {

bool looksAlike(const Row &a, const Row &b)
{
    return a.state == b.state && a.ours == b.ours && a.changed == b.changed
           && (a.instance == b.instance || a.instance->document == b.instance->document);
}

void count(RowsUpdate &update)
{
    for (const Row &row : std::as_const(update.rows)) {
        const Instance &instance = *row.instance;
        if (update.services.isEmpty() || update.services.last().service != instance.service
            || update.services.last().nameSpace != instance.nameSpace)
            update.services.append({instance.nameSpace, instance.service, {}});
        update.services.last().counts.add(row.state);
        update.counts.add(row.state);
    }
}

} // namespace

StateCounts &StateCounts::operator+=(const StateCounts &other)
{
    std::ranges::transform(of, other.of, of.begin(), std::plus());
    return *this;
}

int StateCounts::total() const
{
    return std::accumulate(of.begin(), of.end(), 0);
}

RowsUpdate updateOf(const Rows &before, Rows after)
{
    RowsUpdate update;
    update.rows = std::move(after);
    update.newIndexes.assign(before.size(), -1);
    auto old = before.begin();
    for (int i = 0; i < int(update.rows.size()); ++i) {
        const Row &row = std::as_const(update.rows)[i];
        // Mostly they are the very same: then nothing is compared.
        while (old != before.end() && old->instance != row.instance
               && old->instance->key != row.instance->key
               && instanceLess(*old->instance, *row.instance))
            ++old;
        if (old == before.end()
            || (old->instance != row.instance && old->instance->key != row.instance->key)) {
            update.added.push_back(i);
            continue;
        }
        update.newIndexes[old - before.begin()] = i;
        if (!looksAlike(*old, row))
            update.changed.push_back(i);
        ++old;
    }
    count(update);
    return update;
}

} // namespace EtcdRegistry
