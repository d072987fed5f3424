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

constexpr auto longestRetry = 5000ms;
/// v2: a stream dies at 100 undelivered events, which takes half of that in a second to be likely.
constexpr int eventsTooMany = 50;
constexpr int changesFewAgain = 10; ///< a second
constexpr auto calmBeforeStream = 10s;

} // namespace

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
    on(checkTimer, &Private::check, 0ms, false);
    on(listTimer, &Private::list, 0ms, true);
    on(overdueTimer, &Private::listOverdue, 0ms, true);
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
    refused = false;
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
    refused = false;
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
        if (wasStale)
            setFreshness(LiveStatus::Freshness::CatchingUp);
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
        if (std::exchange(refused, true)) // logging in again did not help
            return cutOff(end.error);
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

LiveRegistry::LiveRegistry(const ConnectionString &connection, QObject *parent)
    : QObject(parent)
    , m_connection(connection)
{}

LiveRegistry::~LiveRegistry() = default;

void LiveRegistry::start()
{
    d = std::make_unique<Private>(this, m_connection);
    d->checkIntervalV3 = m_checkInterval;
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
    if (d)
        d->onScreen = keys;
}

} // namespace EtcdRegistry
