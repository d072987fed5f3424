// SPDX-License-Identifier: MIT
#pragma once

#include "cluster.h"
#include "connectionstring.h"
#include "finding.h"
#include "node.h"
#include "result.h"
#include "snapshot.h"

namespace EtcdRegistry {

/// What a Doctor was told. Where `opened` is an error, nothing was asked of what follows `nodes`;
/// where there are no nodes, it says why.
struct Observations
{
    ConnectionString connection;
    Result<Cluster> opened = Cluster();
    QList<Node> nodes;
    Result<Snapshot> registry = Snapshot();
    QStringList otherNamespaces{}; ///< where there is nothing below the connection's own
    Result<void> write{};
    Result<void> watch{};
    qsizetype inOtherStore = 0; ///< so much is registered there

    bool isReached() const; ///< by any node
};

/// All that is wrong, and for each check that found nothing a finding which says so (Ok); nothing
/// for those that could not be made. Sorted by check. A pure function; any thread.
Findings diagnose(const Observations &seen);

} // namespace EtcdRegistry
