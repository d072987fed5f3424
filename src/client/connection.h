// SPDX-License-Identifier: MIT
#pragma once

#include "cluster.h"
#include "connectionstring.h"
#include "store.h"
#include "transport.h"

#include <QPromise>

#include <memory>
#include <vector>

class QVersionNumber;

namespace EtcdRegistry {

/// The way from a connection string to a store: finds the nodes (by discovery, where there are
/// none), logs in, and finds out which API they serve. A failure is not remembered: the next
/// operation tries again.
class Connection : public QObject
{
    Q_OBJECT
public:
    explicit Connection(const ConnectionString &text);

    const ConnectionString &text() const { return m_text; }
    Transport &transport() { return m_transport; }

    QFuture<Result<Cluster>> open();

    /// Cancels what is under way and waits for the threads of the store; for good.
    void close();

    /// Precondition: open.
    Store &store() { return *m_store; }
    const Cluster &cluster() const { return m_cluster; }

    /// What the operation returns once the store is known, or the error that prevents it.
    template <typename T, typename Operation>
    QFuture<Result<T>> withStore(Operation operation)
    {
        return open()
            .then(this,
                  [this, operation](const Result<Cluster> &opened) {
                      return opened ? operation() : m_transport.later(Result<T>(opened.error()));
                  })
            .unwrap();
    }

private:
    QFuture<Result<void>> findNodes();
    QFuture<Result<void>> servesV2(const QUrl &first);
    QFuture<Result<Cluster>> detectApi(const Result<HttpReply> &versionReply);
    Cluster use(Api api, const QVersionNumber &version);

    ConnectionString m_text;
    Transport m_transport;
    std::unique_ptr<Store> m_store;
    Cluster m_cluster;
    std::vector<QPromise<Result<Cluster>>> m_waiters;
};

} // namespace EtcdRegistry
