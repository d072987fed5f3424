// SPDX-License-Identifier: MIT
#pragma once

#include "journalmodel.h"
#include "liveregistry.h"
#include "presence.h"
#include "registry.h"
#include "row.h"

#include <QHash>
#include <QThread>
#include <QTimer>

#include <optional>

namespace EtcdRegistry {

class Batch;
class Journal;
class RowKeeper;

/// An open connection: the registry client for what we do ourselves, and in a thread of its own the
/// live registry, whose rows it holds. What was seen stays when nobody answers; the session goes on
/// trying by itself. Lives in its thread's event loop; does nothing on the network before start().
class Session : public QObject
{
    Q_OBJECT
public:
    using Clock = Instance::Clock;
    using Freshness = LiveStatus::Freshness;

    /// journalFolder: see Journal; empty: what happens is not kept on the disk.
    explicit Session(const ConnectionString &connection, const QString &journalFolder = {},
                     QObject *parent = nullptr);
    ~Session() override; ///< waits for its thread

    Registry &registry() { return m_registry; }
    const ConnectionString &connection() const { return m_registry.connection(); }
    const QList<Node> &nodes() const { return m_registry.nodes(); }

    const Rows &rows() const { return m_update->rows; }
    const StateCounts &counts() const { return m_update->counts; }
    const QList<ServiceCounts> &services() const { return m_update->services; }
    const RowsUpdatePtr &update() const { return m_update; } ///< the last one
    /// What is shown now of this instance; nothing: it has gone.
    std::optional<Row> row(const Instance &instance) const;

    const LiveStatus &status() const { return m_status; }
    Freshness freshness() const { return m_status.freshness; }
    const std::optional<Cluster> &cluster() const { return m_status.cluster; }
    /// The time for which states and countdowns hold. It stands still while the view is paused or
    /// nothing is heard, so that silence of ours does not look like silence of theirs.
    Clock::time_point now() const;

    /// How the instance of this key went, of those that went lately.
    std::optional<Change::Kind> howItWent(const QString &key) const;

    /// Where else something is registered, if nothing is here: whole sentences.
    const QString &elsewhere() const { return m_elsewhere; }

    JournalModel &journal() { return m_journalModel; }
    const Presence &presence() const { return m_presence; }

    /// What we hold: the registration's id by its key.
    std::optional<qint64> ours(const QString &key) const;
    QSet<QString> ourKeys() const;

    /// A registration of ours as a listing would show it, be it registered at this moment or not.
    Instance instanceOf(const Registration &registration) const;

    void start();
    void refresh(); ///< lists everything now, or tries again to reach somebody

    /// While paused, changes go on and wait to be shown.
    void setPaused(bool paused);
    bool isPaused() const { return m_paused; }
    int waitingChanges() const { return m_waitingChanges; } ///< instances joined, left or changed

    /// Instances on screen are asked for the time that they have left, where events don't say.
    void setVisibleKeys(const QStringList &keys);

    Batch *join(const QList<Service> &services);
    /// Leaves those of ours, and deletes those of others.
    Batch *leave(const QStringList &keys);
    /// Leaves all of ours and ends, within about three seconds, with leftAll() or leavingFailed().
    void leaveAll();

Q_SIGNALS:
    void leaving(); ///< leaveAll() begins: nobody is to join anything now
    void leftAll();
    void leavingFailed(const QString &message); ///< what could not be left, and what becomes of it
    void updated(const EtcdRegistry::RowsUpdatePtr &update); ///< rows have changed
    void ticked();                                           ///< only now() has
    void freshnessChanged();
    void registrationsChanged();
    void nodesChanged();
    void nodeSeen(const EtcdRegistry::Node &node); ///< each of them, when one has changed

private:
    void startLiveThread();
    void apply(const RowsUpdatePtr &update);
    void setStatus(const LiveStatus &status);
    void lookElsewhere();
    void setWaiting(int changes);
    void updateRegistrations();
    void remember(const QList<Change> &changes);

    Registry m_registry;
    JournalModel m_journalModel;
    Presence m_presence;
    QThread m_thread;
    QThread m_journalThread; ///< its own, as it waits for the disk
    LiveRegistry *m_live;    ///< in m_thread, as is the next
    RowKeeper *m_keeper;
    Journal *m_journal;

    RowsUpdatePtr m_update = std::make_shared<const RowsUpdate>();
    LiveStatus m_status;
    QHash<QString, Change::Kind> m_gone; ///< how keys went that are not there
    QString m_elsewhere;
    bool m_lookedElsewhere = false;
    QHash<QString, qint64> m_ours;
    Clock::time_point m_pausedAt;
    int m_waitingChanges = 0;
    bool m_paused = false;
    QTimer m_tickTimer;
    QTimer m_registrationsTimer;
};

} // namespace EtcdRegistry
