// SPDX-License-Identifier: MIT
#include "churn.h"
#include "etcdcluster.h"
#include "serverlist.h"
#include "session.h"

#include <QElapsedTimer>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

/// Three real nodes under churn, and in trouble one after the other: whenever it is quiet, the live
/// session shows what the server has. One round of every trouble, in short; SOAK_MINUTES in the
/// environment makes it as many rounds as last so long, at full length. See tests/soak.sh.
class TestLiveSoak : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void staysEqual_data();
    void staysEqual();

private:
    using Trouble = void (TestLiveSoak::*)();

    void nodeKilled();
    void nodeHung();
    void compacted();
    void majorityLost();
    void allCrash();

    void quiet(int node);
    void churnFor(std::chrono::milliseconds time);
    int victim();
    void compact(int node);

    static int minutes() { return qEnvironmentVariableIntValue("SOAK_MINUTES"); }
    /// How long a part of a trouble lasts.
    static std::chrono::milliseconds part() { return minutes() ? 10s : 2s; }

    Api m_api = Api::V2;
    QRandomGenerator m_random;
    EtcdCluster *m_etcd = nullptr;
    Session *m_session = nullptr;
    Churn *m_churn = nullptr;
    int m_quietPoints = 0;
    qint64 m_slowest = 0;
};

void TestLiveSoak::staysEqual_data()
{
    QTest::addColumn<Api>("api");
    QTest::newRow("v2") << Api::V2;
    QTest::newRow("v3") << Api::V3;
}

void TestLiveSoak::staysEqual()
{
    QFETCH(Api, api);
    const quint32 seed = qEnvironmentVariableIsSet("SOAK_SEED")
                             ? qEnvironmentVariableIntValue("SOAK_SEED")
                             : QRandomGenerator::global()->generate() & 0xffff;
    qInfo("SOAK_SEED=%u", seed);
    m_random.seed(seed);
    m_api = api;
    m_quietPoints = 0;
    m_slowest = 0;

    EtcdCluster etcd({.members = 3});
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    if (api == Api::V2 && !etcd.servesV2())
        QSKIP("This etcd has no v2");
    QVERIFY(etcd.waitForLeader() >= 0);
    Churn churn(api, etcd.endpoints(), seed);
    Session session(*ConnectionString::parse(
        etcd.connectionString(api == Api::V2 ? u"/soak?api=v2"_s : u"/soak?api=v3"_s)));
    m_etcd = &etcd;
    m_churn = &churn;
    m_session = &session;
    session.start();
    churnFor(part());
    quiet(0);

    QList<Trouble> troubles{&TestLiveSoak::nodeKilled, &TestLiveSoak::nodeHung,
                            &TestLiveSoak::compacted, &TestLiveSoak::majorityLost,
                            &TestLiveSoak::allCrash};
    QElapsedTimer timer;
    timer.start();
    do {
        std::shuffle(troubles.begin(), troubles.end(), m_random);
        for (const Trouble trouble : troubles) {
            (this->*trouble)();
            if (QTest::currentTestFailed())
                return;
        }
    } while (timer.elapsed() < minutes() * 60000);
    qInfo("%lld s, %d operations (%d unanswered), %d quiet points, the slowest took %lld ms",
          timer.elapsed() / 1000, churn.operations(), churn.unanswered(), m_quietPoints, m_slowest);
}

/// Until the session shows what this healthy node says that there is. Crashed ones expire
/// meanwhile, so it is looked at again and again.
void TestLiveSoak::quiet(int node)
{
    if (QTest::currentTestFailed())
        return;
    const auto listed = [&] {
        return serverList(m_etcd->endpoints()[node], m_api, "services/soak/");
    };
    m_churn->setPaused(true);
    QVERIFY(QTest::qWaitFor([&] { return listed().has_value(); }, 20000)); // it is well again
    ServerList wanted;
    QString difference;
    QElapsedTimer timer;
    timer.start();
    const bool equal = QTest::qWaitFor(
        [&] {
            wanted = listed().value_or(wanted);
            ServerList got;
            for (const Row &row : m_session->rows())
                got.insert(row.instance->key, row.instance->document);
            difference = differences(wanted, got);
            return difference.isEmpty() && m_session->freshness() == Session::Freshness::Live;
        },
        5000);
    m_slowest = std::max(m_slowest, timer.elapsed());
    ++m_quietPoints;
    m_churn->setPaused(false);
    QVERIFY2(equal, difference.isEmpty() ? "Equal, and not live" : qPrintable(difference));
    QVERIFY(!wanted.isEmpty());
}

void TestLiveSoak::churnFor(std::chrono::milliseconds time)
{
    m_churn->setPaused(false);
    QTest::qWait(int(time.count()));
}

/// Rather the node that feeds the session, or the leader, than the one that nobody misses.
int TestLiveSoak::victim()
{
    if (m_random.bounded(2)) {
        for (int i = 0; i < 3; ++i) {
            if (m_etcd->endpoints()[i].toString() == m_session->status().endpoint)
                return i;
        }
    }
    return std::max(m_etcd->leaderIndex(), 0);
}

void TestLiveSoak::nodeKilled()
{
    const int node = victim();
    qInfo("node %d is killed", node);
    QVERIFY(m_etcd->kill(node));
    churnFor(part());
    quiet((node + 1) % 3);
    QVERIFY(m_etcd->restart(node));
    churnFor(part());
    quiet(node);
}

void TestLiveSoak::nodeHung()
{
    const int node = victim();
    qInfo("node %d hangs", node);
    m_etcd->suspend(node);
    churnFor(part());
    quiet((node + 1) % 3);
    m_etcd->resume(node);
    churnFor(part());
    quiet((node + 1) % 3);
}

/// Once in passing, and once behind the back of a session that has to move on from a revision which
/// is no more.
void TestLiveSoak::compacted()
{
    const int node = victim();
    qInfo("compaction, then node %d hangs and there is another", node);
    compact(node);
    churnFor(part() / 2);
    quiet(node);
    m_etcd->suspend(node);
    churnFor(300ms);
    compact((node + 1) % 3);
    churnFor(part() / 2);
    quiet((node + 1) % 3);
    m_etcd->resume(node);
}

void TestLiveSoak::compact(int node)
{
    const auto ask = [&](const QString &path, const QByteArray &body) {
        return m_etcd->request(Api::V3, "POST", path, body, node).json();
    };
    const QString revision =
        ask(u"/v3/maintenance/status"_s, "{}")["header"_L1]["revision"_L1].toString();
    ask(u"/v3/kv/compaction"_s, R"({"revision":)" + revision.toLatin1() + '}');
}

void TestLiveSoak::majorityLost()
{
    const int survivor = m_random.bounded(3);
    qInfo("only node %d is left", survivor);
    for (const int node : {(survivor + 1) % 3, (survivor + 2) % 3})
        m_etcd->suspend(node);
    churnFor(minutes() ? 15s : 5s);
    for (const int node : {(survivor + 1) % 3, (survivor + 2) % 3})
        m_etcd->resume(node);
    QVERIFY(m_etcd->waitForLeader() >= 0);
    churnFor(part());
    quiet(survivor);
}

void TestLiveSoak::allCrash()
{
    qInfo("500 expire at once");
    m_churn->massCrash(500);
    churnFor(4s);
    quiet(m_random.bounded(3));
}

QTEST_GUILESS_MAIN(TestLiveSoak)
#include "tst_livesoak.moc"
