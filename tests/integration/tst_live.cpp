// SPDX-License-Identifier: MIT
#include "await.h"
#include "etcdcluster.h"
#include "freeport.h"
#include "layout.h"
#include "registry.h"
#include "seen.h"

#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

using Clock = Instance::Clock;
using Kind = Change::Kind;
using Freshness = LiveStatus::Freshness;

QString keyOf(const QString &name, int port)
{
    return Layout::encode({.name = name, .nameSpace = u"live"_s, .hostname = u"h"_s, .port = port})
        ->key;
}

QByteArray documentOf(const QString &name, int port, const QByteArray &document = "{}")
{
    return Layout::encode({.name = name,
                           .nameSpace = u"live"_s,
                           .document = document,
                           .hostname = u"h"_s,
                           .port = port})
        ->value;
}

} // namespace

/// The live registry against real etcd: what is written there is told here, within a second.
class TestLive : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void tellsWhatHappens_data() { stores(); }
    void tellsWhatHappens();
    void aBeatIsNoChange();
    void asksWhatIsOnScreen();
    void seesSilentRefreshes();
    void followsManyBeatsByListings();
    void survivesItsNodes_data();
    void survivesItsNodes();
    void listsAgainAfterACompaction();
    void wakesUp_data() { stores(); }
    void wakesUp();
    void tellsThatTheMajorityIsAway_data() { stores(); }
    void tellsThatTheMajorityIsAway();
    void leavesANodeThatEnds_data() { stores(); }
    void leavesANodeThatEnds();
    void looksThroughAProxyThatBuffers_data();
    void looksThroughAProxyThatBuffers();
    void comesBackAfterARestart_data() { stores(); }
    void comesBackAfterARestart();

private:
    static void stores();
    static QString suffix(Api api)
    {
        return api == Api::V2 ? u"/live?api=v2"_s : u"/live?api=v3"_s;
    }

    EtcdCluster m_etcd{{.members = 3}};
};

void TestLive::stores()
{
    QTest::addColumn<Api>("api");
    QTest::newRow("v2") << Api::V2;
    QTest::newRow("v3") << Api::V3;
}

void TestLive::initTestCase()
{
    QVERIFY2(m_etcd.start(), qPrintable(m_etcd.error()));
}

void TestLive::tellsWhatHappens()
{
    QFETCH(Api, api);
    const QString was = keyOf(u"was"_s, 1), comes = keyOf(u"comes"_s, 2),
                  dies = keyOf(u"dies"_s, 3);
    QVERIFY(m_etcd.put(api, was, documentOf(u"was"_s, 1)));
    Seen seen(m_etcd.connectionString(suffix(api)));
    QVERIFY(seen.start());
    QVERIFY(seen.now.contains(was));
    QVERIFY(seen.now[was].older);

    QVERIFY(m_etcd.put(api, comes, documentOf(u"comes"_s, 2)));
    QTRY_VERIFY_WITH_TIMEOUT(seen.last(comes, Kind::Joined), 1000);
    QVERIFY(!seen.now[comes].older);
    QVERIFY(m_etcd.put(api, was, documentOf(u"was"_s, 1, R"({"weight":2})")));
    QTRY_VERIFY_WITH_TIMEOUT(seen.last(was, Kind::Changed), 1000);
    QVERIFY(seen.last(was, Kind::Changed)->before->document == documentOf(u"was"_s, 1));
    QVERIFY(m_etcd.put(api, dies, documentOf(u"dies"_s, 3), 2));
    QTRY_VERIFY_WITH_TIMEOUT(seen.last(dies, Kind::Joined), 1000);
    seen.live.setOnScreen({dies});
    QVERIFY(m_etcd.remove(api, comes));
    QTRY_VERIFY_WITH_TIMEOUT(seen.last(comes, Kind::Left), 1000);
    // Nobody beats it, and so it expires: told by v2, and concluded from its deadline in v3.
    QTRY_VERIFY_WITH_TIMEOUT(seen.last(dies, Kind::Expired), 5000);
    QVERIFY(m_etcd.remove(api, was));
    QTRY_VERIFY_WITH_TIMEOUT(seen.now.empty(), 1000);
    QCOMPARE(seen.events, QList{LiveEvent::Kind::Connected});
}

/// v2: a full set of an unchanged value, as the npm package does it.
void TestLive::aBeatIsNoChange()
{
    const QString key = keyOf(u"beats"_s, 1);
    const QByteArray document = documentOf(u"beats"_s, 1);
    QVERIFY(m_etcd.put(Api::V2, key, document, 2));
    Seen seen(m_etcd.connectionString(suffix(Api::V2)));
    QVERIFY(seen.start());
    for (int beat = 0; beat < 6; ++beat) {
        QVERIFY(m_etcd.put(Api::V2, key, document, 2));
        QTest::qWait(500);
    }
    QVERIFY(seen.changes.isEmpty());
    const LiveInstance live = seen.now[key];
    QVERIFY2(live.beats >= 5, qPrintable(QString::number(live.beats)));
    QVERIFY2(std::chrono::abs(live.cadence - 500ms) < 250ms,
             qPrintable(QString::number(live.cadence.count())));
    QVERIFY(*live.instance->expires > Clock::now() + 1s);
    QTRY_VERIFY_WITH_TIMEOUT(seen.last(key, Kind::Expired), 4000);
}

/// v3: renewals are no events, so who is on screen is asked.
void TestLive::asksWhatIsOnScreen()
{
    Registry owner(*ConnectionString::parse(m_etcd.connectionString(suffix(Api::V3))));
    const auto joined = await(owner.join({.name = u"web"_s,
                                          .nameSpace = u"live"_s,
                                          .hostname = u"h"_s,
                                          .port = 1,
                                          .ttl = 6s,
                                          .heartbeat = 3s}));
    QVERIFY(joined);
    Seen seen(m_etcd.connectionString(suffix(Api::V3)));
    QVERIFY(seen.start());
    QVERIFY(!seen.now[joined->key].instance->expires);
    seen.live.setOnScreen({joined->key});
    QTRY_VERIFY(seen.now[joined->key].instance->expires);
    QCOMPARE(*seen.now[joined->key].instance->ttl, 6000ms);
    QTRY_VERIFY_WITH_TIMEOUT(seen.now[joined->key].beats >= 2, 12000);
    const auto cadence = seen.now[joined->key].cadence;
    QVERIFY2(std::chrono::abs(cadence - 3s) < 1100ms, qPrintable(QString::number(cadence.count())));
    QVERIFY(await(owner.leaveAll()));
    QTRY_VERIFY_WITH_TIMEOUT(seen.last(joined->key, Kind::Left), 1000);
}

/// v2: our own beats refresh a key without telling any watcher.
void TestLive::seesSilentRefreshes()
{
    Registry owner(*ConnectionString::parse(m_etcd.connectionString(suffix(Api::V2))));
    const auto joined = await(owner.join({.name = u"quiet"_s,
                                          .nameSpace = u"live"_s,
                                          .hostname = u"h"_s,
                                          .port = 1,
                                          .ttl = 4s,
                                          .heartbeat = 2s}));
    QVERIFY(joined);
    Seen seen(m_etcd.connectionString(suffix(Api::V2)));
    QVERIFY(seen.start());
    QTest::qWait(6000);
    QVERIFY(seen.changes.isEmpty());
    QVERIFY(*seen.now[joined->key].instance->expires > Clock::now());
    QVERIFY(seen.now[joined->key].beats >= 1);
    QVERIFY(await(owner.leaveAll()));
    QTRY_VERIFY_WITH_TIMEOUT(seen.last(joined->key, Kind::Left), 1000);
}

/// v2 drops a stream with 100 events undelivered, without a word.
void TestLive::followsManyBeatsByListings()
{
    constexpr int many = 150;
    const auto beatAll = [&](const QByteArray &document) {
        for (int port = 1; port <= many; ++port) {
            if (!m_etcd.put(Api::V2, keyOf(u"many"_s, port), documentOf(u"many"_s, port, document),
                            60))
                return false;
        }
        return true;
    };
    QVERIFY(beatAll("{}"));
    Seen seen(m_etcd.connectionString(suffix(Api::V2)));
    QVERIFY(seen.start());
    QCOMPARE(seen.status.means, LiveStatus::Means::Stream);
    QVERIFY(beatAll("{}"));
    QTRY_COMPARE(seen.status.means, LiveStatus::Means::Listings);
    QVERIFY(seen.changes.isEmpty());
    QVERIFY(beatAll(R"({"changed":true})"));
    QTRY_COMPARE_WITH_TIMEOUT(int(seen.changes.size()), many, 2000);
    QTRY_COMPARE_WITH_TIMEOUT(seen.status.means, LiveStatus::Means::Stream, 20000);
    QVERIFY(m_etcd.put(Api::V2, keyOf(u"many"_s, many), documentOf(u"many"_s, many), 60));
    QTRY_VERIFY_WITH_TIMEOUT(int(seen.changes.size()) == many + 1, 1000);
    for (int port = 1; port <= many; ++port)
        QVERIFY(m_etcd.remove(Api::V2, keyOf(u"many"_s, port)));
    QTRY_VERIFY_WITH_TIMEOUT(seen.now.empty(), 3000);
}

void TestLive::survivesItsNodes_data()
{
    QTest::addColumn<Api>("api");
    QTest::addColumn<bool>("hang");
    for (const Api api : {Api::V2, Api::V3}) {
        for (const bool hang : {false, true})
            QTest::addRow("%s %s", api == Api::V2 ? "v2" : "v3", hang ? "hung" : "killed")
                << api << hang;
    }
}

/// The node that feeds it fails; what is written elsewhere meanwhile is told.
void TestLive::survivesItsNodes()
{
    QFETCH(Api, api);
    QFETCH(bool, hang);
    Seen seen(m_etcd.connectionString(suffix(api)));
    QVERIFY(seen.start());
    const QList<QUrl> endpoints = m_etcd.endpoints();
    const int node = int(endpoints.indexOf(QUrl(seen.status.endpoint)));
    QVERIFY(node >= 0);
    if (hang)
        m_etcd.suspend(node);
    else
        QVERIFY(m_etcd.kill(node));
    const int other = m_etcd.waitForLeader(node);
    QVERIFY(other >= 0);

    const QString key = keyOf(u"meanwhile"_s, 1);
    const QString path =
        (api == Api::V2 ? u"/v2/keys/"_s : u"/v3/kv/put"_s) + (api == Api::V2 ? key : QString());
    const QByteArray body =
        api == Api::V2 ? QByteArray("value={}")
                       : "{\"key\":\"" + key.toUtf8().toBase64() + "\",\"value\":\"e30=\"}";
    QTRY_VERIFY(m_etcd.request(api, api == Api::V2 ? "PUT" : "POST", path, body, other, 3s).status
                    / 100
                == 2);
    QTRY_VERIFY_WITH_TIMEOUT(seen.last(key, Kind::Joined), 8000);
    QTRY_COMPARE(seen.status.freshness, Freshness::Live);
    QVERIFY(seen.events.contains(LiveEvent::Kind::Moved));
    QVERIFY(!seen.events.contains(LiveEvent::Kind::Repaired));
    if (hang)
        m_etcd.resume(node);
    else
        QVERIFY(m_etcd.restart(node));
    QVERIFY(m_etcd.waitForLeader() >= 0);
    QVERIFY(m_etcd.remove(api, key));
    QTRY_VERIFY_WITH_TIMEOUT(!seen.now.contains(key), 2000);
}

/// What came while it was cut off has been compacted away.
void TestLive::listsAgainAfterACompaction()
{
    const QString goes = keyOf(u"goes"_s, 1), comes = keyOf(u"comes"_s, 1);
    QVERIFY(m_etcd.put(Api::V3, goes, "{}"));
    Seen seen(m_etcd.endpoints()[0].toString() + suffix(Api::V3));
    QVERIFY(seen.start());
    QVERIFY(m_etcd.kill(0));
    QTRY_COMPARE_WITH_TIMEOUT(seen.status.freshness, Freshness::Stale, 8000);
    QVERIFY(m_etcd.waitForLeader(0) >= 0);
    const auto post = [this](const QByteArray &method, const QByteArray &body) {
        return m_etcd.request(Api::V3, "POST", u"/v3/kv/"_s + QLatin1StringView(method), body, 1);
    };
    QCOMPARE(post("deleterange", "{\"key\":\"" + goes.toUtf8().toBase64() + "\"}").status, 200);
    const auto put =
        post("put", "{\"key\":\"" + comes.toUtf8().toBase64() + "\",\"value\":\"e30=\"}");
    QCOMPARE(put.status, 200);
    const QByteArray revision = put.json()["header"_L1]["revision"_L1].toString().toLatin1();
    QCOMPARE(post("compaction", "{\"revision\":\"" + revision + "\"}").status, 200);
    QVERIFY(m_etcd.restart(0));
    QTRY_COMPARE_WITH_TIMEOUT(seen.status.freshness, Freshness::Live, 10000);
    QTRY_COMPARE_WITH_TIMEOUT(seen.keys(), QStringList{comes}, 2000);
    QVERIFY(m_etcd.remove(Api::V3, comes));
    QTRY_VERIFY_WITH_TIMEOUT(seen.now.empty(), 1000);
}

/// A machine that was asleep: whatever its connections were, it does not wait for them.
void TestLive::wakesUp()
{
    QFETCH(Api, api);
    Seen seen(m_etcd.connectionString(suffix(api)));
    QVERIFY(seen.start());
    int lost = 0;
    connect(&seen.live, &LiveRegistry::statusChanged, this,
            [&](const LiveStatus &status) { lost += status.freshness == Freshness::CatchingUp; });
    QThread::sleep(6); // nothing runs meanwhile
    QTRY_VERIFY_WITH_TIMEOUT(lost > 0, 2000);
    QTRY_COMPARE_WITH_TIMEOUT(seen.status.freshness, Freshness::Live, 2000);
    const QString key = keyOf(u"woken"_s, 1);
    QVERIFY(m_etcd.put(api, key, "{}"));
    QTRY_VERIFY_WITH_TIMEOUT(seen.last(key, Kind::Joined), 1000);
    QVERIFY(m_etcd.remove(api, key));
    QTRY_VERIFY_WITH_TIMEOUT(seen.now.empty(), 1000);
}

/// Two of three are killed. Nothing expires, and nothing is said to.
void TestLive::tellsThatTheMajorityIsAway()
{
    QFETCH(Api, api);
    const QString key = keyOf(u"stands"_s, 1);
    QVERIFY(m_etcd.put(api, key, documentOf(u"stands"_s, 1), 4));
    Seen seen(m_etcd.connectionString(suffix(api)));
    QVERIFY(seen.start());
    seen.live.setOnScreen({key});
    const int living = int(m_etcd.endpoints().indexOf(QUrl(seen.status.endpoint)));
    QVERIFY(m_etcd.kill((living + 1) % 3));
    QVERIFY(m_etcd.kill((living + 2) % 3));
    QTRY_COMPARE_WITH_TIMEOUT(seen.status.freshness, Freshness::Stale, 8000);
    QCOMPARE(seen.status.error->code, Error::Code::NoLeader);
    QVERIFY(seen.events.contains(LiveEvent::Kind::NoLeader));
    QTest::qWait(5000);
    QCOMPARE(seen.status.error->code, Error::Code::NoLeader);
    QVERIFY(seen.now.contains(key));
    QVERIFY(seen.changes.isEmpty());

    // A listing shows what is there, and says what that is.
    Registry registry(*ConnectionString::parse(m_etcd.connectionString(suffix(api))));
    std::optional<Error> noLeader;
    connect(&registry, &Registry::noLeader, this, [&](const Error &error) { noLeader = error; });
    const auto snapshot = await(registry.list());
    QVERIFY2(snapshot, qPrintable(snapshot ? QString() : snapshot.error().message()));
    QCOMPARE(snapshot->instances.size(), 1);
    QVERIFY(noLeader);
    QCOMPARE(noLeader->code, Error::Code::NoLeader);

    QVERIFY(m_etcd.restart((living + 1) % 3));
    QTRY_COMPARE_WITH_TIMEOUT(seen.status.freshness, Freshness::Live, 8000);
    QVERIFY(seen.events.contains(LiveEvent::Kind::Led));
    QCOMPARE(seen.events.count(LiveEvent::Kind::NoLeader), 1);
    QTRY_VERIFY_WITH_TIMEOUT(!seen.now.contains(key), 8000); // now it does
    QVERIFY(m_etcd.restart((living + 2) % 3));
    QVERIFY(m_etcd.waitForLeader() >= 0);
}

/// SIGTERM: later versions keep a watch open and silent for 7 s.
void TestLive::leavesANodeThatEnds()
{
    QFETCH(Api, api);
    Seen seen(m_etcd.connectionString(suffix(api)));
    QVERIFY(seen.start());
    const int node = int(m_etcd.endpoints().indexOf(QUrl(seen.status.endpoint)));
    m_etcd.member(node).terminate();
    QTRY_VERIFY_WITH_TIMEOUT(seen.events.contains(LiveEvent::Kind::Moved), 3000);
    QTRY_COMPARE_WITH_TIMEOUT(seen.status.freshness, Freshness::Live, 3000);
    QTRY_VERIFY_WITH_TIMEOUT(!m_etcd.member(node).isRunning(), 10000);
    QVERIFY(m_etcd.restart(node));
    QVERIFY(m_etcd.waitForLeader() >= 0);
}

void TestLive::looksThroughAProxyThatBuffers_data()
{
    QTest::addColumn<Api>("api");
    QTest::addColumn<bool>("nginx"); // or etcd's own
    QTest::newRow("v2 nginx") << Api::V2 << true;
    QTest::newRow("v3 nginx") << Api::V3 << true;
    QTest::newRow("v2 etcd") << Api::V2 << false;
}

void TestLive::looksThroughAProxyThatBuffers()
{
    QFETCH(Api, api);
    QFETCH(bool, nginx);
    EtcdCluster etcd;
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    const QString key = keyOf(u"web"_s, 1), later = keyOf(u"web"_s, 2);
    QVERIFY(etcd.put(api, key, "{}"));

    QTemporaryDir folder;
    const quint16 port = freePort();
    QProcess proxy;
    proxy.setProcessChannelMode(QProcess::MergedChannels);
    const QString listen = u"127.0.0.1:%1"_s.arg(port);
    if (nginx) {
        QFile config(folder.filePath(u"nginx.conf"_s));
        QVERIFY(config.open(QIODevice::WriteOnly));
        config.write(uR"(daemon off; pid %1/pid; error_log stderr;
events {}
http { access_log off; client_body_temp_path %1/body; proxy_temp_path %1/proxy;
fastcgi_temp_path %1/f; uwsgi_temp_path %1/u; scgi_temp_path %1/s;
server { listen %2; location / { proxy_pass %3; } } })"_s
                         .arg(folder.path(), listen, etcd.endpoints()[0].toString())
                         .toUtf8());
        config.close();
        proxy.start(u"/usr/sbin/nginx"_s, {u"-c"_s, config.fileName(), u"-e"_s, u"stderr"_s});
    } else {
        proxy.start(u"etcd"_s,
                    {u"--proxy"_s, u"on"_s, u"--enable-v2"_s, u"--data-dir"_s,
                     folder.filePath(u"data"_s), u"--listen-client-urls"_s, u"http://"_s + listen,
                     u"--initial-cluster"_s, u"n=%1"_s.arg(etcd.member(0).peerUrl().toString())});
    }
    if (!proxy.waitForStarted())
        QSKIP("no such proxy here");
    Seen seen(listen + suffix(api));
    seen.live.start();
    QTRY_VERIFY_WITH_TIMEOUT(seen.began && seen.status.freshness == Freshness::Live, 15000);
    QCOMPARE(seen.status.means, LiveStatus::Means::Looks);
    QCOMPARE(seen.keys(), QStringList{key});
    QVERIFY(etcd.put(api, later, "{}"));
    QTRY_VERIFY_WITH_TIMEOUT(seen.last(later, Kind::Joined), 5000);
    QVERIFY(etcd.remove(api, key));
    QTRY_VERIFY_WITH_TIMEOUT(!seen.now.contains(key), 5000);
    QCOMPARE(seen.status.freshness, Freshness::Live);
    QVERIFY(seen.events.contains(LiveEvent::Kind::HeldBack));
    proxy.kill();
    proxy.waitForFinished();
}

/// All nodes are gone, and come back: no click is needed.
void TestLive::comesBackAfterARestart()
{
    QFETCH(Api, api);
    EtcdCluster etcd;
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    const QString key = keyOf(u"web"_s, 1), later = keyOf(u"web"_s, 2);
    QVERIFY(etcd.put(api, key, "{}"));
    Seen seen(etcd.connectionString(suffix(api)));
    QVERIFY(seen.start());
    QVERIFY(etcd.kill(0));
    QTRY_COMPARE_WITH_TIMEOUT(seen.status.freshness, Freshness::Stale, 5000);
    QVERIFY(seen.status.error);
    QVERIFY(seen.now.contains(key)); // what was seen stays
    QVERIFY(etcd.restart(0));
    QVERIFY(etcd.put(api, later, "{}"));
    QTRY_VERIFY_WITH_TIMEOUT(seen.last(later, Kind::Joined), 8000);
    QTRY_COMPARE(seen.status.freshness, Freshness::Live);
    QCOMPARE(seen.keys().size(), 2);
    QVERIFY(seen.events.contains(LiveEvent::Kind::CutOff));
    QVERIFY(seen.events.contains(LiveEvent::Kind::Recovered));
}

QTEST_GUILESS_MAIN(TestLive)
#include "tst_live.moc"
