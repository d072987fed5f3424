// SPDX-License-Identifier: MIT
#pragma once

#include <QUrl>

namespace EtcdRegistry {

/// What loads a cluster, each in a process of its own so that the processor time of the window's
/// is the window's. They print a JSON object and return what main() has to.
namespace Loads {

/// Changes instances of those that fill() wrote, `filled` of them, through v3 as fast as etcd takes
/// it: new ones, changed values and removals, 100 to a transaction. Prints `last`: ns on the
/// monotonic clock when the last was acknowledged; `seconds`.
int burst(const QUrl &endpoint, int filled, int changes);

/// Sets each of the instances anew every five seconds through v2, as the npm client does, and
/// records it, until the record says stop. Prints `rate`: beats a second, `late_ms`: how far it
/// was behind its schedule at worst; `failed`.
int beats(const QUrl &endpoint, int instances, const QString &recordFile);

} // namespace Loads
} // namespace EtcdRegistry
