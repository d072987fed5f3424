// SPDX-License-Identifier: MIT
#pragma once

#include "cluster.h"
#include "connectionstring.h"
#include "error.h"
#include "liveinstance.h"

#include <QDateTime>
#include <QObject>
#include <QStringList>

#include <memory>
#include <optional>

namespace EtcdRegistry {

/// How fresh a live registry is.
struct LiveStatus
{
    enum class Freshness {
        Connecting, ///< nothing was listed yet; `error` says why, once it is known
        CatchingUp, ///< it was cut off, or much has happened; what it has is being brought up to
                    ///< date
        Live,
        Stale, ///< nobody answers: `error`; what it has is from `heardAt`
    };
    enum class Means {
        Watch,    ///< v3: one watch, from the revision of the listing on
        Stream,   ///< v2: a stream of events, and a listing where it may have lost some
        Listings, ///< v2: there are too many events for a stream, so everything is listed often
        Looks,    ///< no node's events arrive, though reads do: it is looked each 2 s whether
                  ///< anything has changed, and listed where it has
    };

    Freshness freshness = Freshness::Connecting;
    Means means = Means::Watch;
    std::optional<Error> error;
    std::optional<Cluster> cluster;      ///< once it is known
    QString endpoint;                    ///< the node that feeds it
    Instance::Clock::time_point heard{}; ///< the last sign of life of what it follows
    QDateTime heardAt;                   ///< the same by the wall clock

    /// The time for which states and countdowns hold. It stands still while nothing is heard, as
    /// without a leader nothing expires, and silence of ours is no silence of theirs.
    Instance::Clock::time_point time(Instance::Clock::time_point now) const;

    bool operator==(const LiveStatus &) const = default;
};

/// Something that happened to the live registry itself, for the journal.
struct LiveEvent
{
    enum class Kind {
        Connected,      ///< everything was listed for the first time: `count` instances
        Moved,          ///< events come from another node from now on; `error`: why
        Resynchronised, ///< events could not go on, so all was listed again: `count` had changed
        Repaired,       ///< a listing showed `count` changes that no event had told
        CutOff,         ///< nobody answers: `error`
        Recovered,      ///< after that: `count` had changed
        Paced,          ///< v2: too many events for a stream, from now on there are listings
        Streaming,      ///< and back
        HeldBack,       ///< something between here and etcd holds back events: `error`
        NoLeader,       ///< the cluster has no leader, so nothing expires: `error`
        Led,            ///< and again it has: `count` had changed
        Replaced,       ///< it is another cluster now: `count` instances
    };

    Kind kind = Kind::Connected;
    QString endpoint;
    std::optional<Error> error;
    int count = 0;
    Instance::Clock::time_point at;

    bool operator==(const LiveEvent &) const = default;
};

/// Everything that is registered below the connection's namespace, kept in step with the cluster:
/// it lists once, then follows the store's events, finds out by itself when they stop coming or
/// lie, and begins again from where it was, for as long as it lives. What it had stays when nobody
/// answers.
///
/// It has a connection of its own, so that it lives well in a thread of its own, away from
/// heartbeats and from the GUI: move it there before start(), which makes that connection, and then
/// use it from there only. Signals come from the event loop, in the order of what happened.
class LiveRegistry : public QObject
{
    Q_OBJECT
public:
    explicit LiveRegistry(const ConnectionString &connection, QObject *parent = nullptr);
    ~LiveRegistry() override;

    /// How often the watch is held against the store; by default 60 s, and 5 s in v2, where a
    /// listing, which is what it takes there, comes at most at every other check. Before start().
    void setCheckInterval(std::chrono::milliseconds interval);

    void start();
    void refresh(); ///< lists everything now and repairs what differs

    /// v3: renewals are no events there, so the leases of these instances (of what is on screen)
    /// are asked now and then how long they live on. Keys.
    void setOnScreen(const QStringList &keys);

Q_SIGNALS:
    /// The first listing, sorted by instanceLess(); once, before any changed().
    void began(const QList<EtcdRegistry::LiveInstance> &instances);
    void changed(const QList<EtcdRegistry::Change> &changes); ///< in their order
    /// v2: all deadlines were looked at; who has not beaten until then has not been renewed.
    void looked(EtcdRegistry::Instance::Clock::time_point at);
    void statusChanged(const EtcdRegistry::LiveStatus &status);
    void happened(const EtcdRegistry::LiveEvent &event);

private:
    class Private;
    ConnectionString m_connection;
    std::chrono::milliseconds m_checkInterval{0}; ///< 0: the default
    std::unique_ptr<Private> d;                   ///< from start() on
};

} // namespace EtcdRegistry

Q_DECLARE_METATYPE(EtcdRegistry::LiveStatus)
Q_DECLARE_METATYPE(EtcdRegistry::LiveEvent)
