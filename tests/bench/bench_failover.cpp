// SPDX-License-Identifier: MIT
#include "await.h"
#include "etcdcluster.h"
#include "fill.h"
#include "measure.h"
#include "registry.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QTimer>

#include <algorithm>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

QString nameOf(Api api)
{
    return api == Api::V2 ? u"v2"_s : u"v3"_s;
}

/// Times of one kind of operation.
struct Times
{
    std::vector<double> milliseconds;
    int failed = 0;

    template <typename T>
    void add(const Result<T> &result, const QElapsedTimer &timer)
    {
        milliseconds.push_back(double(timer.nsecsElapsed()) / 1e6);
        if (result)
            return;
        ++failed;
        std::fprintf(stderr, "%s\n", qPrintable(result.error().message()));
    }
};

bool allAreHealthy(EtcdCluster &etcd)
{
    return runUntil([&] { return etcd.isHealthy(0) && etcd.isHealthy(1) && etcd.isHealthy(2); },
                    30s);
}

/// One list after another, in calm or in trouble.
class Lister
{
public:
    explicit Lister(const ConnectionString &connection)
        : m_registry(connection)
    {
        next();
    }

    void setTrouble(bool trouble) { m_trouble = trouble; }
    const QString &endpoint() const { return m_endpoint; }
    Times calm;
    Times trouble;

private:
    void next()
    {
        QElapsedTimer timer;
        timer.start();
        // A list counts for the time when it began or for that when it ended, if one was bad
        m_registry.list().then(&m_registry,
                               [this, timer, was = m_trouble](const Result<Snapshot> &listed) {
                                   (was || m_trouble ? trouble : calm).add(listed, timer);
                                   if (listed)
                                       m_endpoint = listed->endpoint;
                                   next();
                               });
    }

    Registry m_registry;
    QString m_endpoint; ///< that answered last
    bool m_trouble = false;
};

/// Each round has the node that answers hung, then killed, then back.
int failoverList(Api api)
{
    constexpr int rounds = 4;
    constexpr auto part = 3s;
    EtcdCluster etcd({.members = 3});
    if (!etcd.start() || !allAreHealthy(etcd))
        return fail(etcd.error());
    if (!fill(*ConnectionString::parse(etcd.connectionString()), api, 100))
        return fail(u"the instances could not be written"_s);
    Lister lister(*ConnectionString::parse(etcd.connectionString(u"/load?api="_s + nameOf(api))));
    for (int round = 0; round < rounds; ++round) {
        run(part);
        const qsizetype found = etcd.endpoints().indexOf(QUrl(lister.endpoint()));
        const int victim = int(std::max<qsizetype>(found, 0));
        lister.setTrouble(true);
        etcd.suspend(victim);
        run(part);
        if (!etcd.kill(victim))
            return fail(u"a node could not be killed"_s);
        run(part);
        if (!etcd.restart(victim) || !allAreHealthy(etcd))
            return fail(u"a node did not come back"_s);
        run(part);
        lister.setTrouble(false);
    }
    const double calm = median(lister.calm.milliseconds);
    const std::vector<double> &times = lister.trouble.milliseconds;
    Line(u"failover-list-"_s + nameOf(api))
        .value(quantile(times, 0.99), "ms", u"target"_s, 300)
        .add("p50_ms", median(times), 2)
        .add("p50_calm_ms", calm, 2)
        .add("p50_ratio", median(times) / calm, 2)
        .add("longest_ms", std::ranges::max(times), 0)
        .add("lists", double(times.size()), 0)
        .add("failed", lister.trouble.failed + lister.calm.failed, 0)
        .print();
    return 0;
}

/// Each round has the leader killed, or hung, while joins begin at an even pace whatever became of
/// those before.
int failoverWrite(Api api, bool hang)
{
    constexpr int rounds = 6;
    constexpr auto pace = 20ms;
    constexpr auto watched = 4s; ///< after the leader's death
    EtcdCluster etcd({.members = 3});
    if (!etcd.start() || !allAreHealthy(etcd))
        return fail(etcd.error());
    Registry registry(
        *ConnectionString::parse(etcd.connectionString(u"/write?api="_s + nameOf(api))));
    Times times;
    std::vector<double> longest; ///< of each round
    for (int round = 0; round < rounds; ++round) {
        const int leader = etcd.waitForLeader();
        if (leader < 0 || !await(registry.open()))
            return fail(u"nobody leads"_s);
        Times ours;
        int pending = 0, port = 0;
        QTimer timer;
        timer.setTimerType(Qt::PreciseTimer);
        timer.callOnTimeout(&registry, [&] {
            QElapsedTimer since;
            since.start();
            ++pending;
            registry
                .join({.name = u"web"_s,
                       .nameSpace = u"write"_s,
                       .hostname = u"10.0.0.1"_s,
                       .port = ++port})
                .then(&registry, [&, since](const Result<Registration> &joined) {
                    --pending;
                    ours.add(joined, since);
                });
        });
        timer.start(pace);
        run(500ms);
        ours = {};
        if (hang)
            etcd.suspend(leader);
        else
            etcd.kill(leader);
        run(watched);
        timer.stop();
        if (!runUntil([&] { return pending == 0; }, 20s))
            return fail(u"joins did not end"_s);
        times.failed += ours.failed;
        std::ranges::copy(ours.milliseconds, std::back_inserter(times.milliseconds));
        longest.push_back(std::ranges::max(ours.milliseconds));
        if (hang)
            etcd.resume(leader);
        else if (!etcd.restart(leader))
            return fail(u"a node did not come back"_s);
        if (!allAreHealthy(etcd) || !await(registry.leaveAll()))
            return fail(u"they could not be left"_s);
        run(3s); // the client has its nodes back
    }
    Line(u"failover-write-%1-%2"_s.arg(nameOf(api), hang ? u"hung"_s : u"killed"_s))
        .value(quantile(times.milliseconds, 0.99) / 1000, "s", u"target"_s, 3)
        .add("p50_s", median(times.milliseconds) / 1000, 3)
        .add("longest_s", std::ranges::max(longest) / 1000, 3)
        .add("median_of_longest_s", median(longest) / 1000, 3)
        .add("joins", double(times.milliseconds.size()), 0)
        .add("failed", times.failed, 0)
        .print();
    return 0;
}

} // namespace

int main(int argc, char *argv[])
{
    const QCoreApplication application(argc, argv);
    const QString bench = QCoreApplication::arguments().value(1);
    int bad = 0;
    if (bench == u"failover-list") {
        for (const Api api : {Api::V2, Api::V3})
            bad += failoverList(api);
        return bad;
    }
    if (bench == u"failover-write") {
        for (const Api api : {Api::V2, Api::V3}) {
            for (const bool hang : {false, true})
                bad += failoverWrite(api, hang);
        }
        return bad;
    }
    return fail(u"usage: bench_failover failover-list|failover-write"_s);
}
