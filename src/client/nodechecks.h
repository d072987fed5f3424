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

/// Nodes that serve another API than the others do, or not the one in use.
Findings oddApis(const Observations &seen);

// Why it can't be said that there is nothing; empty: it can.
QString clocksUnseen(const Observations &seen);
QString leaderUnseen(const Observations &seen);
QString alarmsUnseen(const Observations &seen);

/// Of the connection's hosts.
bool reachesOnlyLearners(const Observations &seen);

/// The cluster answers that it can't, or nobody does in time.
bool isOutage(const Error &error);

} // namespace EtcdRegistry
