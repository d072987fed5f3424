// SPDX-License-Identifier: MIT
#include "portwatch.h"

#include <QNetworkProxy>
#include <QTcpSocket>

#include <utility>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace EtcdRegistry::Cli {

constexpr auto closedInterval = 100ms;
constexpr auto openInterval = 1s;
constexpr auto patience = 2s; ///< with a server whose backlog is full

PortWatch::PortWatch(const QString &hostname, quint16 port, QObject *parent)
    : QObject(parent)
    , m_hosts{u"127.0.0.1"_s, u"::1"_s, hostname}
    , m_port(port)
{
    m_next.setSingleShot(true);
    connect(&m_next, &QTimer::timeout, this, &PortWatch::ask);
}

void PortWatch::start()
{
    ask();
}

void PortWatch::stop()
{
    m_next.stop();
    m_attempt.reset();
}

void PortWatch::ask()
{
    m_attempt.reset(new QObject);
    QObject *attempt = m_attempt.get();
    const auto end = [this, attempt](bool isOpen) {
        if (attempt == m_attempt.get()) // else it was ended before
            answered(isOpen);
    };
    const auto refused = [end, pending = std::make_shared<qsizetype>(m_hosts.size())] {
        if (--*pending == 0)
            end(false);
    };
    for (const QString &host : m_hosts) {
        auto *socket = new QTcpSocket(attempt);
        socket->setProxy(QNetworkProxy::NoProxy);
        connect(socket, &QTcpSocket::errorOccurred, attempt, refused);
        connect(socket, &QTcpSocket::connected, attempt,
                [this, socket, end, refused] { isServer(*socket) ? end(true) : refused(); });
        socket->connectToHost(host, m_port);
    }
    QTimer::singleShot(patience, attempt, [end] { end(false); });
}

/// A name may be that of another machine in front of this one, which accepts connections on its
/// own account; and where nobody listens, a connection may get the port as its own end, too, and
/// so meet itself.
bool PortWatch::isServer(const QTcpSocket &socket) const
{
    const QHostAddress peer = socket.peerAddress();
    return (peer.isLoopback() || peer == socket.localAddress()) && socket.localPort() != m_port;
}

void PortWatch::answered(bool isOpen)
{
    m_attempt.reset();
    m_next.start(isOpen ? openInterval : closedInterval);
    if (std::exchange(m_isOpen, isOpen) != isOpen)
        Q_EMIT changed();
}

} // namespace EtcdRegistry::Cli
