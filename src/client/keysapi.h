// SPDX-License-Identifier: MIT
#pragma once

#include "http.h"
#include "json.h"
#include "store.h"

class QDateTime;

/// What the two halves of StoreV2 share of the v2 keys API. Pure functions, any thread.
namespace EtcdRegistry::KeysApi {

constexpr int keyNotFound = 100;
constexpr int compareFailed = 101;

QByteArray keyPath(const QString &key);

/// A write; of what the form says.
HttpRequest formRequest(const QString &key, const QByteArray &form);

/// The key in a node; nothing if it is a directory, or no node at all.
std::optional<Entry> entryOf(const Json::Views &node, const QDateTime &now);

} // namespace EtcdRegistry::KeysApi
