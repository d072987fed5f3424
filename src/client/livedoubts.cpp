// SPDX-License-Identifier: MIT
#include "liveregistryprivate.h"

#include <algorithm>

using namespace std::chrono_literals;

namespace EtcdRegistry {

namespace {

using std::chrono::milliseconds;

constexpr auto slept = 5s; ///< a timer that is so late tells that the machine was asleep
constexpr int leasesAtOnce = 64;

} // namespace

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

void LiveRegistry::Private::startChecks()
{
    checkTimer.start(isV2() ? checkIntervalV2 : checkIntervalV3);
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
    if (agrees)
        startChecks();
    else
        checkTimer.start(grace); // events may be under way
}

/// v2: who refreshes its TTL is told by no event, so whoever seems late is looked at.
void LiveRegistry::Private::listOverdue()
{
    if (!began || !isV2() || !watchOpen || listing)
        return;
    const LiveTable::Overdue overdue = table.overdue(Clock::now());
    if (!overdue.keys.isEmpty() && since(listEnded) > std::max<milliseconds>(1s, 10 * listTook))
        list();
    else if (const auto wait = overdue.next - Clock::now(); wait < pingInterval)
        overdueTimer.start(std::chrono::ceil<milliseconds>(wait));
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
    for (const QString &key : table.overdue(Clock::now()).keys.mid(0, leasesAtOnce)) {
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

} // namespace EtcdRegistry
