// SPDX-License-Identifier: MIT
#pragma once

#include <QObject>
#include <QTimer>

#include <memory>

class QTcpSocket;

namespace EtcdRegistry::Cli {

/// Whether a server on this machine accepts connections on a port. It is asked ten times a second
/// until it does, and once a second from then on: on 127.0.0.1, on ::1 and on the host's own name
/// or address, because a server may listen on one of them only.
class PortWatch : public QObject
{
    Q_OBJECT
public:
    PortWatch(const QString &hostname, quint16 port, QObject *parent = nullptr);

    void start();
    void stop();
    bool isOpen() const { return m_isOpen; } ///< as last told

Q_SIGNALS:
    void changed();

private:
    void ask();
    void answered(bool isOpen);
    bool isServer(const QTcpSocket &socket) const;

    struct DeleteLater
    {
        void operator()(QObject *object) const { object->deleteLater(); }
    };

    const QStringList m_hosts;
    const quint16 m_port;
    bool m_isOpen = false;
    std::unique_ptr<QObject, DeleteLater> m_attempt; ///< has the sockets of the moment
    QTimer m_next;
};

} // namespace EtcdRegistry::Cli
