// SPDX-License-Identifier: MIT
#pragma once

#include "connectionstring.h"
#include "finding.h"
#include "snapshot.h"

#include <QMap>

namespace EtcdRegistry {

// What is wrong with what is registered, one finding for all instances of a service that have the
// same fault. Pure functions; any thread.

Findings withoutTtl(const Snapshot &registry);
Findings brokenDocuments(const Snapshot &registry);
Findings sharedPlaces(const Snapshot &registry);

/// Loopback addresses lead nobody there from another machine. Where the cluster and all instances
/// have such, it is all on one machine, and fine.
Findings loopbackHosts(const Snapshot &registry, const ConnectionString &connection);

/// Whatever the machine: 0.0.0.0, URLs that are none, no port, and documents that contradict
/// themselves.
Findings impossibleAddresses(const Snapshot &registry);

/// v2's directories that expire, with the seconds that are left.
Findings mortalDirectories(const QMap<QString, int> &ttls);

/// Keys whose values two owners write in turns.
Findings contestedKeys(const QStringList &keys);

bool isLoopback(const QString &host);

} // namespace EtcdRegistry
