// SPDX-License-Identifier: MIT
#pragma once

#include "connectionstring.h"
#include "finding.h"
#include "snapshot.h"

namespace EtcdRegistry {

// What is wrong with what is registered, one finding for all instances of a service that have the
// same fault. Pure functions; any thread.

Findings withoutTtl(const Snapshot &registry);
Findings brokenDocuments(const Snapshot &registry);
Findings sharedPlaces(const Snapshot &registry);

/// Loopback addresses lead nobody there from another machine. Where the cluster and all instances
/// have such, it is all on one machine, and fine.
Findings loopbackHosts(const Snapshot &registry, const ConnectionString &connection);

bool isLoopback(const QString &host);

} // namespace EtcdRegistry
