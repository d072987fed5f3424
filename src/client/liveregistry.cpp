// SPDX-License-Identifier: MIT
#include "liveregistry.h"

#include "liveregistryprivate.h"
#include "log.h"

#include <QCoreApplication>
#include <QRandomGenerator>

#include <algorithm>

using namespace std::chrono_literals;

namespace EtcdRegistry {

namespace {

using std::chrono::milliseconds;

/// Between two signs of life, while all is well.
constexpr auto longestSilence = 2500ms;
constexpr auto longestSilenceByListings = 15s;
constexpr auto longestRetry = 5000ms;
constexpr auto longestWait = 1000ms; ///< for a leader, while nodes answer
/// v2: a stream dies at 100 undelivered events, which takes half of that in a second to be likely.
constexpr int eventsTooMany = 50;
constexpr auto calmBeforeStream = 10s;
/// What a watch has missed comes without a pause.
constexpr auto caughtUp = 250ms;

} // namespace

Instance::Clock::time_point LiveStatus::time(Instance::Clock::time_point now) const
{
    const auto silence = means == Means::Listings || means == Means::Looks
                             ? Instance::Clock::duration(longestSilenceByListings)
                             : longestSilence;
    return std::min(now, heard + silence);
}

LiveRegistry::Private::Private(LiveRegistry *registry, const ConnectionString &text)
    : q(registry)
    , connection(text)
    , nodes(connection)
{
    const auto on = [this](QTimer &timer, void (Private::*slot)(), milliseconds interval,
                           bool once) {
        timer.setSingleShot(once);
        timer.setInterval(interval);
        connect(&timer, &QTimer::timeout, q, [this, slot] { (this->*slot)(); });
    };
    on(retryTimer, &Private::retry, 0ms, true);
    on(pingTimer, &Private::ping, pingInterval, false);
    on(checkTimer, &Private::check, 0ms, false);
    on(listTimer, &Private::list, 0ms, true);
    on(overdueTimer, &Private::listOverdue, 0ms, true);
    on(caughtUpTimer, &Private::live, caughtUp, true);
    on(timesTimer, &Private::askTimes, timesInterval, false);
    on(trialTimer, &Private::tryStream, 0ms, true);
    connect(&connection.transport(), &Transport::clusterReplaced, q, [this] { clusterReplaced(); });
    graceTimer.setSingleShot(true);
    graceTimer.setInterval(grace);
    connect(&graceTimer, &QTimer::timeout, q, [this] {
        if (!watch || watchRevision != suspectedRevision)
            return; // events were under way
        repaired(suspected);
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

int LiveRegistry::Private::newsIn(const QList<Change> &changes)
{
    return int(
        std::ranges::count_if(changes, [](const Change &change) { return isNews(change.kind); }));
}

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
    if (leaderless || (watchOpen && !led)) // until a pulse finds one
        return;
    const bool wasStale = status.freshness == LiveStatus::Freshness::Stale;
    askedWhichCluster = wasSilent = false;
    heard(Clock::now());
    setFreshness(LiveStatus::Freshness::Live);
    if (!wasStale)
        return;
    table.disturb(Clock::now());
    // Who was away and has come back may have had no leader for a moment: both are over.
    const int news = std::exchange(newsWhileStale, 0);
    if (std::exchange(toldLeaderless, false))
        happen(LiveEvent::Kind::Led, toldCutOff ? 0 : news);
    if (std::exchange(toldCutOff, false))
        happen(LiveEvent::Kind::Recovered, news);
}

void LiveRegistry::Private::stale(const Error &error)
{
    const bool first = status.freshness == LiveStatus::Freshness::Live
                       || status.freshness == LiveStatus::Freshness::CatchingUp;
    table.disturb(Clock::now());
    setFreshness(began ? LiveStatus::Freshness::Stale : LiveStatus::Freshness::Connecting, error);
    const bool noLeader = error.code == Error::Code::NoLeader;
    if (began && noLeader && !std::exchange(toldLeaderless, true))
        happen(LiveEvent::Kind::NoLeader, 0, error);
    else if (first && !noLeader && !std::exchange(toldCutOff, true))
        happen(LiveEvent::Kind::CutOff, 0, error);
}

/// Nobody answers, or not as we need it. What is known stays, and it is tried again for ever.
void LiveRegistry::Private::cutOff(const Error &error)
{
    dropWatch();
    tried.clear();
    silent.reset();
    early.clear();
    listTimer.stop();
    trialTimer.stop();
    if (byLooks()) // whether streams work again is found out first
        status.means = isV2() ? LiveStatus::Means::Stream : LiveStatus::Means::Watch;
    stale(error);
    const milliseconds pause = std::min<milliseconds>(250ms * (1 << std::min(failures, 5)),
                                                      leaderless ? longestWait : longestRetry);
    ++failures;
    const int jitter = QRandomGenerator::global()->bounded(int(pause.count()) / 4);
    retryTimer.start(pause - milliseconds(jitter));
}

void LiveRegistry::Private::retry()
{
    retryTimer.stop();
    leaderless.reset(); // whom we ask now will say so again
    askedWhichCluster = false;
    if (!began)
        open();
    else if (byListings() || anew) // what it has is of another store
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
        Q_EMIT q->statusChanged(status);
        startChecks();
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
    listFrom = table.revision();
    listStarted = Clock::now();
    if (!isV2())
        table.forgetRemoved();
    connection.store().list(prefix()).then(
        q, [this](const Result<Listing> &result) { listed(result); });
}

void LiveRegistry::Private::listed(const Result<Listing> &result)
{
    listing = false;
    // One that had to wait for a node that hung tells little of those to come.
    listTook = std::min(since(listStarted), std::max<milliseconds>(2 * listTook, 100ms));
    const milliseconds sinceLast = since(listEnded);
    listEnded = Clock::now();
    if (!result && watchOpen && !resync)
        return; // it was to doubt a watch that is well
    if (!result)
        return cutOff(result.error());

    if (!watch || byListings())
        status.endpoint = result->endpoint;
    if (!began)
        begin(*result);
    else if (!result->noLeader) // which may be behind
        reconcile(*result, sinceLast);
    if (result->noLeader && watchOpen)
        return noLeader(*result->noLeader);
    if (result->noLeader)
        return cutOff(*(leaderless = result->noLeader));
    heard(result->observed);
    if (listAgain) // whoever asked for it knows more than this one does
        return list();
    resync = false;
    if (byListings()) {
        failures = 0;
        leaderless.reset(); // as listings find one where there is any
        if (byLooks() && !std::exchange(toldHeldBack, true))
            happen(LiveEvent::Kind::HeldBack, 0, lostWatch);
        live();
        if (byLooks())
            return startChecks();
        if (since(busy) > calmBeforeStream)
            return followByStream();
        listTimer.start(listPause());
    } else if (watchOpen) {
        lostWatch.reset();
        live();
    } else if (!watch && !retryTimer.isActive()) {
        openWatch();
    }
}

void LiveRegistry::Private::begin(const Listing &result)
{
    began = true;
    heard(result.observed);
    Q_EMIT q->began(table.begin(result, connection.cluster().api));
    happen(LiveEvent::Kind::Connected, int(table.size()));
    setFreshness(LiveStatus::Freshness::CatchingUp);
    if (isV2())
        Q_EMIT q->looked(result.observed);
    for (const auto &[events, revision] : std::exchange(early, {}))
        applyEvents(events, revision);
}

// ---- events

void LiveRegistry::Private::openWatch()
{
    const QList<QUrl> order = connection.transport().pool().order();
    const auto next = std::ranges::find_if(
        order, [this](const QUrl &endpoint) { return !tried.contains(endpoint); });
    if (next == order.end()) {
        if (byLooks()) { // it was just tried
            tried.clear();
            trialPause = std::min<milliseconds>(2 * trialPause, longestTrial);
            return trialTimer.start(trialPause);
        }
        if (lostWatch && lostWatch->code == Error::Code::OtherCluster
            && !std::exchange(askedWhichCluster, true)) {
            tried.clear();
            resync = true; // a listing finds out whether the cluster was rebuilt
            return list();
        }
        // A node that starts takes connections before it serves them: one that comes back is asked
        // twice before it is taken for a proxy.
        if (silent && !leaderless && status.freshness == LiveStatus::Freshness::Stale
            && !std::exchange(wasSilent, true))
            return cutOff(Error(*silent));
        if (silent && !leaderless)
            return followByLooks(*std::exchange(silent, {}));
        if (leaderless)
            return cutOff(*leaderless);
        return cutOff(
            lostWatch.value_or(Error{.code = Error::Code::Unreachable,
                                     .detail = LiveRegistry::LiveRegistry::tr("no node")}));
    }
    const qint64 from = isV2() ? 0 : table.revision() + 1;
    watch = connection.store().watch(*next, prefix(), from);
    watchRevision = 0;
    watchAsked = Clock::now();
    watchTold = led = false;
    connect(watch.get(), &Watch::opened, q, [this](qint64 revision) { watchOpened(revision); });
    connect(watch.get(), &Watch::events, q,
            [this](const QList<Event> &events, qint64 revision) { applyEvents(events, revision); });
    connect(watch.get(), &Watch::ended, q, [this](const WatchEnd &end) { watchEnded(end); });
}

void LiveRegistry::Private::watchOpened(qint64 revision)
{
    watchOpen = true;
    watchAsked = Clock::now();
    missedPings = 0;
    refused = false;
    if (byLooks()) {
        trialTimer.stop();
        checkTimer.stop();
        status.means = isV2() ? LiveStatus::Means::Stream : LiveStatus::Means::Watch;
        status.endpoint = watch->endpoint().toString();
        lostWatch.reset();
        happen(LiveEvent::Kind::Streaming);
        Q_EMIT q->statusChanged(status);
        startChecks();
    }
    pulse();
    const QString endpoint = watch->endpoint().toString();
    const bool moved = began && !status.endpoint.isEmpty() && status.endpoint != endpoint;
    status.endpoint = endpoint;
    if (moved && lostWatch)
        happen(LiveEvent::Kind::Moved, 0, lostWatch);
    if (isV2()) {
        resync = true; // what came before the stream
        return list();
    }
    lostWatch.reset();
    if (revision > table.revision())
        caughtUpTimer.start(); // what came meanwhile is on its way, if any of it is ours
    else
        live();
    // The node lags behind, or the watch waits for a revision that another store reaches in years.
    if (revision < table.revision())
        check();
}

void LiveRegistry::Private::applyEvents(const QList<Event> &events, qint64 revision)
{
    const auto now = Clock::now();
    if (began) {
        watchRevision = std::max(watchRevision, revision);
        heard(now);
        if (!events.isEmpty() && !std::exchange(watchTold, true))
            trialPause = firstTrial; // it is no proxy that holds them back
        if (watchTold)
            watchesThatLied = 0;
        const QList<Change> changes = table.apply(events, revision, now);
        if (status.freshness == LiveStatus::Freshness::Stale)
            newsWhileStale += newsIn(changes);
        tell(changes);
        if (caughtUpTimer.isActive())
            caughtUpTimer.start();
        if (table.size() > Listing::mostEntries)
            return cutOff(Listing{.endpoint = status.endpoint}.tooMuch());
        if (table.removed() > Listing::mostEntries)
            list(); // after which they need not be remembered
    } else {
        early.append({events, revision});
    }
    if (!isV2())
        return;
    if (now - secondStarted > 1s) {
        secondStarted = now;
        inSecond = 0;
    }
    inSecond += int(events.size());
    if (inSecond > eventsTooMany && status.means == LiveStatus::Means::Stream)
        followByListings();
}

void LiveRegistry::Private::watchEnded(const WatchEnd &end)
{
    const bool worked = watchOpen && since(watchAsked) > pingInterval;
    if (worked) {
        tried.clear();
        compacted = false;
    }
    if (!worked || connection.transport().pool().order().size() > 1)
        tried.append(watch->endpoint()); // also if it opens, and ends at once
    lostWatch = end.error;
    if (end.error.code == Error::Code::NoLeader)
        leaderless = end.error;
    else if (!watchOpen && end.error.code == Error::Code::Timeout)
        silent = end.error;
    dropWatch();
    if (byLooks())
        return openWatch(); // it was tried only
    if (began && status.freshness == LiveStatus::Freshness::Live)
        setFreshness(LiveStatus::Freshness::CatchingUp, end.error);
    switch (end.reason) {
    case WatchEnd::Reason::Broken:
        return openWatch();
    case WatchEnd::Reason::Compacted:
        // A listing is newer than what is compacted; where it is not, more of them don't help.
        if (!isV2() && std::exchange(compacted, !compacted))
            return cutOff(end.error);
        resync = true;
        return isV2() ? openWatch() : listForWatch();
    case WatchEnd::Reason::Refused:
        // v2 sends its login each time; in v3 a listing logs in again.
        if (isV2() || std::exchange(refused, !refused))
            return cutOff(end.error);
        resync = true;
        return listForWatch();
    }
}

/// The node is sound, and needs but another watch.
void LiveRegistry::Private::listForWatch()
{
    tried.clear();
    list();
}

void LiveRegistry::Private::dropWatch()
{
    graceTimer.stop();
    caughtUpTimer.stop();
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
    tried.clear();
    openWatch();
}

/// No node gives a stream, or a sign of life on one, though reads may answer: what is between here
/// and etcd holds back what it has not read to the end.
void LiveRegistry::Private::followByLooks(const Error &error)
{
    dropWatch();
    lostWatch = error;
    status.means = LiveStatus::Means::Looks;
    toldHeldBack = false;
    tried.clear();
    trialTimer.start(trialPause);
    if (began && status.freshness != LiveStatus::Freshness::Stale) // until a read answers
        setFreshness(LiveStatus::Freshness::CatchingUp, error);
    list();
}

void LiveRegistry::Private::tryStream()
{
    if (byLooks() && !watch)
        openWatch();
}

LiveRegistry::LiveRegistry(const ConnectionString &connection, QObject *parent)
    : QObject(parent)
    , m_connection(connection)
{}

LiveRegistry::~LiveRegistry() = default;

void LiveRegistry::start()
{
    d = std::make_unique<Private>(this, m_connection);
    d->checkInterval = m_checkInterval;
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

void LiveRegistry::setCheckInterval(std::chrono::milliseconds interval)
{
    m_checkInterval = interval;
}

void LiveRegistry::setOnScreen(const QStringList &keys)
{
    if (!d)
        return;
    d->onScreen = keys;
    const bool unknown = std::ranges::any_of(keys, [this](const QString &key) {
        const LiveInstance *live = d->table.find(key);
        return live && live->instance->lease != 0 && !live->instance->expires;
    });
    if (unknown && since(d->timesAskedAt) > Private::timesAtLeast)
        d->askTimes();
}

} // namespace EtcdRegistry
