// SPDX-License-Identifier: MIT
#include "freeport.h"

#include <QRandomGenerator>
#include <QTcpServer>

namespace EtcdRegistry {

quint16 freePort()
{
    for (int attempt = 0; attempt < 1000; ++attempt) {
        const auto port = quint16(QRandomGenerator::global()->bounded(15000, 32000));
        if (!isPortTaken(port))
            return port;
    }
    return 0;
}

bool isPortTaken(quint16 port)
{
    QTcpServer server;
    return !server.listen(QHostAddress::Any, port)
           && server.serverError() == QAbstractSocket::AddressInUseError;
}

} // namespace EtcdRegistry
