// SPDX-License-Identifier: MIT
#pragma once

#include "instance.h"

#include <QList>

#include <tuple>

namespace EtcdRegistry {

/// Everything that is registered below the connection's namespace at one revision, sorted by
/// namespace, then service, then key (see instanceLess). Implicitly shared: a copy is cheap.
struct Snapshot
{
    QList<Instance> instances;
    Api api = Api::V2;
    qint64 revision = 0; ///< v2: X-Etcd-Index
    QString endpoint;    ///< the node that answered
    Instance::Clock::time_point observed;

    bool operator==(const Snapshot &) const = default;
};

inline bool instanceLess(const Instance &a, const Instance &b)
{
    return std::tie(a.nameSpace, a.service, a.key) < std::tie(b.nameSpace, b.service, b.key);
}

} // namespace EtcdRegistry
