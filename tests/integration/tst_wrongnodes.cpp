// SPDX-License-Identifier: MIT
#include "await.h"
#include "etcdcluster.h"
#include "fakeserver.h"
#include "registry.h"

#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

/// Hosts that are not what they should be, in front of real etcd: who is named in a connection
/// string may be a web server, a peer port, a node without the API, or one of another cluster.
class TestWrongNodes : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void passesBySomethingElse_data();
    void passesBySomethingElse();
    void passesByANodeWithoutV2_data();
    void passesByANodeWithoutV2();
    void holdsWhereANodeHasNoV2();
    void writesIntoOneClusterOnly_data() { eachApi(); }
    void writesIntoOneClusterOnly();
    void joinsAClusterThatWasRebuilt_data() { eachApi(); }
    void joinsAClusterThatWasRebuilt();

private:
    static void eachApi()
    {
        QTest::addColumn<Api>("api");
        QTest::newRow("v2") << Api::V2;
        QTest::newRow("v3") << Api::V3;
    }
    static ConnectionString connection(const QList<QUrl> &nodes, const QString &options = {})
    {
        QStringList hosts;
        for (const QUrl &node : nodes)
            hosts.append(node.authority());
        return *ConnectionString::parse(hosts.join(u',') + u"/?"_s + options);
    }
    static QString named(Api api) { return api == Api::V2 ? u"api=v2"_s : u"api=v3"_s; }
    static Service service(const QString &name)
    {
        return {.name = name,
                .hostname = u"10.0.0.1"_s,
                .port = 80,
                .ttl = 3000ms,
                .heartbeat = 1000ms};
    }
    static qsizetype countIn(const QList<QUrl> &nodes, Api api)
    {
        Registry reader(connection(nodes, named(api)));
        const auto listed = await(reader.list());
        return listed ? listed->instances.size() : -1;
    }

    EtcdCluster m_etcd;
};

void TestWrongNodes::initTestCase()
{
    QVERIFY2(m_etcd.start(), qPrintable(m_etcd.error()));
    if (!m_etcd.servesV2())
        QSKIP("this etcd has no v2 API");
}

void TestWrongNodes::passesBySomethingElse_data()
{
    QTest::addColumn<QUrl>("wrong");
    QTest::addColumn<QString>("options");
    static FakeServer page, refusal;
    page.on("/", FakeServer::reply(200, "<!doctype html><title>Hello</title>", "text/html"));
    refusal.on("/", FakeServer::reply(403, "<html><center>nginx</center></html>", "text/html"));
    for (const auto &[name, url] :
         {std::pair("a web page", page.url()), std::pair("a proxy's refusal", refusal.url()),
          std::pair("the peer port", m_etcd.member(0).peerUrl())}) {
        for (const char *api : {"auto", "v2", "v3"})
            QTest::addRow("%s, %s", name, api) << url << u"api="_s + QLatin1StringView(api);
    }
}

void TestWrongNodes::passesBySomethingElse()
{
    QFETCH(QUrl, wrong);
    QFETCH(QString, options);
    Registry registry(connection({wrong, m_etcd.member(0).clientUrl()}, options));
    const auto joined = await(registry.join(service(u"orders"_s)));
    QVERIFY2(joined, qPrintable(joined ? QString() : joined.error().message()));
    QCOMPARE(await(registry.list())->instances.size(), 1);
    QVERIFY(await(registry.members()));
    QVERIFY(await(registry.leaveAll()));
    QVERIFY(await(registry.list())->instances.isEmpty());
}

void TestWrongNodes::passesByANodeWithoutV2_data()
{
    QTest::addColumn<QString>("options");
    QTest::newRow("auto") << u"api=auto"_s;
    QTest::newRow("v2") << u"api=v2"_s;
}

/// Wherever it stands in the list.
void TestWrongNodes::passesByANodeWithoutV2()
{
    QFETCH(QString, options);
    EtcdCluster mixed({.members = 3, .memberWithoutV2 = 0});
    QVERIFY2(mixed.start(), qPrintable(mixed.error()));
    QVERIFY(mixed.put(Api::V3, u"unrelated"_s, "1"));
    QList<QUrl> nodes = mixed.endpoints();
    for (int first = 0; first < 3; ++first) {
        Registry registry(connection(nodes, options));
        const auto cluster = await(registry.open());
        QVERIFY2(cluster, qPrintable(cluster ? QString() : cluster.error().message()));
        QCOMPARE(cluster->api, Api::V2);
        QVERIFY(await(registry.join(service(u"orders"_s))));
        QCOMPARE(await(registry.list())->instances.size(), 1);
        QVERIFY(await(registry.leaveAll()));
        nodes.append(nodes.takeFirst());
    }
}

void TestWrongNodes::holdsWhereANodeHasNoV2()
{
    EtcdCluster mixed({.members = 3, .memberWithoutV2 = 0});
    QVERIFY2(mixed.start(), qPrintable(mixed.error()));
    const QList<QUrl> all = mixed.endpoints();
    Registry registry(connection({all[1], all[0], all[2]}));
    QVERIFY(await(registry.join(service(u"orders"_s))));
    QVERIFY(mixed.kill(1));
    QElapsedTimer time;
    for (time.start(); time.elapsed() < 8000; QTest::qWait(200))
        QCOMPARE(countIn({all[2]}, Api::V2), 1);
    QVERIFY(await(registry.leaveAll()));
}

void TestWrongNodes::writesIntoOneClusterOnly()
{
    QFETCH(Api, api);
    EtcdCluster other;
    QVERIFY2(other.start(), qPrintable(other.error()));
    const QUrl ours = m_etcd.member(0).clientUrl(), theirs = other.member(0).clientUrl();
    Registry registry(connection({ours, theirs}, named(api) + u"&timeout=300"_s));
    QSignalSpy strangers(&registry, &Registry::strangerFound);
    QVERIFY(await(registry.join(service(u"orders"_s))));
    m_etcd.suspend(0);
    QElapsedTimer time;
    for (time.start(); time.elapsed() < 5000; QTest::qWait(200))
        QCOMPARE(countIn({theirs}, api), 0);
    QVERIFY(!await(registry.join(service(u"mail"_s))));
    QVERIFY(!await(registry.list()));
    QCOMPARE(strangers.size(), 1);
    QCOMPARE(strangers.first().first().value<Error>().endpoint, theirs.toString());
    m_etcd.resume(0);
    QTRY_COMPARE_WITH_TIMEOUT(countIn({ours}, api), 1, 10000);
    QCOMPARE(countIn({theirs}, api), 0);
    QVERIFY(await(registry.leaveAll()));
}

/// At the same address, as after a backup was restored: all that is held is put there again.
void TestWrongNodes::joinsAClusterThatWasRebuilt()
{
    QFETCH(Api, api);
    LocalEtcdOptions options{.clientPort = LocalEtcd::freePort(),
                             .peerPort = LocalEtcd::freePort()};
    auto etcd = std::make_unique<LocalEtcd>(options);
    QSignalSpy started(etcd.get(), &LocalEtcd::started);
    etcd->start();
    QVERIFY(started.wait(20000));
    const QUrl node = etcd->clientUrl();
    Registry registry(connection({node}, named(api)));
    QSignalSpy replaced(&registry, &Registry::clusterReplaced);
    Service lasting = service(u"orders"_s);
    lasting.ttl = 20s; // a beat in time would be no proof
    lasting.heartbeat = 10s;
    QVERIFY(await(registry.join(lasting)));

    options.arguments = {u"--initial-cluster-token"_s, u"rebuilt"_s};
    etcd = std::make_unique<LocalEtcd>(options);
    QSignalSpy startedAgain(etcd.get(), &LocalEtcd::started);
    etcd->start();
    QVERIFY(startedAgain.wait(20000));
    QTRY_VERIFY_WITH_TIMEOUT(!await(registry.list()) || !replaced.isEmpty(), 10000);
    QTRY_COMPARE_WITH_TIMEOUT(replaced.size(), 1, 10000);
    QTRY_COMPARE_WITH_TIMEOUT(countIn({node}, api), 1, 3000);
    QVERIFY(await(registry.leaveAll()));
    QCOMPARE(countIn({node}, api), 0);
}

QTEST_GUILESS_MAIN(TestWrongNodes)
#include "tst_wrongnodes.moc"
