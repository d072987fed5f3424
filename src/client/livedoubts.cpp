// SPDX-License-Identifier: MIT
#include "liveregistryprivate.h"
#include "log.h"

#include <QPointer>

#include <algorithm>

using namespace std::chrono_literals;

namespace EtcdRegistry {

namespace {

using std::chrono::milliseconds;

constexpr auto slept = 5s;           ///< a timer that is so late tells that the machine was asleep
constexpr auto electionTime = 500ms; ///< in which a new leader is mostly found
constexpr int leasesAtOnce = 64;
constexpr int changesFewAgain = 10; ///< a second
constexpr auto checkIntervalV2 = 5000ms;
constexpr auto checkIntervalV3 = 60000ms;

} // namespace

void LiveRegistry::Private::ping()
{
    const auto late = since(std::exchange(pingedAt, Clock::now()));
    if (late > slept) { // the machine was: whatever the connections were, nobody knows now
        if (watch) {
            watchEnded({.error = {.code = Error::Code::Timeout,
                                  .endpoint = status.endpoint,
                                  .detail = LiveRegistry::tr("this machine was asleep")}});
        } else if (began && !listing) {
            retry();
        }
        return;
    }
    listOverdue();
    if (status.means == LiveStatus::Means::Listings
        && status.freshness == LiveStatus::Freshness::Live
        && since(status.heard) > 2s + listPause() + listTook) {
        setFreshness(LiveStatus::Freshness::CatchingUp,
                     Error{.code = Error::Code::Timeout,
                           .endpoint = status.endpoint,
                           .detail = LiveRegistry::tr("no listing since")});
    }
    if (watch && !watchOpen && since(watchAsked) > 2 * connection.text().timeout) {
        // Its head came in time, or the stream would have ended.
        return watchEnded({.error = {.code = Error::Code::Timeout,
                                     .endpoint = watch->endpoint().toString(),
                                     .detail = LiveRegistry::tr("no watch in time")}});
    }
    pulse();
    if (!watchOpen || std::exchange(pinging, true))
        return;
    connection.transport()
        .ask(watch->endpoint(), {.path = "/version"})
        .then(q, [this, asked = QPointer(watch.get())](const Result<HttpReply> &reply) {
            pinging = false;
            if (asked && watch.get() == asked && watchOpen)
                pinged(reply);
        });
}

void LiveRegistry::Private::pinged(const Result<HttpReply> &reply)
{
    if (reply) {
        missedPings = 0;
        if (leaderless) // what lives on there is old
            return;
        failures = 0;
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

/// A node may live and answer reads, and have no leader.
void LiveRegistry::Private::pulse()
{
    const bool looks = byLooks() && status.freshness == LiveStatus::Freshness::Live;
    if (!(watchOpen || looks) || std::exchange(pulsing, true))
        return;
    connection.store()
        .pulse(watchOpen ? watch->endpoint() : QUrl(status.endpoint))
        .then(q, [this, asked = QPointer(watch.get())](const Result<void> &pulse) {
            pulsing = false;
            if (watchOpen && watch.get() == asked)
                return pulsed(pulse);
            if (watchOpen) // another one
                return this->pulse();
            if (byLooks() && !pulse && pulse.error().code == Error::Code::NoLeader)
                cutOff(*(leaderless = pulse.error()));
        });
}

void LiveRegistry::Private::pulsed(const Result<void> &pulse)
{
    if (!pulse && pulse.error().code == Error::Code::NoLeader)
        return noLeader(pulse.error());
    const bool goesAway = !pulse
                          && (pulse.error().code == Error::Code::Unreachable
                              || pulse.error().code == Error::Code::Unavailable);
    if (goesAway && connection.transport().pool().order().size() > 1) {
        // It takes nothing more, and so is about to go: what is open is silent already.
        connection.transport().pool().failed(watch->endpoint(), pulse.error());
        return watchEnded({.error = pulse.error()});
    }
    leaderlessSince.reset();
    const bool wasLed = std::exchange(led, true);
    const bool again = std::exchange(leaderless, {}).has_value();
    if (again && isV2()) {
        resync = true;
        return list();
    }
    if ((again || !wasLed) && began && !listing && !caughtUpTimer.isActive())
        live();
}

/// Elections take a second, so one is waited for. Then another node may have a leader.
void LiveRegistry::Private::noLeader(const Error &error)
{
    leaderless = error;
    table.disturb(Clock::now());
    if (!leaderlessSince) {
        leaderlessSince = Clock::now();
        if (began && status.freshness != LiveStatus::Freshness::Stale)
            setFreshness(LiveStatus::Freshness::CatchingUp, error);
        QTimer::singleShot(electionTime, q, [this] { pulse(); });
        return;
    }
    if (since(*leaderlessSince) < electionTime)
        return;
    if (status.freshness != LiveStatus::Freshness::Stale || !toldLeaderless)
        stale(error);
    const QList<QUrl> order = connection.transport().pool().order();
    const bool others = std::ranges::any_of(order, [this](const QUrl &endpoint) {
        return endpoint != watch->endpoint() && !tried.contains(endpoint);
    });
    if (others)
        watchEnded({.error = error});
}

void LiveRegistry::Private::reconcile(const Listing &listing, milliseconds sinceLast)
{
    if (listing.revision < listFrom && !anew) {
        if (isV2()) // the node may lag behind, or the store be another one
            check();
        else // whose listings never do
            anew = true;
    }
    QList<Change> changes = table.reconcile(listing, std::exchange(anew, false));
    const bool forget = std::exchange(rebuilt, false);
    for (Change &change : changes) {
        if (forget && isGone(change.kind)) // nobody has left
            change.kind = Change::Kind::Forgotten;
    }
    if (isV2())
        Q_EMIT q->looked(listing.observed);
    tell(changes);
    if (forget)
        return happen(LiveEvent::Kind::Replaced, int(table.size()));
    const int news = newsIn(changes);
    if (status.freshness == LiveStatus::Freshness::Stale)
        newsWhileStale += news;
    else if (resync && (news > 0 || !isV2()))
        happen(LiveEvent::Kind::Resynchronised, news, lostWatch);
    else if (news > 0 && watchOpen)
        suspect(changes, news);
    if (changes.size() * 1000 > changesFewAgain * sinceLast.count())
        busy = Clock::now();
}

/// Its revisions, and what is registered there, have nothing to do with what was known.
void LiveRegistry::Private::clusterReplaced()
{
    anew = rebuilt = resync = true;
    lostWatch = Error{.code = Error::Code::OtherCluster,
                      .endpoint = status.endpoint,
                      .detail = LiveRegistry::tr("the cluster was rebuilt")};
    dropWatch();
    tried.clear();
    if (began && !listing)
        list();
}

/// A listing showed what no event had told. Those events are lost if later ones were told; else
/// they may be under way, or be lost with all that are to come.
void LiveRegistry::Private::suspect(const QList<Change> &changes, int news)
{
    const bool lost = std::ranges::any_of(changes, [this](const Change &change) {
        return isNews(change.kind) && !isGone(change.kind)
               && change.live.instance->modRevision <= watchRevision;
    });
    if (lost)
        return repaired(news);
    if (graceTimer.isActive())
        return;
    suspected = news;
    suspectedRevision = watchRevision;
    graceTimer.start();
}

void LiveRegistry::Private::repaired(int differences)
{
    happen(LiveEvent::Kind::Repaired, differences);
    if (!watchTold && ++watchesThatLied > 1) {
        watchesThatLied = 0;
        trialPause = std::min<milliseconds>(2 * trialPause, longestTrial);
        return followByLooks({.code = Error::Code::Timeout,
                              .endpoint = watch->endpoint().toString(),
                              .detail = LiveRegistry::tr("its watches tell no events")});
    }
    watchEnded({.error = {.code = Error::Code::Protocol,
                          .endpoint = watch->endpoint().toString(),
                          .detail = LiveRegistry::tr("events were missing")}});
}

void LiveRegistry::Private::startChecks()
{
    // A watch that has told nothing yet may have nothing to tell, or be held back.
    const milliseconds untold = std::max<milliseconds>(checkIntervalV2, 50 * checkTook);
    checkTimer.start(byLooks()             ? std::max<milliseconds>(lookInterval, 4 * listTook)
                     : checkInterval > 0ms ? checkInterval
                     : isV2()              ? checkIntervalV2
                     : watchTold           ? checkIntervalV3
                                           : std::min(checkIntervalV3, untold));
}

void LiveRegistry::Private::check()
{
    if (!began || listing || status.freshness == LiveStatus::Freshness::Stale
        || std::exchange(checking, true))
        return;
    const qint64 from = table.revision();
    const auto asked = Clock::now();
    connection.store()
        .check(prefix(), from)
        .then(q, [this, from, asked](const Result<Check> &check) {
            checking = false;
            checkTook = since(asked);
            if (check)
                checked(*check, from);
            else if (byLooks())
                cutOff(check.error());
            else // pings and listings will say what is wrong
                checkTimer.start(grace);
        });
}

/// `from`: the revision that was known as it was asked.
void LiveRegistry::Private::checked(const Check &check, qint64 from)
{
    startChecks();
    if (check.revision < from) { // never that of a node that lags behind
        qCInfo(logRegistry) << "live: another store, at" << check.revision << "after" << from;
        anew = true;
        resync = true;
        lostWatch = Error{.code = Error::Code::Protocol,
                          .endpoint = check.endpoint,
                          .detail = LiveRegistry::tr("the store has begun anew")};
        dropWatch();
        return list();
    }
    if (byLooks())
        return looked(check);
    if (isV2()) {
        // The index counts what others write, too; a listing has its price.
        const auto price =
            std::max<milliseconds>(2 * checkTimer.intervalAsDuration(), 20 * listTook);
        if (check.revision > table.revision() && since(listEnded) > price)
            list();
        return;
    }
    const bool agrees = check.newest <= table.revision() && check.count == table.size();
    if (agrees) {
        suspicious = false;
        if (!listing) // which may be older than what has gone since
            table.forgetRemoved();
    } else if (std::exchange(suspicious, !suspicious)) {
        list();
    } else {
        checkTimer.start(grace); // events may be under way
    }
}

/// That is all there is to go by. v2's index moves with each write, whoever's it is.
void LiveRegistry::Private::looked(const Check &check)
{
    const bool same = isV2() ? check.revision <= table.revision()
                             : check.newest <= table.revision() && check.count == table.size();
    if (!same)
        return list();
    status.endpoint = check.endpoint;
    heard(check.observed);
    live();
    if (!isV2())
        return;
    table.looked(check.observed);
    Q_EMIT q->looked(check.observed);
}

/// Who refreshes its TTL is told by no event, so whoever seems late is looked at.
void LiveRegistry::Private::listOverdue()
{
    if (!began || !watchOpen || listing || leaderless)
        return;
    const LiveTable::Overdue overdue = table.overdue(Clock::now());
    const auto allowed = isV2() ? listEnded + std::max<milliseconds>(1s, 10 * listTook)
                                : timesAskedAt + timesAtLeast;
    if (!overdue.keys.isEmpty() && Clock::now() > allowed)
        return isV2() ? list() : askTimes();
    const auto next = std::max(overdue.keys.isEmpty() ? overdue.next : allowed, allowed);
    if (const auto wait = next - Clock::now(); wait < pingInterval)
        overdueTimer.start(std::max(std::chrono::ceil<milliseconds>(wait), 1ms));
}

/// v3: renewals are told by no event either. Those on screen are asked, and those in trouble.
void LiveRegistry::Private::askTimes()
{
    // A slow cluster has better things to do.
    if (!(watchOpen || byLooks()) || isV2() || timesAsked > 0 || leaderless)
        return;
    timesAskedAt = Clock::now();
    QHash<qint64, QStringList> keysOfLeases;
    const auto ask = [&](const QString &key) {
        const LiveInstance *live = table.find(key);
        if (live && live->instance->lease != 0)
            keysOfLeases[live->instance->lease].append(key);
    };
    std::ranges::for_each(onScreen, ask);
    for (const QString &key : table.overdue(Clock::now()).keys.mid(0, leasesAtOnce)) {
        if (!onScreen.contains(key))
            ask(key);
    }
    timesAsked = int(keysOfLeases.size());
    for (auto asked = keysOfLeases.cbegin(); asked != keysOfLeases.cend(); ++asked) {
        const qint64 lease = asked.key();
        connection.store().timeToLive(lease).then(
            q, [this, lease, keys = asked.value()](const Result<LeaseTime> &time) {
                --timesAsked;
                if (time)
                    tell(table.look(keys, lease, *time, time->observed));
                if (timesAsked == 0)
                    listOverdue(); // who is due before the next turn is looked at then
            });
    }
}

} // namespace EtcdRegistry
