// SPDX-License-Identifier: MIT
#pragma once

#include "instancemodel.h"
#include "modelfixture.h"

namespace EtcdRegistry {

inline const Instance::Clock::time_point start{std::chrono::hours(1)};

inline InstanceFilter filterOf(const QString &text)
{
    return InstanceFilter::parse(text).value();
}

/// A model, and the rows that it was given.
struct Shown
{
    InstanceModel model;
    Rows rows;

    void show(const Rows &next, Instance::Clock::time_point now = start)
    {
        model.apply(updateOf(std::exchange(rows, next), next), now);
    }
};

/// The keys in the order shown, without "services/".
inline QStringList keysOf(const InstanceModel &model)
{
    QStringList keys;
    for (int row = 0; row < model.rowCount(); ++row)
        keys.append(model.row(row).instance->key.sliced(9));
    return keys;
}

} // namespace EtcdRegistry
