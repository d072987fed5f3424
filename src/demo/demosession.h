// SPDX-License-Identifier: MIT
#pragma once

#include "localetcd.h"
#include "registry.h"

namespace EtcdRegistry {

/// A registry to look at: a private etcd and about a dozen sample services in it, most of them
/// kept alive through the client as any other service would be. Some are as they should not be
/// (a broken document, one that never expires, one that comes and goes), so that there is
/// something to find. All of it goes with this object.
class DemoSession : public QObject
{
    Q_OBJECT
public:
    explicit DemoSession(QObject *parent = nullptr);

    void start();

Q_SIGNALS:
    void ready(const QString &connectionString);
    void failed(
        const QString &message); ///< at most once; in the user's language: what, where, what to do

private:
    void populate();
    void join(const Service &service, bool unsteady);
    void write(const QString &key, const QByteArray &value);
    void fail(const QString &message);
    void oneDone();
    void toggleUnsteady();

    LocalEtcd m_etcd;
    QNetworkAccessManager m_network;
    std::unique_ptr<Registry> m_registry;
    QList<qint64> m_unsteady; ///< registrations that come and go
    QTimer m_toggleTimer;
    int m_pending = 0; ///< what is still to be written before we are ready
    bool m_ready = false;
    bool m_failed = false;
};

} // namespace EtcdRegistry
