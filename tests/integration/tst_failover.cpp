// SPDX-License-Identifier: MIT
#include "await.h"
#include "etcdcluster.h"
#include "registry.h"

#include <QElapsedTimer>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

/// Three real nodes, one of them in trouble: everything goes on, and no registration is lost.
class TestFailover : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void oneNodeInTrouble_data();
    void oneNodeInTrouble();
    void noMajority_data();
    void noMajority();
    void followsTheMembership();
    void followsQuickReplacements();
    void showsTheNodes();
    void showsAFailureAtOnce();

private:
    ConnectionString connection(Api api, const QString &options = {}) const
    {
        return *ConnectionString::parse(m_etcd.connectionString(
            u"/failover?api="_s + (api == Api::V2 ? u"v2"_s : u"v3"_s) + options));
    }

    EtcdCluster m_etcd{{.members = 3}};
};

static Service service(int port)
{
    return {.name = u"web"_s, .nameSpace = u"failover"_s, .hostname = u"10.0.0.1"_s, .port = port};
}

void TestFailover::initTestCase()
{
    QVERIFY2(m_etcd.start(), qPrintable(m_etcd.error()));
}

void TestFailover::oneNodeInTrouble_data()
{
    QTest::addColumn<Api>("api");
    QTest::addColumn<bool>("leader");
    QTest::addColumn<bool>("hang");
    for (const Api api : {Api::V2, Api::V3}) {
        for (const bool leader : {false, true}) {
            for (const bool hang : {false, true}) {
                QTest::addRow("%s %s %s", api == Api::V2 ? "v2" : "v3",
                              leader ? "leader" : "follower", hang ? "hung" : "killed")
                    << api << leader << hang;
            }
        }
    }
}

void TestFailover::oneNodeInTrouble()
{
    QFETCH(Api, api);
    QFETCH(bool, leader);
    QFETCH(bool, hang);
    const int leading = m_etcd.waitForLeader();
    QVERIFY(leading >= 0);

    Registry registry(connection(api, u"&ttl=6"_s));
    constexpr int held = 10;
    for (int port = 0; port < held; ++port)
        QVERIFY(await(registry.join(service(8000 + port))));

    const int victim = leader ? leading : (leading + 1) % 3;
    if (hang)
        m_etcd.suspend(victim);
    else
        QVERIFY(m_etcd.kill(victim));

    // Longer than the TTL: every beat, and all else, has to get by without the victim.
    QElapsedTimer trouble;
    trouble.start();
    qint64 longest = 0;
    for (int port = 9000; trouble.elapsed() < 8000; ++port) {
        QElapsedTimer operation;
        operation.start();
        const auto joined = await(registry.join(service(port)));
        longest = std::max(longest, operation.restart());
        QVERIFY2(joined, qPrintable(joined ? QString() : joined.error().message()));
        const auto listed = await(registry.list());
        longest = std::max(longest, operation.restart());
        QVERIFY2(listed, qPrintable(listed ? QString() : listed.error().message()));
        QCOMPARE(listed->instances.size(), held + 1);
        QVERIFY(await(registry.leave(joined->id)));
        longest = std::max(longest, operation.restart());
        QTest::qWait(100);
    }
    qInfo("longest operation: %lld ms", longest);
    QVERIFY2(longest < 5000, qPrintable(QString::number(longest)));
    for (const Registration &registration : registry.registrations()) {
        QCOMPARE(registration.rejoins, 0); // never found missing
        QCOMPARE(registration.state, Registration::State::Alive);
    }

    if (hang)
        m_etcd.resume(victim);
    else
        QVERIFY(m_etcd.restart(victim));
    QVERIFY(await(registry.leaveAll()));
}

void TestFailover::noMajority_data()
{
    QTest::addColumn<Api>("api");
    QTest::newRow("v2") << Api::V2;
    QTest::newRow("v3") << Api::V3;
}

void TestFailover::noMajority()
{
    QFETCH(Api, api);
    Registry registry(connection(api));
    const auto joined = await(registry.join(service(80)));
    QVERIFY(joined);
    m_etcd.suspend(0);
    m_etcd.suspend(1);
    QTRY_COMPARE_WITH_TIMEOUT(registry.registrations().first().state, Registration::State::Lost,
                              25000);
    QVERIFY(registry.registrations().first().lastError.has_value());

    QElapsedTimer timer;
    timer.start();
    const auto refused = await(registry.join(service(81)));
    QVERIFY(!refused); // clearly, and in time
    QVERIFY2(timer.elapsed() < 6000, qPrintable(QString::number(timer.elapsed())));
    QVERIFY(refused.error().retryable());
    QCOMPARE(registry.registrations().size(), 1);

    m_etcd.resume(0);
    m_etcd.resume(1);
    QTRY_COMPARE_WITH_TIMEOUT(registry.registrations().first().state, Registration::State::Alive,
                              15000);
    QTRY_VERIFY(m_etcd.get(api, joined->key).has_value());
    QVERIFY(await(registry.leaveAll()));
}

/// All three nodes are replaced, one after the other, by others at other addresses.
void TestFailover::followsTheMembership()
{
    EtcdCluster etcd({.members = 3});
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    const QList<QUrl> before = etcd.endpoints();
    Registry v3(
        *ConnectionString::parse(etcd.connectionString(u"/failover?refresh=true&api=v3"_s)));
    Registry v2(
        *ConnectionString::parse(etcd.connectionString(u"/failover?refresh=true&api=v2"_s)));
    int lost = 0;
    for (Registry *registry : {&v3, &v2}) {
        QVERIFY(await(registry->join(service(80))));
        connect(registry, &Registry::registrationsChanged, this,
                [&](const QList<Registration> &all) {
                    lost += all.first().state == Registration::State::Lost;
                });
    }
    for (Registry *registry : {&v3, &v2})
        registry->setNodesInterval(500ms);
    for (int member = 0; member < 3; ++member) {
        QVERIFY(etcd.replace(member));
        const auto knows = [&](const Registry &registry) {
            return std::ranges::find(registry.nodes(), etcd.endpoints().at(member), &Node::endpoint)
                   != registry.nodes().end();
        };
        QTRY_VERIFY_WITH_TIMEOUT(knows(v3) && knows(v2), 40000);
    }
    for (const QUrl &gone : before)
        QVERIFY(!etcd.endpoints().contains(gone));
    for (Registry *registry : {&v3, &v2}) {
        const auto listed = await(registry->list());
        QVERIFY2(listed, qPrintable(listed ? QString() : listed.error().message()));
        QCOMPARE(listed->instances.size(), 1);
        QCOMPARE(registry->registrations().first().state, Registration::State::Alive);
        QVERIFY(await(registry->leaveAll()));
    }
    QCOMPARE(lost, 0);
}

/// All three are replaced one right after the other, and nobody asks for anything meanwhile.
void TestFailover::followsQuickReplacements()
{
    EtcdCluster etcd({.members = 3});
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    Registry registry(
        *ConnectionString::parse(etcd.connectionString(u"/failover?refresh=true&api=v3&ttl=60"_s)));
    QVERIFY(await(registry.join(service(80))));
    QTest::qWait(1500);
    for (int member = 0; member < 3; ++member) {
        QVERIFY(etcd.replace(member));
        QTest::qWait(4000);
    }
    const auto listed = await(registry.list());
    QVERIFY2(listed, qPrintable(listed ? QString() : listed.error().message()));
    QCOMPARE(listed->instances.size(), 1);
    QVERIFY(await(registry.leaveAll()));
}

/// Not only when the nodes are asked next.
void TestFailover::showsAFailureAtOnce()
{
    EtcdCluster etcd({.members = 3});
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    Registry registry(*ConnectionString::parse(etcd.connectionString(u"?api=v3"_s)));
    QVERIFY(await(registry.list()));
    registry.setNodesInterval(60s);
    const auto isReachable = [&registry](int node) { return registry.nodes().at(node).reachable; };
    QTRY_VERIFY(isReachable(0) && isReachable(1) && isReachable(2));
    QVERIFY(etcd.kill(0));
    QVERIFY(await(registry.list()));
    QVERIFY(!isReachable(0));
    QVERIFY(isReachable(1));
    QVERIFY(etcd.restart(0));
}

void TestFailover::showsTheNodes()
{
    QVERIFY(m_etcd.waitForLeader() >= 0);
    Registry registry(connection(Api::V3));
    registry.setNodesInterval(300ms);
    const auto nodes = [&registry](const auto &predicate) {
        return std::ranges::count_if(registry.nodes(), predicate);
    };
    const auto leads = [](const Node &node) { return node.leader; };
    const auto reachable = [](const Node &node) { return node.reachable; };
    QTRY_COMPARE(nodes(reachable), 3);
    QTRY_COMPARE(nodes(leads), 1);
    QTRY_COMPARE(nodes([](const Node &node) { return !node.name.isEmpty(); }), 3);
    for (const Node &node : registry.nodes()) {
        QVERIFY(node.latency > 0us);
        QVERIFY(node.version.startsWith("3."_L1));
    }

    m_etcd.suspend(2);
    QTRY_COMPARE(nodes(reachable), 2);
    const Node &hung = registry.nodes().at(2);
    QVERIFY(!hung.reachable);
    QCOMPARE(hung.lastError->code, Error::Code::Timeout);
    m_etcd.resume(2);
    QTRY_COMPARE(nodes(reachable), 3);
    QVERIFY(registry.nodes().at(2).lastError.has_value()); // to be read after it is over
}

QTEST_GUILESS_MAIN(TestFailover)
#include "tst_failover.moc"
