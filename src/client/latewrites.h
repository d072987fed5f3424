// SPDX-License-Identifier: MIT
#pragma once

#include "registration.h"
#include "store.h"

#include <QTimer>

#include <map>

namespace EtcdRegistry {

/// What we left although a write of ours may still be under way: etcd carries writes out that it
/// had answered with an error, or not at all, even 20 s later. It looks at such keys for half a
/// minute and deletes them again. What somebody else wrote there is let be.
class LateWrites : public QObject
{
    Q_OBJECT
public:
    explicit LateWrites(QObject *parent = nullptr);

    void look(Store &store, const Registration &left, const Lease &lease);
    /// At all of them, once and now.
    QFuture<void> lookNow();
    /// It is held again.
    void forget(const QString &key) { m_keys.erase(key); }

Q_SIGNALS:
    /// A delayed write had brought it back.
    void leftAgain(const EtcdRegistry::Registration &registration);

private:
    struct Key
    {
        Store *store;
        Registration left;
        Lease lease;
        Instance::Clock::time_point until;
    };

    std::map<QString, Key> m_keys;
    bool m_isLooking = false;
    QTimer m_timer;
};

} // namespace EtcdRegistry
