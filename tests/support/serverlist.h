// SPDX-License-Identifier: MIT
#pragma once

#include "instance.h"
#include "plainhttp.h"

#include <QMap>

#include <optional>

namespace EtcdRegistry {

/// Keys without a leading slash, and their values.
using ServerList = QMap<QString, QByteArray>;

/// What a node is asked for everything below "services/load/", say, by hand.
PlainHttp::Request listRequest(Api api, const QByteArray &prefix);

/// All below the prefix as a majority knows it, by a way of reading that is not our client's.
/// It blocks; nothing: no answer.
std::optional<ServerList> serverList(const QUrl &endpoint, Api api, const QByteArray &prefix);

/// The first few keys that are missing, too many or different, one a line; empty: none is.
QString differences(const ServerList &wanted, const ServerList &got);

} // namespace EtcdRegistry
