// SPDX-License-Identifier: MIT
#pragma once

#include "layout.h"

namespace EtcdRegistry {

struct ConnectionString;

/// The instances that fill() writes: `count` of them in 20 services of the namespace "load", with
/// documents of about 150 bytes.
QList<Layout::Record> loadRecords(int count);

/// Writes them by its first node, as fast as etcd takes them: v3 100 to a transaction, and to a
/// lease, v2 64 at a time. `ttl` in seconds; 0: for good. It blocks. False: some were refused.
bool fill(const ConnectionString &connection, Api api, int count, int ttl = 0);

} // namespace EtcdRegistry
