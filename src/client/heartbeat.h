// SPDX-License-Identifier: MIT
#pragma once

#include "store.h"

#include <QHash>
#include <QPromise>
#include <QTimer>

#include <vector>

namespace EtcdRegistry {

/// Keeps the keys of one lease alive: one beat for all of them every `interval`, counted from the
/// start of the last one. A beat that fails is tried again soon and for ever; a lease that has
/// gone is granted again, and keys that have gone are put again, at once. In v2, where each key
/// has its own TTL, a heartbeat holds one key. It may be deleted at any time, before its store.
class Heartbeat : public QObject
{
    Q_OBJECT
public:
    Heartbeat(Store &store, std::chrono::milliseconds ttl, std::chrono::milliseconds interval,
              QObject *parent);

    /// Writes the key, and again whenever it is found missing, until it is released.
    QFuture<Result<void>> hold(const QString &key, const QByteArray &value);

    /// Beats this key no more; the key itself is left alone.
    void release(const QString &key);

    void pause();
    void resume(); ///< beats at once

    const Lease &lease() const { return m_lease; }
    QStringList keys() const { return m_values.keys(); }

Q_SIGNALS:
    void succeeded(const QStringList &rejoined);
    void failed(const EtcdRegistry::Error &error);

private:
    QFuture<Result<void>> ensureLease();
    void beat();
    void putAgain(const QStringList &keys);
    void beaten(const QStringList &rejoined);
    void missed(const Error &error);

    Store &m_store;
    std::chrono::milliseconds m_ttl;
    std::chrono::milliseconds m_interval;
    Lease m_lease;
    bool m_granted = false;
    std::vector<QPromise<Result<void>>> m_leaseWaiters;
    QHash<QString, QByteArray> m_values;
    QTimer m_timer;
    bool m_paused = false;
    bool m_beating = false;
    Instance::Clock::time_point m_beatStarted;
};

} // namespace EtcdRegistry
