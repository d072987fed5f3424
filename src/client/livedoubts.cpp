// SPDX-License-Identifier: MIT
#include "liveregistryprivate.h"
#include "log.h"

#include <QPointer>

#include <algorithm>

using namespace std::chrono_literals;

namespace EtcdRegistry {

namespace {

using std::chrono::milliseconds;

constexpr auto slept = 5s; ///< a timer that is so late tells that the machine was asleep
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
        missedPings = failures = 0;
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

void LiveRegistry::Private::reconcile(const Listing &listing, milliseconds sinceLast)
{
    if (listing.revision < listFrom && !anew) {
        if (isV2()) // the node may lag behind, or the store be another one
            check();
        else // whose listings never do
            anew = true;
    }
    const QList<Change> changes = table.reconcile(listing, std::exchange(anew, false));
    if (isV2())
        Q_EMIT q->looked(listing.observed);
    tell(changes);
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
    watchEnded({.error = {.code = Error::Code::Protocol,
                          .endpoint = watch->endpoint().toString(),
                          .detail = LiveRegistry::tr("events were missing")}});
}

void LiveRegistry::Private::startChecks()
{
    checkTimer.start(checkInterval > 0ms ? checkInterval
                     : isV2()            ? checkIntervalV2
                                         : checkIntervalV3);
}

void LiveRegistry::Private::check()
{
    if (!began || listing || status.freshness == LiveStatus::Freshness::Stale
        || std::exchange(checking, true))
        return;
    const qint64 from = table.revision();
    connection.store().check(prefix(), from).then(q, [this, from](const Result<Check> &check) {
        checking = false;
        if (check)
            checked(*check, from);
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
        table.forgetRemoved();
    } else if (std::exchange(suspicious, !suspicious)) {
        list();
    } else {
        checkTimer.start(grace); // events may be under way
    }
}

/// v2: who refreshes its TTL is told by no event, so whoever seems late is looked at.
void LiveRegistry::Private::listOverdue()
{
    if (!began || !isV2() || !watchOpen || listing)
        return;
    const LiveTable::Overdue overdue = table.overdue(Clock::now());
    const auto allowed = listEnded + std::max<milliseconds>(1s, 10 * listTook);
    if (!overdue.keys.isEmpty() && Clock::now() > allowed)
        return list();
    const auto next = std::max(overdue.keys.isEmpty() ? overdue.next : allowed, allowed);
    if (const auto wait = next - Clock::now(); wait < pingInterval)
        overdueTimer.start(std::max(std::chrono::ceil<milliseconds>(wait), 1ms));
}

/// v3: renewals are told by no event either. Those on screen are asked, and those in trouble.
void LiveRegistry::Private::askTimes()
{
    if (!watchOpen || isV2() || timesAsked > 0) // a slow cluster has better things to do
        return;
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
                    tell(table.look(keys, lease, *time, Clock::now()));
            });
    }
}

} // namespace EtcdRegistry
