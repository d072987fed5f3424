// SPDX-License-Identifier: MIT
#pragma once

#include "cluster.h"
#include "connectionstring.h"
#include "finding.h"
#include "node.h"
#include "result.h"
#include "snapshot.h"

#include <QMap>

namespace EtcdRegistry {

/// What a Doctor was told. Where `opened` is an error, nothing was asked of what follows `nodes`;
/// where there are no nodes, it says why.
struct Observations
{
    ConnectionString connection;
    Result<Cluster> opened = Cluster();
    QList<Node> nodes;
    std::optional<Error> membersUnseen{}; ///< nobody tells who is a member
    Result<Snapshot> registry = Snapshot();
    QStringList otherNamespaces{}; ///< where there is nothing below the connection's own
    std::optional<Error> namespacesUnseen{};
    qint64 withLeadingSlash = 0;        ///< so many keys are below /services/ in v3
    QMap<QString, int> directoryTtls{}; ///< v2: seconds left, by directory; their keys go with them
    QStringList contested{};            ///< keys whose values were written in turns
    Result<void> write{};
    Result<void> watch{};
    bool isWatchSilent = false; ///< not refused either: its beginning did not arrive
    qsizetype inOtherStore = 0; ///< so much is registered there

    bool isReached() const; ///< by any node
};

/// All that is wrong, and for each check that found nothing a finding which says so (Ok); nothing
/// for those that could not be made. Sorted by check. A pure function; any thread.
Findings diagnose(const Observations &seen);

} // namespace EtcdRegistry
