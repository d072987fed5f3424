// SPDX-License-Identifier: MIT
#pragma once

#include <QJsonArray>
#include <QJsonValue>
#include <QProcess>

namespace EtcdRegistry {

/// A registry client in a process of its own that takes commands as tests/interop/peer.js does.
class Peer
{
public:
    Peer(const QString &program, const QStringList &arguments);
    virtual ~Peer(); ///< it goes without leaving

    /// The answer's value; undefined if the client failed.
    QJsonValue ask(const QJsonArray &command);

    void kill(); ///< SIGKILL
    bool isRunning() const { return m_process.state() == QProcess::Running; }

private:
    QProcess m_process;
};

/// The npm package etcd-registry.
class NpmPeer : public Peer
{
public:
    explicit NpmPeer(const QString &connection);

    /// Why there can be none on this machine; empty: there can.
    static QString whyNot();
};

} // namespace EtcdRegistry
