// SPDX-License-Identifier: MIT
#pragma once

#include "layout.h"
#include "snapshot.h"

namespace EtcdRegistry::Cli {

// Instances as JSON Lines, in a file or on their way to another cluster; one object a line:
//
//   {"key":"services/shop/web/2ab1...","ttl":10,"document":{"name":"web",...}}
//
// ttl is in seconds, as granted; null stands for an instance that never expires. Lines
// without a key take it from the document.

/// Its value is a document, and its key is text.
bool isWhole(const Instance &instance);

/// Those that are not whole are left out.
QByteArray toLines(const QList<Instance> &instances);

/// What to register so that the same instances are there again; `preset` has the TTL of those
/// that have none, and the namespace that all have to be in or below. The error says which line is
/// wrong, and why.
Result<QList<Service>> fromLines(const QByteArray &lines, const Service &preset);

} // namespace EtcdRegistry::Cli
