// SPDX-License-Identifier: MIT
#pragma once

#include "instance.h"

namespace EtcdRegistry {

/// The cluster that we are connected to, as its nodes describe it.
struct Cluster
{
    Api api = Api::V3; ///< the store in use
    QString version;   ///< of the node that answered first: "3.4.23"

    bool operator==(const Cluster &) const = default;
};

} // namespace EtcdRegistry
