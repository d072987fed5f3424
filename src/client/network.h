// SPDX-License-Identifier: MIT
#pragma once

class QNetworkAccessManager;

namespace EtcdRegistry {

/// A manager as we want it: replies are ours to delete, no redirect is followed, and what comes is
/// read through a buffer.
void setUpNetwork(QNetworkAccessManager &network);

} // namespace EtcdRegistry
