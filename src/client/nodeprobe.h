// SPDX-License-Identifier: MIT
#pragma once

#include <QFuture>
#include <QString>
#include <QUrl>

#include <chrono>

class QObject;

namespace EtcdRegistry {

/// Which protocol is spoken at an address, for those that do not answer as etcd does.
struct Spoken
{
    bool http = false;  ///< HTTP/1.x in the clear, or over TLS where `tls` is set, too
    bool http2 = false; ///< and nothing else, as gRPC does
    bool tls = false;
    int status = 0; ///< of the answer in HTTP
    QString server; ///< its Server header, or else its page's title

    bool operator==(const Spoken &) const = default;
};

/// Asks for /version, without any login and whoever answers, by the protocol of the address and,
/// where that is not spoken there, by the other. When the parent goes, the future is canceled.
QFuture<Spoken> probe(const QUrl &endpoint, std::chrono::milliseconds timeout, QObject *parent);

} // namespace EtcdRegistry
