// SPDX-License-Identifier: MIT
#include "liveregistry.h"

#include "connection.h"
#include "layout.h"
#include "livetable.h"
#include "log.h"
#include "nodes.h"
#include "watch.h"

#include <QCoreApplication>
#include <QRandomGenerator>
#include <QTimer>

#include <algorithm>

using namespace std::chrono_literals;

namespace EtcdRegistry {

namespace {

using Clock = Instance::Clock;
using std::chrono::milliseconds;

constexpr auto pingInterval = 1000ms;
constexpr auto slept = 5s; ///< a timer that is so late tells that the machine was asleep
constexpr auto longestRetry = 5000ms;
/// v3: how often a watch is held against the store. v2: how often a stream is, if the store has
/// changed at all.
constexpr auto checkIntervalV3 = 60s;
constexpr auto checkIntervalV2 = 5s;
/// An event that is under way when a listing shows its effect comes within this time.
constexpr auto grace = 2s;
constexpr auto timesInterval = 2s;
constexpr int leasesAtOnce = 64;
/// v2: a stream dies at 100 undelivered events, which takes half of that in a second to be likely.
constexpr int eventsTooMany = 50;
constexpr int changesFewAgain = 10; ///< a second
constexpr auto calmBeforeStream = 10s;

milliseconds since(Clock::time_point then)
{
    return std::chrono::duration_cast<milliseconds>(Clock::now() - then);
}

} // namespace

class LiveRegistry::Private
{
public:
    Private(LiveRegistry *registry, const ConnectionString &text);
    ~Private();

    bool isV2() const { return connection.cluster().api == Api::V2; }
    QString prefix() const { return Layout::prefix(connection.text().nameSpace); }

    void open();
    void list();
    void listed(const Result<Listing> &listing);
    void begin(const Listing &listing);
    void openWatch();
    void watchOpened(qint64 revision);
    void applyEvents(const QList<Event> &events, qint64 revision);
    void watchEnded(const WatchEnd &end);
    void dropWatch();
    void cutOff(const Error &error);
    void retry();
    void ping();
    void pinged(const Result<HttpReply> &reply);
    void check();
    void checked(const Check &check);
    void suspect(int differences);
    void listOverdue();
    void followByListings();
    void followByStream();
    void askTimes();

    void tell(const QList<Change> &changes);
    void heard(Clock::time_point at);
    void live();
    void setFreshness(LiveStatus::Freshness freshness, const std::optional<Error> &error = {});
    void happen(LiveEvent::Kind kind, int count = 0, const std::optional<Error> &error = {});

    LiveRegistry *q;
    Connection connection;
    Nodes nodes; ///< follows the membership, where that is wanted
    LiveTable table;
    LiveStatus status;
    bool began = false;
    bool anew = false; ///< the store turned out to be another one

    std::unique_ptr<Watch> watch;
    bool watchOpen = false;
    qint64 watchRevision = 0;       ///< so far the watch has told
    QList<QUrl> tried;              ///< nodes that gave no watch since the last that did
    std::optional<Error> lostWatch; ///< why the last one ended
    bool resync = false;            ///< the listing that is under way is needed to go on
    QList<std::pair<QList<Event>, qint64>> early; ///< v2: before the first listing

    bool listing = false;
    bool listAgain = false;
    Clock::time_point listStarted;
    Clock::time_point listEnded;
    milliseconds listTook{0};

    int failures = 0;
    bool pinging = false;
    int missedPings = 0;
    bool checking = false;
    bool suspicious = false; ///< the last check did not agree
    qint64 suspectedRevision = 0;
    int suspected = 0;
    Clock::time_point secondStarted; ///< in which `inSecond` events came
    int inSecond = 0;
    Clock::time_point busy; ///< v2: when listings last showed many changes
    Clock::time_point pingedAt = Clock::now();
    QDateTime pingedAtWall = QDateTime::currentDateTimeUtc();
    QStringList onScreen;

    QTimer retryTimer;
    QTimer pingTimer;
    QTimer checkTimer;
    QTimer listTimer; ///< v2, by listings: the next one
    QTimer graceTimer;
    QTimer timesTimer;
};

LiveRegistry::Private::Private(LiveRegistry *registry, const ConnectionString &text)
    : q(registry)
    , connection(text)
    , nodes(connection.transport(), text)
{
    const auto on = [this](QTimer &timer, void (Private::*slot)(), milliseconds interval,
                           bool once) {
        timer.setSingleShot(once);
        timer.setInterval(interval);
        connect(&timer, &QTimer::timeout, q, [this, slot] { (this->*slot)(); });
    };
    on(retryTimer, &Private::retry, 0ms, true);
    on(pingTimer, &Private::ping, pingInterval, false);
    on(checkTimer, &Private::check, checkIntervalV3, false);
    on(listTimer, &Private::list, 0ms, true);
    on(timesTimer, &Private::askTimes, timesInterval, false);
    graceTimer.setSingleShot(true);
    graceTimer.setInterval(grace);
    connect(&graceTimer, &QTimer::timeout, q, [this] {
        if (!watch || watchRevision != suspectedRevision)
            return; // events were under way
        happen(LiveEvent::Kind::Repaired, suspected);
        watchEnded({.error = {.code = Error::Code::Protocol,
                              .endpoint = watch->endpoint().toString(),
                              .detail = tr("events were missing")}});
    });
}

LiveRegistry::Private::~Private()
{
    watch.reset();
    // While everything that waits for an answer is still here.
    connection.close();
    QCoreApplication::removePostedEvents(q, QEvent::MetaCall);
}

// ---- what is told

void LiveRegistry::Private::tell(const QList<Change> &changes)
{
    if (!changes.isEmpty())
        Q_EMIT q->changed(changes);
}

void LiveRegistry::Private::happen(LiveEvent::Kind kind, int count,
                                   const std::optional<Error> &error)
{
    qCInfo(logRegistry) << "live:" << int(kind) << status.endpoint << count
                        << (error ? error->detail : QString());
    Q_EMIT q->happened({kind, status.endpoint, error, count, Clock::now()});
}

void LiveRegistry::Private::setFreshness(LiveStatus::Freshness freshness,
                                         const std::optional<Error> &error)
{
    status.freshness = freshness;
    status.error = error;
    Q_EMIT q->statusChanged(status);
}

void LiveRegistry::Private::heard(Clock::time_point at)
{
    status.heard = std::max(status.heard, at);
    status.heardAt = QDateTime::currentDateTime().addMSecs(-since(status.heard).count());
}

void LiveRegistry::Private::live()
{
    failures = 0;
    heard(Clock::now());
    setFreshness(LiveStatus::Freshness::Live);
}

/// Nobody answers, or not as we need it. What is known stays, and it is tried again for ever.
void LiveRegistry::Private::cutOff(const Error &error)
{
    dropWatch();
    tried.clear();
    listTimer.stop();
    const bool first = status.freshness == LiveStatus::Freshness::Live
                       || status.freshness == LiveStatus::Freshness::CatchingUp;
    setFreshness(began ? LiveStatus::Freshness::Stale : LiveStatus::Freshness::Connecting, error);
    if (first)
        happen(LiveEvent::Kind::CutOff, 0, error);
    const milliseconds pause =
        std::min<milliseconds>(250ms * (1 << std::min(failures, 5)), longestRetry);
    ++failures;
    const int jitter = QRandomGenerator::global()->bounded(int(pause.count()) / 4);
    retryTimer.start(pause - milliseconds(jitter));
}

void LiveRegistry::Private::retry()
{
    retryTimer.stop();
    if (!began)
        open();
    else if (isV2() && status.means == LiveStatus::Means::Listings)
        list();
    else if (!watch && !listing)
        openWatch();
}

// ---- listings

void LiveRegistry::Private::open()
{
    connection.open().then(q, [this](const Result<Cluster> &cluster) {
        if (!cluster)
            return cutOff(cluster.error());
        status.cluster = *cluster;
        status.means = isV2() ? LiveStatus::Means::Stream : LiveStatus::Means::Watch;
        checkTimer.start(isV2() ? checkIntervalV2 : checkIntervalV3);
        if (isV2())
            openWatch(); // first, so that nothing is lost between the listing and the stream
        else
            list();
    });
}

void LiveRegistry::Private::list()
{
    if (listing) {
        listAgain = true;
        return;
    }
    listing = true;
    listAgain = false;
    listStarted = Clock::now();
    if (!isV2())
        table.forgetRemoved();
    connection.store().list(prefix()).then(
        q, [this](const Result<Listing> &result) { listed(result); });
}

void LiveRegistry::Private::listed(const Result<Listing> &result)
{
    listing = false;
    listTook = since(listStarted);
    const milliseconds sinceLast = since(listEnded);
    listEnded = Clock::now();
    if (!result)
        return cutOff(result.error());

    const bool wasStale = status.freshness == LiveStatus::Freshness::Stale;
    const bool byListings = status.means == LiveStatus::Means::Listings;
    if (!watch || byListings)
        status.endpoint = result->endpoint;
    if (!began) {
        begin(*result);
    } else {
        const QList<Change> changes = table.reconcile(*result, std::exchange(anew, false));
        if (isV2())
            Q_EMIT q->looked(result->observed);
        tell(changes);
        const int news = int(std::ranges::count_if(
            changes, [](const Change &change) { return isNews(change.kind); }));
        if (wasStale)
            happen(LiveEvent::Kind::Recovered, news);
        else if (resync && (news > 0 || !isV2()))
            happen(LiveEvent::Kind::Resynchronised, news, lostWatch);
        else if (news > 0 && watchOpen)
            suspect(news);
        if (byListings && changes.size() * 1000 > changesFewAgain * sinceLast.count())
            busy = Clock::now();
    }
    resync = false;
    lostWatch.reset();
    heard(result->observed);

    if (byListings) {
        live();
        if (since(busy) > calmBeforeStream)
            return followByStream();
        // So that listing takes at most a sixth of the time.
        listTimer.start(std::clamp<milliseconds>(5 * listTook, 500ms, 10s));
    } else if (watchOpen) {
        live();
    } else if (!watch) {
        openWatch();
    }
    if (listAgain)
        list();
}

void LiveRegistry::Private::begin(const Listing &result)
{
    began = true;
    Q_EMIT q->began(table.begin(result, connection.cluster().api));
    happen(LiveEvent::Kind::Connected, int(table.size()));
    if (isV2())
        Q_EMIT q->looked(result.observed);
    for (const auto &[events, revision] : std::exchange(early, {}))
        applyEvents(events, revision);
}

/// A listing showed what no event had told. Either those events are under way, or they are lost,
/// and with them the ones to come.
void LiveRegistry::Private::suspect(int differences)
{
    if (graceTimer.isActive())
        return;
    suspected = differences;
    suspectedRevision = watchRevision;
    graceTimer.start();
}

// ---- events

void LiveRegistry::Private::openWatch()
{
    const QList<QUrl> order = connection.transport().pool().order();
    const auto next = std::ranges::find_if(
        order, [this](const QUrl &endpoint) { return !tried.contains(endpoint); });
    if (next == order.end()) {
        return cutOff(
            lostWatch.value_or(Error{.code = Error::Code::Unreachable, .detail = tr("no node")}));
    }
    const qint64 from = isV2() ? 0 : table.revision() + 1;
    watch = connection.store().watch(*next, prefix(), from);
    watchRevision = 0;
    connect(watch.get(), &Watch::opened, q, [this](qint64 revision) { watchOpened(revision); });
    connect(watch.get(), &Watch::events, q,
            [this](const QList<Event> &events, qint64 revision) { applyEvents(events, revision); });
    connect(watch.get(), &Watch::ended, q, [this](const WatchEnd &end) { watchEnded(end); });
}

void LiveRegistry::Private::watchOpened(qint64 revision)
{
    watchOpen = true;
    missedPings = 0;
    tried.clear();
    const QString endpoint = watch->endpoint().toString();
    const bool moved = began && !status.endpoint.isEmpty() && status.endpoint != endpoint;
    const bool wasStale = status.freshness == LiveStatus::Freshness::Stale;
    status.endpoint = endpoint;
    if (moved && lostWatch)
        happen(LiveEvent::Kind::Moved, 0, lostWatch);
    if (isV2()) {
        resync = true; // what came before the stream
        return list();
    }
    lostWatch.reset();
    if (revision > 0 && revision < table.revision()) {
        anew = true; // it would wait for a revision that this store reaches in years
        resync = true;
        return list();
    }
    if (wasStale)
        happen(LiveEvent::Kind::Recovered);
    live();
}

void LiveRegistry::Private::applyEvents(const QList<Event> &events, qint64 revision)
{
    if (!began) {
        early.append({events, revision});
        return;
    }
    const auto now = Clock::now();
    watchRevision = std::max(watchRevision, revision);
    heard(now);
    tell(table.apply(events, revision, now));
    if (!isV2())
        return;
    if (now - secondStarted > 1s) {
        secondStarted = now;
        inSecond = 0;
    }
    inSecond += int(events.size());
    if (inSecond > eventsTooMany)
        followByListings();
}

void LiveRegistry::Private::watchEnded(const WatchEnd &end)
{
    const bool wasOpen = watchOpen;
    lostWatch = end.error;
    tried.append(watch->endpoint());
    dropWatch();
    if (began && status.freshness == LiveStatus::Freshness::Live)
        setFreshness(LiveStatus::Freshness::CatchingUp, end.error);
    switch (end.reason) {
    case WatchEnd::Reason::Broken:
        return openWatch();
    case WatchEnd::Reason::Compacted:
        resync = true;
        tried.clear(); // the node is sound
        return isV2() ? openWatch() : list();
    case WatchEnd::Reason::Refused:
        if (!wasOpen && failures > 0) // logging in again did not help
            return cutOff(end.error);
        ++failures;
        tried.clear();
        resync = true;
        return isV2() ? cutOff(end.error) : list(); // which logs in again
    }
}

void LiveRegistry::Private::dropWatch()
{
    graceTimer.stop();
    watchOpen = false;
    if (!watch)
        return;
    watch->disconnect(q); // it may be what called us
    watch.release()->deleteLater();
}

/// Too many events for a stream of v2, which would die of them without a word.
void LiveRegistry::Private::followByListings()
{
    dropWatch();
    status.means = LiveStatus::Means::Listings;
    busy = Clock::now();
    happen(LiveEvent::Kind::Paced);
    Q_EMIT q->statusChanged(status);
    list();
}

void LiveRegistry::Private::followByStream()
{
    status.means = LiveStatus::Means::Stream;
    happen(LiveEvent::Kind::Streaming);
    openWatch();
}

// ---- is it still true?

void LiveRegistry::Private::ping()
{
    const auto wall = QDateTime::currentDateTimeUtc();
    const auto late = std::max(since(pingedAt), milliseconds(pingedAtWall.msecsTo(wall)));
    pingedAt = Clock::now();
    pingedAtWall = wall;
    if (late > slept) { // the machine was: whatever the connections were, nobody knows now
        if (watch) {
            watchEnded({.error = {.code = Error::Code::Timeout,
                                  .endpoint = status.endpoint,
                                  .detail = tr("this machine was asleep")}});
        } else if (began && !listing) {
            retry();
        }
        return;
    }
    listOverdue();
    if (!watchOpen || std::exchange(pinging, true))
        return;
    connection.transport()
        .ask(watch->endpoint(), {.path = "/version"})
        .then(q, [this, asked = watch.get()](const Result<HttpReply> &reply) {
            pinging = false;
            if (watch.get() == asked && watchOpen)
                pinged(reply);
        });
}

void LiveRegistry::Private::pinged(const Result<HttpReply> &reply)
{
    if (reply) {
        missedPings = 0;
        heard(reply->received);
        Q_EMIT q->statusChanged(status);
        return;
    }
    const bool others = connection.transport().pool().order().size() > 1;
    if (++missedPings
        < (others ? 1 : 2)) // where there is nobody else, one is given a second chance
        return;
    connection.transport().pool().failed(watch->endpoint(), reply.error());
    watchEnded({.error = reply.error()});
}

void LiveRegistry::Private::check()
{
    if (!began || listing || status.freshness == LiveStatus::Freshness::Stale
        || status.means == LiveStatus::Means::Listings || std::exchange(checking, true))
        return;
    connection.store()
        .check(prefix(), table.revision())
        .then(q, [this](const Result<Check> &check) {
            checking = false;
            if (check) // else pings and listings will say what is wrong
                checked(*check);
        });
}

void LiveRegistry::Private::checked(const Check &check)
{
    if (isV2()) {
        // The index counts what others write, too; a listing has its price.
        const bool mayDiffer = check.revision > table.revision();
        if (mayDiffer && since(listEnded) > std::max<milliseconds>(10s, 20 * listTook))
            list();
        return;
    }
    if (check.revision < table.revision()) {
        anew = true;
        resync = true;
        return list();
    }
    const bool agrees = check.newest <= table.revision() && check.count == table.size();
    if (!agrees && std::exchange(suspicious, true)) {
        suspicious = false;
        return list();
    }
    suspicious = !agrees;
    checkTimer.start(agrees ? checkIntervalV3 : grace); // events may be under way
}

/// v2: who refreshes its TTL is told by no event, so whoever seems late is looked at.
void LiveRegistry::Private::listOverdue()
{
    if (began && isV2() && watchOpen && !listing
        && since(listEnded) > std::max<milliseconds>(1s, 10 * listTook)
        && !table.overdue(Clock::now()).isEmpty())
        list();
}

/// v3: renewals are told by no event either. Those on screen are asked, and those in trouble.
void LiveRegistry::Private::askTimes()
{
    if (!watchOpen || isV2())
        return;
    QHash<qint64, QStringList> keysOfLeases;
    const auto ask = [&](const QString &key) {
        const LiveInstance *live = table.find(key);
        if (live && live->instance->lease != 0)
            keysOfLeases[live->instance->lease].append(key);
    };
    std::ranges::for_each(onScreen, ask);
    for (const QString &key : table.overdue(Clock::now()).mid(0, leasesAtOnce)) {
        if (!onScreen.contains(key))
            ask(key);
    }
    for (auto lease = keysOfLeases.cbegin(); lease != keysOfLeases.cend(); ++lease) {
        connection.store()
            .timeToLive(lease.key())
            .then(q, [this, keys = lease.value()](const Result<LeaseTime> &time) {
                if (time)
                    tell(table.look(keys, *time, Clock::now()));
            });
    }
}

LiveRegistry::LiveRegistry(const ConnectionString &connection, QObject *parent)
    : QObject(parent)
    , m_connection(connection)
{}

LiveRegistry::~LiveRegistry() = default;

void LiveRegistry::start()
{
    d = std::make_unique<Private>(this, m_connection);
    d->pingTimer.start();
    d->timesTimer.start();
    d->open();
}

void LiveRegistry::refresh()
{
    if (d && d->status.freshness == LiveStatus::Freshness::Live)
        d->list();
    else if (d && d->retryTimer.isActive())
        d->retry();
}

void LiveRegistry::setOnScreen(const QStringList &keys)
{
    if (d)
        d->onScreen = keys;
}

} // namespace EtcdRegistry
