// SPDX-License-Identifier: MIT
#pragma once

#include "connection.h"
#include "diagnosis.h"
#include "members.h"
#include "watch.h"
#include "workers.h"

#include <QHash>
#include <QObject>
#include <QPromise>
#include <QTimer>

#include <memory>

namespace EtcdRegistry {

/// Finds out what is wrong with a cluster, with what is registered below the connection's namespace
/// and with the way there. It asks each node how it is, and side by side lists the registry in both
/// stores and tries whether it may write and watch. Where keys have been written over, it watches
/// for some seconds whether two owners do so in turns. It writes nothing. Each question ends within
/// the connection's deadline, but for listings, which may take longer where they are large, and
/// that look.
///
/// Lives in the thread that made it. When it goes, a pending future is canceled.
class Doctor : public QObject
{
    Q_OBJECT
public:
    explicit Doctor(const ConnectionString &connection, QObject *parent = nullptr);
    ~Doctor() override;

    struct Report
    {
        Findings findings; ///< see diagnose()
        bool isReached = false;
    };

    /// Once.
    QFuture<Report> examine();

private:
    template <typename T, typename Take>
    void question(QFuture<T> answer, Take take);
    void answered();
    void askNodes();
    void askStore();
    void askOtherStore();
    void take(const Result<Listing> &listing);
    void findOtherNamespaces();
    void findLeadingSlash();
    void findDirectoryTtls();
    void tryToWatch();
    void lookForTurns(const QList<Entry> &entries);
    void take(const QList<Event> &events);

    Connection m_connection;
    std::unique_ptr<Connection> m_other; ///< the same cluster by its other API
    Members m_members;
    std::unique_ptr<Watch> m_watch;
    QHash<QString, QByteArrayList> m_values; ///< that were seen of a key, one after the other
    QTimer m_lookTimer;
    QPromise<bool> m_looked;
    Workers m_workers;
    Observations m_seen;
    int m_open = 0; ///< questions that are
    QPromise<Report> m_promise;
};

} // namespace EtcdRegistry
