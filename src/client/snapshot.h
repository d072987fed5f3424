// SPDX-License-Identifier: MIT
#pragma once

#include "instance.h"

#include <QList>

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

/// Neighbours mostly share the texts of their namespace and service.
inline int compareShared(const QString &a, const QString &b)
{
    return a.constData() == b.constData() && a.size() == b.size() ? 0 : a.compare(b);
}

inline bool instanceLess(const Instance &a, const Instance &b)
{
    int c = compareShared(a.nameSpace, b.nameSpace);
    if (c == 0)
        c = compareShared(a.service, b.service);
    return c == 0 ? a.key < b.key : c < 0;
}

} // namespace EtcdRegistry
