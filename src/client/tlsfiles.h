// SPDX-License-Identifier: MIT
#pragma once

#include "connectionstring.h"
#include "result.h"

#include <QSslConfiguration>

namespace EtcdRegistry {

/// What https connections use: the system's certificates, or the connection's authorities, and its
/// client certificate, with a key of any kind that OpenSSL knows. An error (Tls) where a file can't
/// be read, or a server would refuse what is in it. It takes 20 ms.
Result<QSslConfiguration> tlsConfiguration(const ConnectionString &connection);

} // namespace EtcdRegistry
