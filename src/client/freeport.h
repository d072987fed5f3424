// SPDX-License-Identifier: MIT
#pragma once

#include <QtGlobal>

namespace EtcdRegistry {

/// A port that nobody on this machine listens on now, below those that the system gives to outgoing
/// connections, so that who is down for a while finds its port free again. 0: none was found.
quint16 freePort();

/// Somebody listens on it already.
bool isPortTaken(quint16 port);

} // namespace EtcdRegistry
