// SPDX-License-Identifier: MIT
#pragma once

#include <QJsonArray>
#include <QJsonValue>
#include <QProcess>

namespace EtcdRegistry {

/// The npm package etcd-registry in a process of its own, see tests/interop/peer.js.
class NpmPeer
{
public:
    explicit NpmPeer(const QString &connection);
    ~NpmPeer(); ///< it goes without leaving

    /// Why there can be none on this machine; empty: there can.
    static QString whyNot();

    /// The answer's value; undefined if the package failed.
    QJsonValue ask(const QJsonArray &command);

    void kill(); ///< SIGKILL

private:
    QProcess m_node;
};

} // namespace EtcdRegistry
