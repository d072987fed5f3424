// SPDX-License-Identifier: MIT
#pragma once

#include "connectionstring.h"
#include "result.h"

#include <QSslConfiguration>

namespace EtcdRegistry {

/// What https connections use: the system's certificates, or the connection's authorities, and its
/// client certificate. An error (Tls) where a file can't be read. It takes 20 ms.
Result<QSslConfiguration> tlsConfiguration(const ConnectionString &connection);

} // namespace EtcdRegistry
