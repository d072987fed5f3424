// SPDX-License-Identifier: MIT
#pragma once

#include "connectionstring.h"

namespace EtcdRegistry::Cli {

/// The cluster: as --etcd says or, where that is empty, ETCD_REGISTRY, which is a connection string
/// too, or ETCDCTL_ENDPOINTS, or etcd on this machine. What it leaves open of certificates and
/// login comes from etcdctl's ETCDCTL_CACERT, ETCDCTL_CERT, ETCDCTL_KEY and ETCDCTL_USER. An error
/// says which of them is wrong.
Result<ConnectionString> connectionFrom(const QString &option);

} // namespace EtcdRegistry::Cli
