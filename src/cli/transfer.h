// SPDX-License-Identifier: MIT
#pragma once

#include "layout.h"
#include "snapshot.h"

namespace EtcdRegistry::Cli {

// Instances as JSON Lines, in a file or on their way to another cluster; one object a line:
//
//   {"key":"services/shop/web/2ab1...","ttl":10,"document":{"name":"web",...}}
//
// ttl is in seconds: the one granted or, where v2 does not tell that, what is left of it; null
// stands for an instance that never expires. Lines without a key take it from the document.

/// Values that are no documents are left out.
QByteArray toLines(const QList<Instance> &instances);

/// What to register so that the same instances are there again; `preset` has the TTL of those
/// that have none, and the namespace that all have to be in or below. The error says which line is
/// wrong, and why.
Result<QList<Service>> fromLines(const QByteArray &lines, const Service &preset);

} // namespace EtcdRegistry::Cli
