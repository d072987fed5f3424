// SPDX-License-Identifier: MIT
#pragma once

#include "diagnosis.h"

namespace EtcdRegistry {

// What is wrong with the nodes of a cluster and the way to them. Pure functions; any thread.

Findings reach(const Observations &seen);
Findings tls(const Observations &seen);
Findings membership(const Observations &seen);
Findings versions(const Observations &seen);
Findings clocks(const Observations &seen);
Findings leader(const Observations &seen);
Findings alarms(const Observations &seen);

/// The cluster answers that it can't, or nobody does in time.
bool isOutage(const Error &error);

} // namespace EtcdRegistry
