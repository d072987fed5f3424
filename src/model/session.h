// SPDX-License-Identifier: MIT
#pragma once

#include "journalmodel.h"
#include "presence.h"
#include "registry.h"
#include "row.h"

#include <QHash>
#include <QTimer>

#include <optional>

namespace EtcdRegistry {

class Batch;

/// An open connection: the registry client, and what it showed last, kept fresh by listing every
/// two seconds. What was seen stays when a listing fails; the session goes on trying by itself.
/// Lives in its thread's event loop; does nothing on the network before start().
class Session : public QObject
{
    Q_OBJECT
public:
    using Clock = Instance::Clock;
    enum class Freshness {
        Connecting, ///< nothing was listed yet; error() says why, once it is known
        Live,
        Stale, ///< the last listing failed; what is shown is from refreshedAt()
    };

    explicit Session(const ConnectionString &connection, QObject *parent = nullptr);
    ~Session() override;

    Registry &registry() { return m_registry; }
    const ConnectionString &connection() const { return m_registry.connection(); }
    const std::optional<Cluster> &cluster() const { return m_cluster; }
    const QList<Node> &nodes() const { return m_registry.nodes(); }

    const Rows &rows() const { return m_update->rows; }
    const StateCounts &counts() const { return m_update->counts; }
    const QList<ServiceCounts> &services() const { return m_update->services; }
    const RowsUpdatePtr &update() const { return m_update; } ///< the last one
    /// What is shown now of this instance; nothing: it has gone.
    std::optional<Row> row(const Instance &instance) const;

    Freshness freshness() const { return m_freshness; }
    const std::optional<Error> &error() const { return m_error; } ///< of the last listing
    QDateTime refreshedAt() const { return m_refreshedAt; }
    QString endpoint() const { return m_endpoint; } ///< the node that answered last
    /// The time for which states and countdowns hold. It stands still while the view is paused or
    /// nothing new is heard, so that silence of ours does not look like silence of theirs.
    Clock::time_point now() const;

    JournalModel &journal() { return m_journal; }
    const Presence &presence() const { return m_presence; }

    /// What we hold: the registration's id by its key.
    std::optional<qint64> ours(const QString &key) const;
    QSet<QString> ourKeys() const;

    /// A registration of ours as a listing would show it, be it registered at this moment or not.
    Instance instanceOf(const Registration &registration) const;

    void start();
    void refresh(); ///< at once, or as soon as the listing that is under way has ended

    /// While paused, listings go on and wait to be shown.
    void setPaused(bool paused);
    bool isPaused() const { return m_paused; }
    int waitingChanges() const { return m_waitingChanges; } ///< rows joined, left or changed

    /// v3: instances on screen are asked for the time that they have left; listings don't say.
    void setVisibleKeys(const QStringList &keys);

    /// Shows a snapshot. Public for tests: otherwise called by the session itself.
    void apply(const Snapshot &snapshot);

    Batch *join(const QList<Service> &services);
    /// Leaves those of ours, and deletes those of others.
    Batch *leave(const QStringList &keys);
    /// Leaves all of ours and ends, within about three seconds, with leftAll() or leavingFailed().
    void leaveAll();

Q_SIGNALS:
    void leftAll();
    void leavingFailed(const QString &message); ///< what could not be left, and what becomes of it
    void updated(const EtcdRegistry::RowsUpdatePtr &update); ///< rows have changed
    void ticked();                              ///< only now() has
    void freshnessChanged();
    void registrationsChanged();
    void nodesChanged();

private:
    void listed(const Result<Snapshot> &result);
    void ended(const Result<Snapshot> &result);
    void show(const Snapshot &snapshot);
    void tick();
    void update(Rows rows);
    QList<Instance> toAskForTime(const QList<Instance> &instances) const;
    void updateRegistrations();
    void leavingEnded(const Result<void> &result);
    void leavingTookTooLong();
    Batch *watched(Batch *batch);

    Registry m_registry;
    JournalModel m_journal;
    Presence m_presence;
    std::optional<Cluster> m_cluster;
    RowsUpdatePtr m_update = std::make_shared<const RowsUpdate>();
    QHash<QString, qint64> m_ours;
    QSet<QString> m_pausedKeys;
    QSet<QString> m_visibleKeys;

    Freshness m_freshness = Freshness::Connecting;
    std::optional<Error> m_error;
    QDateTime m_refreshedAt;
    QString m_endpoint;
    Clock::time_point m_observed; ///< when the last snapshot was
    Clock::time_point m_pausedAt;
    std::optional<Snapshot> m_waiting; ///< the newest of those that came during the pause
    int m_waitingChanges = 0;
    bool m_paused = false;
    bool m_refreshing = false;
    bool m_refreshAgain = false;
    QTimer m_refreshTimer;
    QTimer m_tickTimer;
    QTimer m_registrationsTimer;
    QTimer m_leaveTimer; ///< runs while all are being left
};

} // namespace EtcdRegistry
