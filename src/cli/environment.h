// SPDX-License-Identifier: MIT
#pragma once

#include "connectionstring.h"

#include <optional>

namespace EtcdRegistry::Cli {

/// The cluster: as --etcd says or, where that is not given, ETCD_REGISTRY, which is a connection
/// string too, or ETCDCTL_ENDPOINTS, or etcd on this machine. What it leaves open of
/// certificates and login comes from etcdctl's ETCDCTL_CACERT, ETCDCTL_CERT, ETCDCTL_KEY,
/// ETCDCTL_USER and ETCDCTL_PASSWORD; a password that is nowhere is asked for on a terminal.
/// Warnings tell which of etcdctl's variables are set and not used. An error says which of them is
/// wrong.
Result<ConnectionString> connectionFrom(const std::optional<QString> &option);

} // namespace EtcdRegistry::Cli
