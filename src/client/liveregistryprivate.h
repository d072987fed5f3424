// SPDX-License-Identifier: MIT
#pragma once

#include "connection.h"
#include "layout.h"
#include "liveregistry.h"
#include "livetable.h"
#include "nodes.h"
#include "watch.h"

#include <QTimer>

namespace EtcdRegistry {

/// How a LiveRegistry follows its store. liveregistry.cpp has how it lists and watches,
/// livedoubts.cpp how it finds out that what it was told is not true any more.
class LiveRegistry::Private
{
public:
    using Clock = Instance::Clock;

    static constexpr auto pingInterval = std::chrono::seconds(1);
    /// An event that is under way when a listing shows its effect comes within this time.
    static constexpr auto grace = std::chrono::seconds(2);
    static constexpr auto timesInterval = std::chrono::seconds(2);
    static constexpr auto timesAtLeast = std::chrono::milliseconds(500); ///< between two of them
    static constexpr auto lookInterval = std::chrono::seconds(2);
    static constexpr auto firstTrial = std::chrono::seconds(30);
    static constexpr auto longestTrial = std::chrono::minutes(10);

    Private(LiveRegistry *registry, const ConnectionString &text);
    ~Private();

    bool isV2() const { return connection.cluster().api == Api::V2; }
    bool byLooks() const { return status.means == LiveStatus::Means::Looks; }
    bool byListings() const { return byLooks() || status.means == LiveStatus::Means::Listings; }
    QString prefix() const { return Layout::prefix(connection.text().nameSpace); }

    void open();
    void list();
    void listed(const Result<Listing> &listing);
    void begin(const Listing &listing);
    void reconcile(const Listing &listing, std::chrono::milliseconds sinceLast);
    void listForWatch();
    void openWatch();
    void watchOpened(qint64 revision);
    void applyEvents(const QList<Event> &events, qint64 revision);
    void watchEnded(const WatchEnd &end);
    void dropWatch();
    void cutOff(const Error &error);
    void retry();
    void ping();
    void pinged(const Result<HttpReply> &reply);
    void pulse();
    void looked(const Check &check);
    void clusterReplaced();
    void pulsed(const Result<void> &pulse);
    void noLeader(const Error &error);
    void stale(const Error &error);
    void check();
    void checked(const Check &check, qint64 from);
    void suspect(const QList<Change> &changes, int news);
    void repaired(int differences);
    void listOverdue();
    void followByListings();
    void followByStream();
    void followByLooks(const Error &error);
    void tryStream();
    void askTimes();

    static int newsIn(const QList<Change> &changes);
    void tell(const QList<Change> &changes);
    void heard(Clock::time_point at);
    void live();
    void setFreshness(LiveStatus::Freshness freshness, const std::optional<Error> &error = {});
    void startChecks();
    /// v2, by listings: until the next one, so that they take a third of the time at most.
    std::chrono::milliseconds listPause() const
    {
        return std::max<std::chrono::milliseconds>(2 * listTook, std::chrono::milliseconds(400));
    }
    void happen(LiveEvent::Kind kind, int count = 0, const std::optional<Error> &error = {});

    LiveRegistry *q;
    std::chrono::milliseconds checkInterval{0}; ///< 0: the default of the API
    Connection connection;
    Nodes nodes; ///< follows the membership, where that is wanted
    LiveTable table;
    LiveStatus status;
    bool began = false;
    bool anew = false;              ///< the store turned out to be another one
    bool askedWhichCluster = false; ///< of this round, as its nodes are of another one
    bool rebuilt = false;           ///< and the cluster, too
    int newsWhileStale = 0;         ///< that listings showed

    std::unique_ptr<Watch> watch;
    bool watchOpen = false;
    Clock::time_point watchAsked;    ///< or opened
    qint64 watchRevision = 0;        ///< so far the watch has told
    QList<QUrl> tried;               ///< nodes that gave no watch since the last that did
    std::optional<Error> lostWatch;  ///< why the last one ended
    std::optional<Error> silent;     ///< one of those nodes gave no sign of life on its watch
    bool wasSilent = false;          ///< and so it was when they were asked before
    std::optional<Error> leaderless; ///< the last pulse found no leader
    bool led = false;                ///< one found a leader since the watch was asked for
    std::optional<Clock::time_point> leaderlessSince; ///< over all nodes
    bool pulsing = false;
    bool toldLeaderless = false;
    bool toldCutOff = false;
    bool watchTold = false;  ///< an event, since it was opened
    int watchesThatLied = 0; ///< in a row, that told no event when there was one
    bool toldHeldBack = false;
    std::chrono::milliseconds trialPause{firstTrial};
    std::chrono::milliseconds checkTook{0};
    bool refused = false;   ///< the last one, and it was listed since, which logs in
    bool compacted = false; ///< the last one, as soon as it was listed
    bool resync = false;    ///< the listing that is under way is needed to go on
    QList<std::pair<QList<Event>, qint64>> early; ///< v2: before the first listing

    bool listing = false;
    bool listAgain = false;
    qint64 listFrom = 0; ///< the revision that was known as it was asked for
    Clock::time_point listStarted;
    Clock::time_point listEnded;
    std::chrono::milliseconds listTook{0};

    int failures = 0;
    bool pinging = false;
    int missedPings = 0;
    bool checking = false;
    bool suspicious = false; ///< the last check did not agree
    qint64 suspectedRevision = 0;
    int suspected = 0;
    Clock::time_point secondStarted; ///< in which `inSecond` events came
    int inSecond = 0;
    int timesAsked = 0; ///< answers that are awaited
    Clock::time_point timesAskedAt;
    Clock::time_point busy; ///< v2: when listings last showed many changes
    Clock::time_point pingedAt = Clock::now();
    QStringList onScreen;

    QTimer retryTimer;
    QTimer pingTimer;
    QTimer checkTimer;
    QTimer listTimer; ///< v2, by listings: the next one
    QTimer graceTimer;
    QTimer caughtUpTimer; ///< v3: runs while a watch tells what it has missed
    QTimer overdueTimer;  ///< between two pings
    QTimer timesTimer;
    QTimer trialTimer; ///< by looks: when a stream is tried again
};

inline std::chrono::milliseconds since(Instance::Clock::time_point then)
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(Instance::Clock::now() - then);
}

} // namespace EtcdRegistry
