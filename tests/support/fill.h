// SPDX-License-Identifier: MIT
#pragma once

#include "layout.h"

namespace EtcdRegistry {

struct ConnectionString;

/// The instances that fill() writes: `count` of them in 20 services of the namespace "load", with
/// documents of about 150 bytes.
QList<Layout::Record> loadRecords(int count);

/// Writes them for good (no TTL), as fast as one client can: v3 100 to a transaction, v2 five at a
/// time. False: some could not be written.
bool fill(const ConnectionString &connection, Api api, int count);

} // namespace EtcdRegistry
