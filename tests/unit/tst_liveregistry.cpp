// SPDX-License-Identifier: MIT
#include "livefixture.h"

#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

using Freshness = LiveStatus::Freshness;
using Means = LiveStatus::Means;
using Kind = LiveEvent::Kind;
using Then = FakeServer::Then;
/// How a live registry gets over whatever nodes do, against servers that do it on purpose.
class TestLiveRegistry : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void followsV3();
    void followsV2();
    void goesOnElsewhere_data();
    void goesOnElsewhere();
    void leavesANodeThatHangs_data();
    void leavesANodeThatHangs();
    void listsAgainAfterCompaction();
    void saysThatItIsRefused();
    void logsInAgainHoweverLate();
    void repairsWhatEventsDidNotTell_data();
    void repairsWhatEventsDidNotTell();
    void doesNotDoubtWithoutReason();
    void staysAndRecovers_data();
    void staysAndRecovers();
    void doesNotRunInCircles_data();
    void doesNotRunInCircles();
    void saysWhyItCanNotConnect();
    void beginsAnew_data();
    void beginsAnew();
    void isNotFooledByALaggingNode();
    void listsWhereThereIsTooMuch();
    void saysThatThereIsNoLeader_data() { stores(); }
    void saysThatThereIsNoLeader();
    void showsWhatIsThereWithoutALeader();
    void goesWhereALeaderIs_data() { stores(); }
    void goesWhereALeaderIs();
    void looksWhereEventsAreHeldBack_data() { stores(); }
    void looksWhereEventsAreHeldBack();
    void streamsWhereOneNodeDoes_data() { stores(); }
    void streamsWhereOneNodeDoes();
    void takesNoDeadNodeForAProxy_data() { stores(); }
    void takesNoDeadNodeForAProxy();
    void looksWhereWatchesLie();
    void showsNoGhosts();
    void beginsAnewInAnotherCluster();
    void goesAwayAtAnyTime_data();
    void goesAwayAtAnyTime();

private:
    static void stores()
    {
        QTest::addColumn<Api>("api");
        QTest::newRow("v3") << Api::V3;
        QTest::newRow("v2") << Api::V2;
    }
    static void has(FakeEtcd &node, Api api, qint64 revision, const Keys &keys)
    {
        api == Api::V3 ? node.hasV3(revision, keys) : node.hasV2(revision, keys);
    }
    static const char *watchOf(Api api) { return api == Api::V3 ? watchV3 : watchV2; }
    /// What it says of a leader from now on.
    static void lead(FakeEtcd &node, Api api, bool has)
    {
        const char *path = api == Api::V3 ? membersV3 : leaderV2;
        if (has)
            return node.set(path, FakeServer::reply(200, "{}"));
        node.set(path, FakeServer::reply(503, api == Api::V3 ? R"({"error":"etcdserver: no leader",
            "message":"etcdserver: no leader","code":14})"
                                                             : R"({"message":"During election"})"));
    }
};

static const Keys one{{"web/a", {5, "{}"}}};

void TestLiveRegistry::followsV3()
{
    FakeEtcd node(Api::V3);
    node.hasV3(10, one);
    LiveListener listener({&node});
    QTRY_VERIFY(listener.isLiveOn(node));
    QCOMPARE(listener.has, QStringList{u"web/a={}"_s});
    QCOMPARE(node.watchedFrom(), 11);
    QCOMPARE(node.requestsTo(watchV3).first().headers.value("grpc-metadata-hasleader"), "true");
    node.push(watchV3, FakeEtcd::putV3("web/b", 11) + FakeEtcd::putV3("web/a", 12, "[]"));
    QTRY_COMPARE(listener.has, (QStringList{u"web/a=[]"_s, u"web/b={}"_s}));
    node.push(watchV3, FakeEtcd::deleteV3("web/a", 13));
    QTRY_COMPARE(listener.has, QStringList{u"web/b={}"_s});
    QCOMPARE(listener.events, QList{Kind::Connected});
    QCOMPARE(listener.status.means, Means::Watch);
}

/// The stream is open before it is listed, so nothing falls between the two.
void TestLiveRegistry::followsV2()
{
    FakeEtcd node(Api::V2);
    node.hasV2(10, one);
    FakeServer::Answer late = FakeServer::reply(200,
                                                R"({"action":"get","node":{"dir":true,"nodes":[)"
                                                    + FakeEtcd::nodeOf("web/a", 5, "{}") + ","
                                                    + FakeEtcd::nodeOf("web/b", 12, "{}") + "]}}",
                                                "application/json", "X-Etcd-Index: 12\r\n");
    late.delay = 200ms;
    node.set(listV2, late);
    LiveListener listener({&node});
    QTRY_COMPARE(node.requestsTo(listV2).size(), 1);
    QCOMPARE(node.streams(watchV2), 1);
    node.push(watchV2, FakeEtcd::putV2("web/b", 12) + FakeEtcd::putV2("web/c", 13));
    QVERIFY(listener.has.isEmpty());
    QTRY_COMPARE(listener.has, (QStringList{u"web/a={}"_s, u"web/b={}"_s, u"web/c={}"_s}));
    QCOMPARE(listener.told, QStringList{u"web/c={}"_s});
    QTRY_VERIFY(listener.isLiveOn(node));
    node.push(watchV2, FakeEtcd::putV2("web/a", 14, "[]"));
    QTRY_COMPARE(listener.has.first(), u"web/a=[]"_s);
    QCOMPARE(listener.status.means, Means::Stream);
}

void TestLiveRegistry::goesOnElsewhere_data()
{
    QTest::addColumn<Api>("api");
    QTest::addColumn<QByteArray>("last");
    QTest::addColumn<Then>("then");
    const QByteArray half = FakeEtcd::putV3("web/b", 11).left(60);
    QTest::newRow("closed") << Api::V3 << QByteArray() << Then::Close;
    QTest::newRow("reset") << Api::V3 << QByteArray() << Then::Reset;
    QTest::newRow("half a line") << Api::V3 << half << Then::Close;
    QTest::newRow("no leader")
        << Api::V3
        << QByteArray(R"({"error":{"grpc_code":14,"message":"etcdserver: no leader"}})"
                      "\n")
        << Then::KeepOpen;
    QTest::newRow("canceled") << Api::V3 << FakeEtcd::lineV3(10, R"(,"canceled":true)")
                              << Then::KeepOpen;
    QTest::newRow("garbage") << Api::V3 << QByteArray("<html>\n") << Then::KeepOpen;
    QTest::newRow("v2 closed") << Api::V2 << QByteArray() << Then::Close;
    QTest::newRow("v2 half a line")
        << Api::V2 << FakeEtcd::putV2("web/b", 11).left(30) << Then::Close;
    QTest::newRow("v2 too late")
        << Api::V2
        << QByteArray(R"({"errorCode":401,"message":"outdated and cleared","index":9})"
                      "\n")
        << Then::KeepOpen;
    QTest::newRow("v2 garbage") << Api::V2 << QByteArray("<html>\n") << Then::KeepOpen;
}

void TestLiveRegistry::goesOnElsewhere()
{
    QFETCH(Api, api);
    QFETCH(QByteArray, last);
    QFETCH(Then, then);
    FakeEtcd a(api), b(api);
    const char *path = api == Api::V3 ? watchV3 : watchV2;
    const auto has = [&](qint64 revision, const Keys &keys) {
        for (FakeEtcd *node : {&a, &b})
            api == Api::V3 ? node->hasV3(revision, keys) : node->hasV2(revision, keys);
    };
    has(10, one);
    LiveListener listener({&a, &b});
    QTRY_VERIFY(listener.isLiveOn(a));
    has(12, {{"web/a", {5, "{}"}}, {"web/b", {11, "{}"}}});
    if (!last.isEmpty())
        a.push(path, last);
    if (then != Then::KeepOpen)
        a.end(path, then);
    QTRY_VERIFY(listener.isLiveOn(b));
    if (api == Api::V3) {
        QCOMPARE(b.watchedFrom(), 11);
        b.push(watchV3, FakeEtcd::putV3("web/b", 11));
    }
    QTRY_COMPARE(listener.told, QStringList{u"web/b={}"_s}); // once
    QCOMPARE(listener.events.value(1), Kind::Moved);
    QVERIFY(!listener.events.contains(Kind::CutOff));
    QTRY_COMPARE(a.streams(path), 0);
    QCOMPARE(b.streams(path), 1);
}

void TestLiveRegistry::leavesANodeThatHangs_data()
{
    QTest::addColumn<Api>("api");
    QTest::addColumn<bool>("watching");
    QTest::newRow("v3") << Api::V3 << true;
    QTest::newRow("v2") << Api::V2 << true;
    QTest::newRow("v3, after the head of the watch") << Api::V3 << false;
}

void TestLiveRegistry::leavesANodeThatHangs()
{
    QFETCH(Api, api);
    QFETCH(bool, watching);
    FakeEtcd a(api), b(api);
    for (FakeEtcd *node : {&a, &b})
        api == Api::V3 ? node->hasV3(10, one) : node->hasV2(10, one);
    if (!watching)
        a.set(watchV3, FakeServer::stream({}));
    LiveListener listener({&a, &b});
    if (watching) {
        QTRY_VERIFY(listener.isLiveOn(a));
        a.set(version, FakeServer::hang());
    }
    QTRY_VERIFY(listener.isLiveOn(b));
    QCOMPARE(listener.status.error, std::nullopt);
    QVERIFY(!listener.events.contains(Kind::CutOff));
}

void TestLiveRegistry::listsAgainAfterCompaction()
{
    FakeEtcd node(Api::V3);
    node.hasV3(10, one);
    LiveListener listener({&node});
    QTRY_VERIFY(listener.isLive());
    node.hasV3(40, {{"web/a", {30, "[]"}}, {"web/b", {31, "{}"}}});
    node.push(watchV3, FakeEtcd::lineV3(0, R"(,"canceled":true,"compact_revision":"25")"));
    QTRY_COMPARE(listener.has, (QStringList{u"web/a=[]"_s, u"web/b={}"_s}));
    QTRY_VERIFY(listener.isLive());
    QTRY_COMPARE(node.watchedFrom(), 41);
    QCOMPARE(listener.events, (QList{Kind::Connected, Kind::Resynchronised}));
    QCOMPARE(listener.counts.last(), 2);
    QTRY_COMPARE(node.streams(watchV3), 1);
}

void TestLiveRegistry::saysThatItIsRefused()
{
    FakeEtcd node(Api::V3);
    node.hasV3(10, one);
    node.set(watchV3, FakeServer::stream(FakeEtcd::refusal()));
    LiveListener listener({&node});
    QTRY_COMPARE(listener.status.freshness, Freshness::Stale);
    QCOMPARE(listener.status.error->code, Error::Code::PermissionDenied);
    QCOMPARE(listener.has, QStringList{u"web/a={}"_s});
    QTest::qWait(1500);
    QVERIFY(node.requestsTo(watchV3).size() < 15);
    QCOMPARE(listener.events.count(Kind::CutOff), 1);
    node.hasV3(10, one);
    QTRY_VERIFY(listener.isLive());
    QCOMPARE(listener.events.last(), Kind::Recovered);
}

/// A restart of etcd forgets tokens, and listing is what logs in.
void TestLiveRegistry::logsInAgainHoweverLate()
{
    FakeEtcd node(Api::V3);
    node.hasV3(10, one);
    LiveListener listener({&node});
    QTRY_VERIFY(listener.isLive());
    node.set(watchV3, FakeServer::reset());
    node.end(watchV3, Then::Reset);
    QTRY_COMPARE(listener.status.freshness, Freshness::Stale); // for a while
    QTest::qWait(700);
    const auto listings = node.requestsTo(rangeV3).size();
    node.set(watchV3, FakeServer::stream(FakeEtcd::refusal("etcdserver: invalid auth token")));
    node.set(rangeV3, FakeServer::reply(200, FakeEtcd::rangeOf(10, one)));
    QTRY_VERIFY(node.requestsTo(rangeV3).size() > listings);
    node.hasV3(10, one); // now that it has logged in
    QTRY_VERIFY(listener.isLive());
}

void TestLiveRegistry::repairsWhatEventsDidNotTell_data()
{
    QTest::addColumn<Api>("api");
    QTest::newRow("v3") << Api::V3;
    QTest::newRow("v2") << Api::V2;
}

void TestLiveRegistry::repairsWhatEventsDidNotTell()
{
    QFETCH(Api, api);
    FakeEtcd node(api);
    const auto has = [&](qint64 revision, const Keys &keys) {
        api == Api::V3 ? node.hasV3(revision, keys) : node.hasV2(revision, keys);
    };
    const char *path = api == Api::V3 ? watchV3 : watchV2;
    has(10, {{"web/a", {5, "{}"}}, {"web/b", {6, "{}"}}});
    LiveListener listener({&node}, 200ms);
    QTRY_VERIFY(listener.isLive());
    if (api == Api::V2) // as many as it has room for, and then silence
        node.push(path, FakeEtcd::putV2("web/a", 11) + FakeEtcd::putV2("web/b", 12));
    has(20, {{"web/b", {15, "[]"}}});
    QTRY_COMPARE_WITH_TIMEOUT(listener.has, QStringList{u"web/b=[]"_s}, 10000);
    QTRY_VERIFY_WITH_TIMEOUT(listener.events.contains(Kind::Repaired), 10000);
    QCOMPARE(listener.counts.at(listener.events.indexOf(Kind::Repaired)), 2);
    QTRY_COMPARE(node.requestsTo(path).size(), 2); // on another stream
    QTRY_VERIFY(listener.isLive());
    QTRY_COMPARE(node.streams(path), 1);
    if (api == Api::V3)
        QCOMPARE(node.watchedFrom(), 21);
    node.push(path, api == Api::V3 ? FakeEtcd::putV3("web/c", 21) : FakeEtcd::putV2("web/c", 21));
    // Or the next check finds a store that is older than its last event: another one.
    has(21, {{"web/b", {15, "[]"}}, {"web/c", {21, "{}"}}});
    QTRY_COMPARE(listener.has, (QStringList{u"web/b=[]"_s, u"web/c={}"_s}));
}

/// What happens while it is asked whether the watch is right.
void TestLiveRegistry::doesNotDoubtWithoutReason()
{
    FakeEtcd node(Api::V3);
    node.hasV3(10, one);
    LiveListener listener({&node}, 200ms);
    QTRY_VERIFY(listener.isLive());
    FakeServer::Answer late = FakeServer::reply(200, FakeEtcd::rangeOf(10, one));
    late.delay = 150ms;
    node.forget(rangeV3);
    node.on(rangeV3, late);
    node.on(rangeV3, FakeServer::reply(200, FakeEtcd::rangeOf(11, {{"web/a", {5, "{}"}},
                                                                   {"web/b", {11, "{}"}}})));
    const auto before = node.requestsTo(rangeV3).size();
    QTRY_VERIFY(node.requestsTo(rangeV3).size() > before);
    node.push(watchV3,
              FakeEtcd::putV3("web/b", 11)); // before the answer, which does not know of it
    QTRY_COMPARE(listener.has.size(), 2);
    QTRY_VERIFY(node.requestsTo(rangeV3).size() > before + 2);
    QCOMPARE(listener.events, QList{Kind::Connected});
    QCOMPARE(node.requestsTo(watchV3).size(), 1);
    QCOMPARE(listener.told.size(), 1);
}

void TestLiveRegistry::staysAndRecovers_data()
{
    QTest::addColumn<Api>("api");
    QTest::newRow("v3") << Api::V3;
    QTest::newRow("v2") << Api::V2;
}

void TestLiveRegistry::staysAndRecovers()
{
    QFETCH(Api, api);
    FakeEtcd node(api);
    const char *path = api == Api::V3 ? watchV3 : watchV2;
    const char *list = api == Api::V3 ? rangeV3 : listV2;
    api == Api::V3 ? node.hasV3(10, one) : node.hasV2(10, one);
    LiveListener listener({&node});
    QTRY_VERIFY(listener.isLive());
    for (const char *each : {path, list, version})
        node.set(each, FakeServer::reset());
    node.end(path, Then::Reset);
    QTRY_COMPARE(listener.status.freshness, Freshness::Stale);
    QVERIFY(listener.status.error);
    const auto heard = listener.status.heard;
    QTest::qWait(500);
    QCOMPARE(listener.has, QStringList{u"web/a={}"_s});
    QCOMPARE(listener.status.heard, heard);

    node.set(version, FakeServer::reply(200, R"({"etcdserver":"3.4.23"})"));
    const Keys now{{"web/a", {5, "{}"}}, {"web/b", {11, "{}"}}};
    api == Api::V3 ? node.hasV3(11, now) : node.hasV2(11, now);
    QTRY_VERIFY(listener.isLive());
    QVERIFY(listener.status.heard > heard);
    if (api == Api::V3) {
        QCOMPARE(node.watchedFrom(), 11);
        node.push(watchV3, FakeEtcd::putV3("web/b", 11));
    }
    QTRY_COMPARE(listener.has.size(), 2);
    QCOMPARE(listener.events, (QList{Kind::Connected, Kind::CutOff, Kind::Recovered}));
    QCOMPARE(listener.counts.last(), api == Api::V3 ? 0 : 1);
}

void TestLiveRegistry::doesNotRunInCircles_data()
{
    QTest::addColumn<Api>("api");
    QTest::addColumn<QByteArray>("then"); // after it was opened; empty: it is closed
    QTest::newRow("v3 closed at once") << Api::V3 << QByteArray();
    QTest::newRow("v2 closed at once") << Api::V2 << QByteArray();
    QTest::newRow("v3 garbage") << Api::V3 << QByteArray("<html>\n");
    QTest::newRow("v2 garbage") << Api::V2 << QByteArray("<html>\n");
}

/// A proxy, say, that ends or spoils each answer.
void TestLiveRegistry::doesNotRunInCircles()
{
    QFETCH(Api, api);
    QFETCH(QByteArray, then);
    FakeEtcd a(api), b(api);
    const char *path = api == Api::V3 ? watchV3 : watchV2;
    for (FakeEtcd *node : {&a, &b}) {
        api == Api::V3 ? node->hasV3(10, one) : node->hasV2(10, one);
        node->set(path,
                  FakeServer::stream((api == Api::V3 ? FakeEtcd::created(10) : QByteArray()) + then,
                                     then.isEmpty() ? Then::Close : Then::KeepOpen));
    }
    LiveListener listener({&a, &b});
    QTRY_VERIFY(listener.events.contains(Kind::CutOff));
    QTest::qWait(1500);
    QVERIFY(a.requestsTo(path).size() + b.requestsTo(path).size() < 20);
    QVERIFY(listener.status.error || listener.isLive());
    for (FakeEtcd *node : {&a, &b})
        api == Api::V3 ? node->hasV3(10, one) : node->hasV2(10, one);
    QTRY_VERIFY(a.streams(path) + b.streams(path) == 1 && listener.isLive());
}

void TestLiveRegistry::saysWhyItCanNotConnect()
{
    FakeEtcd node(Api::V3);
    node.set(version, FakeServer::hang());
    LiveListener listener({&node});
    QTRY_VERIFY(listener.status.error);
    QCOMPARE(listener.status.freshness, Freshness::Connecting);
    QCOMPARE(listener.status.error->code, Error::Code::Timeout);
    node.set(version, FakeServer::reply(200, R"({"etcdserver":"3.4.23"})"));
    node.set(rangeV3,
             FakeServer::reply(403, R"({"code":7,"message":"etcdserver: permission denied"})"));
    QTRY_COMPARE(listener.status.error->code, Error::Code::PermissionDenied);
    QCOMPARE(listener.status.freshness, Freshness::Connecting);
    QVERIFY(listener.events.isEmpty());
    node.hasV3(10, one);
    QTRY_VERIFY(listener.isLive());
    QCOMPARE(listener.events, QList{Kind::Connected});
}

void TestLiveRegistry::beginsAnew_data()
{
    QTest::addColumn<Api>("api");
    QTest::newRow("v3") << Api::V3;
    QTest::newRow("v2") << Api::V2;
}

/// etcd was set up again, with the same address and without its data.
void TestLiveRegistry::beginsAnew()
{
    QFETCH(Api, api);
    FakeEtcd node(api);
    const char *path = api == Api::V3 ? watchV3 : watchV2;
    const auto has = [&](qint64 revision, const Keys &keys) {
        api == Api::V3 ? node.hasV3(revision, keys) : node.hasV2(revision, keys);
    };
    has(1000, {{"web/a", {5, "{}"}}, {"web/b", {900, "{}"}}});
    LiveListener listener({&node}, 300ms);
    QTRY_VERIFY(listener.isLive());
    has(5, {{"web/a", {5, "[]"}}, {"web/c", {4, "{}"}}});
    node.end(path, Then::Reset);
    QTRY_COMPARE(listener.has, (QStringList{u"web/a=[]"_s, u"web/c={}"_s}));
    QTRY_VERIFY(listener.isLive() && node.streams(path) == 1);
    if (api == Api::V3)
        QCOMPARE(node.watchedFrom(), 6);
    node.push(path, api == Api::V3 ? FakeEtcd::putV3("web/b", 6) : FakeEtcd::putV2("web/b", 6));
    QTRY_COMPARE(listener.has, (QStringList{u"web/a=[]"_s, u"web/b={}"_s, u"web/c={}"_s}));
}

void TestLiveRegistry::isNotFooledByALaggingNode()
{
    // v2: only a quorum tells; v3: a range does.
    FakeEtcd a(Api::V2), b(Api::V2);
    a.hasV2(100, one);
    LiveListener listener({&a, &b}, 300ms);
    QTRY_VERIFY(listener.isLiveOn(a));
    b.hasV2(90, {{"web/z", {80, "{}"}}});
    b.set("/v2/keys/services/_etcd-registry-browser?quorum",
          FakeServer::reply(404, R"({"errorCode":100,"message":"Key not found"})",
                            "application/json", "X-Etcd-Index: 101\r\n"));
    a.stop();
    QTRY_VERIFY(listener.isLiveOn(b));
    QTest::qWait(700);
    QCOMPARE(listener.has, QStringList{u"web/a={}"_s});
    QVERIFY(listener.told.isEmpty());

    FakeEtcd c(Api::V3), d(Api::V3);
    c.hasV3(100, one);
    LiveListener other({&c, &d}, 300ms);
    QTRY_VERIFY(other.isLiveOn(c));
    d.hasV3(100, one);
    d.set(watchV3, FakeServer::stream(FakeEtcd::created(90)));
    c.stop();
    QTRY_VERIFY(other.isLiveOn(d));
    QTest::qWait(700);
    QVERIFY(other.told.isEmpty());
    QCOMPARE(d.requestsTo(watchV3).size(), 1);
    QVERIFY(!other.events.contains(Kind::Resynchronised));
}

void TestLiveRegistry::listsWhereThereIsTooMuch()
{
    FakeEtcd node(Api::V2);
    node.hasV2(10, one);
    LiveListener listener({&node});
    QTRY_VERIFY(listener.isLive());
    node.hasV2(100, {{"web/a", {100, "[]"}}});
    QByteArray events;
    for (int i = 11; i <= 100; ++i)
        events += FakeEtcd::putV2("web/a", i);
    node.push(watchV2, events);
    QTRY_COMPARE(listener.status.means, Means::Listings);
    QCOMPARE(listener.events, (QList{Kind::Connected, Kind::Paced}));
    QTRY_COMPARE(node.streams(watchV2), 0);
    node.hasV2(101, {{"web/b", {101, "{}"}}});
    QTRY_COMPARE(listener.has, QStringList{u"web/b={}"_s});
    QVERIFY(listener.isLive());
    // Nobody answers for a moment.
    node.set(listV2, FakeServer::reset());
    QTRY_COMPARE(listener.status.freshness, Freshness::Stale);
    node.hasV2(102, {{"web/c", {102, "{}"}}});
    QTRY_VERIFY(listener.isLive());
    QCOMPARE(listener.has, QStringList{u"web/c={}"_s});
    // It is calm.
    QTRY_COMPARE_WITH_TIMEOUT(listener.status.means, Means::Stream, 15000);
    QTRY_VERIFY(listener.isLive() && node.streams(watchV2) == 1);
    node.push(watchV2, FakeEtcd::putV2("web/d", 103));
    QTRY_COMPARE(listener.has.size(), 2);
    QCOMPARE(listener.events,
             (QList{Kind::Connected, Kind::Paced, Kind::CutOff, Kind::Recovered, Kind::Streaming}));
}

/// It lives, it answers reads, its stream is open, and most of its cluster is away.
void TestLiveRegistry::saysThatThereIsNoLeader()
{
    QFETCH(Api, api);
    FakeEtcd node(api);
    has(node, api, 10, one);
    LiveListener listener({&node});
    QTRY_VERIFY(listener.isLive());
    lead(node, api, false);
    QTRY_VERIFY(listener.status.error); // it may be an election
    QCOMPARE(listener.status.error->code, Error::Code::NoLeader);
    QTRY_COMPARE(listener.status.freshness, Freshness::Stale);
    QCOMPARE(listener.status.error->code, Error::Code::NoLeader);
    QCOMPARE(listener.events, (QList{Kind::Connected, Kind::NoLeader}));
    const auto heard = listener.status.heard;
    QTest::qWait(2500);
    QCOMPARE(listener.status.heard, heard); // time stands still
    QVERIFY(listener.status.time(heard + 1min) < heard + 3s);
    QCOMPARE(listener.has, QStringList{u"web/a={}"_s});
    QVERIFY(listener.told.isEmpty());
    QCOMPARE(listener.events.size(), 2);
    lead(node, api, true);
    QTRY_VERIFY(listener.isLive());
    QCOMPARE(listener.events.last(), Kind::Led);
    QCOMPARE(listener.events.count(Kind::NoLeader), 1);
}

void TestLiveRegistry::showsWhatIsThereWithoutALeader()
{
    FakeEtcd node(Api::V2);
    node.hasV2(10, one);
    lead(node, Api::V2, false);
    LiveListener listener({&node});
    QTRY_COMPARE(listener.status.freshness, Freshness::Stale);
    QCOMPARE(listener.status.error->code, Error::Code::NoLeader);
    QCOMPARE(listener.has, QStringList{u"web/a={}"_s});
    QCOMPARE(listener.events, (QList{Kind::Connected, Kind::NoLeader}));
}

/// One node was cut off from the others.
void TestLiveRegistry::goesWhereALeaderIs()
{
    QFETCH(Api, api);
    FakeEtcd a(api), b(api);
    for (FakeEtcd *node : {&a, &b})
        has(*node, api, 10, one);
    LiveListener listener({&a, &b});
    QTRY_VERIFY(listener.isLiveOn(a));
    lead(a, api, false);
    QTRY_VERIFY(listener.isLiveOn(b));
    QVERIFY(!listener.events.contains(Kind::CutOff));
}

/// A proxy that hands on what it has read to its end: no head of a stream, and no line of it.
void TestLiveRegistry::looksWhereEventsAreHeldBack()
{
    QFETCH(Api, api);
    FakeEtcd node(api);
    has(node, api, 10, one);
    node.set(watchOf(api), api == Api::V3 ? FakeServer::stream({}) : FakeServer::hang());
    LiveListener listener({&node});
    QTRY_VERIFY(listener.isLive());
    QCOMPARE(listener.status.means, Means::Looks);
    QCOMPARE(listener.has, QStringList{u"web/a={}"_s});
    QCOMPARE(listener.events, (QList{Kind::Connected, Kind::HeldBack}));
    const auto heard = listener.status.heard;
    has(node, api, 12, {{"web/a", {5, "{}"}}, {"web/b", {12, "{}"}}});
    node.set(watchOf(api), FakeServer::hang());
    QTRY_COMPARE(listener.has.size(), 2);
    QVERIFY(listener.isLive());
    QVERIFY(listener.status.heard > heard);
    QCOMPARE(listener.events.size(), 2);
}

void TestLiveRegistry::streamsWhereOneNodeDoes()
{
    QFETCH(Api, api);
    FakeEtcd proxy(api), node(api);
    for (FakeEtcd *each : {&proxy, &node})
        has(*each, api, 10, one);
    proxy.set(watchOf(api), FakeServer::hang());
    LiveListener listener({&proxy, &node});
    QTRY_VERIFY(listener.isLiveOn(node));
    QVERIFY(listener.status.means != Means::Looks);
    QVERIFY(!listener.events.contains(Kind::HeldBack));
}

void TestLiveRegistry::takesNoDeadNodeForAProxy()
{
    QFETCH(Api, api);
    FakeEtcd node(api);
    has(node, api, 10, one);
    LiveListener listener({&node});
    QTRY_VERIFY(listener.isLive());
    for (const char *path : {version, rangeV3, watchV3, listV2, watchV2, checkV2, leaderV2})
        node.set(path, FakeServer::hang());
    node.end(watchOf(api), Then::Reset);
    QTRY_COMPARE(listener.status.freshness, Freshness::Stale);
    QTest::qWait(1500);
    QCOMPARE(listener.status.freshness, Freshness::Stale);
    QVERIFY(!listener.events.contains(Kind::HeldBack));
}

/// The same address, another id, and a revision that is even higher.
void TestLiveRegistry::beginsAnewInAnotherCluster()
{
    const auto restore = qScopeGuard([] { FakeEtcd::clusterId = 1; });
    FakeEtcd node(Api::V3);
    node.hasV3(10, {{"web/a", {5, "{}"}}, {"web/b", {6, "{}"}}});
    LiveListener listener({&node});
    QTRY_VERIFY(listener.isLive());
    FakeEtcd::clusterId = 2;
    node.hasV3(20, {{"web/b", {6, "{}"}}, {"web/c", {20, "{}"}}});
    node.end(watchV3, Then::Reset);
    // It is waited whether a node of the former one comes back.
    QTRY_COMPARE_WITH_TIMEOUT(listener.has, (QStringList{u"web/b={}"_s, u"web/c={}"_s}), 15000);
    QTRY_VERIFY(listener.isLive());
    QVERIFY(listener.events.contains(Kind::Replaced));
    QCOMPARE(listener.gone.size(), 1);
    QCOMPARE(listener.gone.first().kind, Change::Kind::Forgotten);
    QVERIFY(!isNews(listener.gone.first().kind));
}

/// Its heads and first lines come, and nothing else.
void TestLiveRegistry::looksWhereWatchesLie()
{
    FakeEtcd node(Api::V3);
    node.hasV3(10, one);
    LiveListener listener({&node}, 200ms);
    QTRY_VERIFY(listener.isLive());
    for (int revision = 11; revision < 14 && listener.status.means == Means::Watch; ++revision) {
        const auto watches = node.requestsTo(watchV3).size();
        node.hasV3(revision, {{"web/a", {revision, QByteArray::number(revision)}}});
        QTRY_VERIFY_WITH_TIMEOUT(node.requestsTo(watchV3).size() > watches
                                     || listener.status.means == Means::Looks,
                                 15000);
    }
    QTRY_COMPARE(listener.status.means, Means::Looks);
    QTRY_VERIFY(listener.isLive());
    QVERIFY(listener.events.contains(Kind::HeldBack));
}

/// What goes while a listing is on its way, that shows it still, and a check finds all well.
void TestLiveRegistry::showsNoGhosts()
{
    FakeEtcd node(Api::V3);
    node.hasV3(10, one);
    LiveListener listener({&node}, 300ms);
    QTRY_VERIFY(listener.isLive());
    // A check is answered late, after a listing was asked for, and agrees with what is known then.
    FakeServer::Answer check = FakeServer::reply(200, FakeEtcd::rangeOf(11, {}));
    check.delay = 400ms;
    FakeServer::Answer old = FakeServer::reply(200, FakeEtcd::rangeOf(10, one));
    old.delay = 800ms;
    node.forget(rangeV3);
    node.on(rangeV3, check);
    node.on(rangeV3, old);
    node.on(rangeV3, FakeServer::reply(200, FakeEtcd::rangeOf(11, {})));
    const auto before = node.requestsTo(rangeV3).size();
    QTRY_VERIFY(node.requestsTo(rangeV3).size() > before);
    listener.registry->refresh();
    QTRY_VERIFY(node.requestsTo(rangeV3).size() > before + 1);
    node.push(watchV3, FakeEtcd::deleteV3("web/a", 11));
    QTRY_VERIFY(listener.has.isEmpty());
    QTest::qWait(1000);
    QVERIFY(listener.has.isEmpty());
    QCOMPARE(listener.told.size(), 1);
}

void TestLiveRegistry::goesAwayAtAnyTime_data()
{
    QTest::addColumn<Api>("api");
    QTest::addColumn<QByteArray>("until");
    for (const char *path : {version, rangeV3, watchV3, ""})
        QTest::addRow("v3 %s", path) << Api::V3 << QByteArray(path);
    for (const char *path : {"/v2/members", watchV2, listV2, ""})
        QTest::addRow("v2 %s", path) << Api::V2 << QByteArray(path);
}

void TestLiveRegistry::goesAwayAtAnyTime()
{
    QFETCH(Api, api);
    QFETCH(QByteArray, until); // its answer; empty: all is well
    FakeEtcd node(api);
    api == Api::V3 ? node.hasV3(10, one) : node.hasV2(10, one);
    for (const bool answered : {false, true}) {
        if (!answered && !until.isEmpty())
            node.set(until, FakeServer::hang());
        const auto before = node.requestsTo(until).size();
        LiveListener listener({&node}, 50ms);
        if (until.isEmpty())
            QTRY_VERIFY(listener.isLive());
        else
            QTRY_VERIFY(node.requestsTo(until).size() > before);
        if (answered)
            QTest::qWait(until.isEmpty() ? 120 : 0); // amid a check, or as the answer comes
        listener.registry.reset();
        QTest::qWait(20);
        node.set(version, FakeServer::reply(200, R"({"etcdserver":"3.4.23"})"));
        if (api == Api::V2)
            node.set("/v2/members", FakeServer::reply(200, R"({"members":[]})"));
        api == Api::V3 ? node.hasV3(10, one) : node.hasV2(10, one);
        QTRY_COMPARE(node.streams("/"), 0);
    }
}

QTEST_GUILESS_MAIN(TestLiveRegistry)
#include "tst_liveregistry.moc"
