// SPDX-License-Identifier: MIT
#include "etcdcluster.h"
#include "peer.h"
#include "session.h"

#include <QJsonObject>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

/// A registration of the npm package in the window's rows: as long as it beats it is one quiet row,
/// and when it crashes it goes late, then expires, when its beat and its TTL say so.
class TestNpmLife : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void beatsQuietlyThenCrashes();

private:
    EtcdCluster m_etcd;
};

void TestNpmLife::initTestCase()
{
    if (const QString why = NpmPeer::whyNot(); !why.isEmpty())
        QSKIP(qPrintable(why));
    QVERIFY2(m_etcd.start(), qPrintable(m_etcd.error()));
    if (!m_etcd.servesV2())
        QSKIP("this etcd has no v2 API");
}

void TestNpmLife::beatsQuietlyThenCrashes()
{
    using Clock = Session::Clock;
    Session session(*ConnectionString::parse(m_etcd.connectionString(u"/life?api=v2"_s)));
    int added = 0, changed = 0;
    Clock::time_point lastBeatSeen, late, gone;
    connect(&session, &Session::updated, this, [&](const RowsUpdatePtr &update) {
        added += int(update->added.size());
        changed += int(update->changed.size());
        if (update->rows.isEmpty()) {
            if (added > 0)
                gone = Clock::now();
        } else {
            lastBeatSeen = *lastBeat(*update->rows[0].instance);
            if (update->rows[0].state == InstanceState::Late)
                late = Clock::now();
        }
    });
    session.start();
    QTRY_COMPARE(session.freshness(), Session::Freshness::Live);

    NpmPeer peer(m_etcd.connectionString(u"/life"_s));
    QVERIFY(peer.ask({u"join"_s, u"web"_s, QJsonObject{{u"port"_s, 8080}}}).isObject());
    QTRY_COMPARE(added, 1);
    QTest::qWait(12000);
    QCOMPARE(added, 1);
    QCOMPARE(changed, 0);
    QCOMPARE(session.rows()[0].beats, 2);
    QVERIFY(std::chrono::abs(session.rows()[0].cadence - 5s) < 300ms);

    peer.kill();
    QTRY_VERIFY_WITH_TIMEOUT(late != Clock::time_point(), 8000);
    // A quarter of its cadence and half a second overdue
    const auto silence = late - lastBeatSeen;
    QVERIFY2(silence > 6500ms && silence < 7750ms, qPrintable(QString::number(silence / 1ms)));
    QTRY_VERIFY_WITH_TIMEOUT(gone != Clock::time_point(), 5000);
    const auto life = gone - lastBeatSeen;
    QVERIFY2(life > 9900ms && life < 11000ms, qPrintable(QString::number(life / 1ms)));
}

QTEST_GUILESS_MAIN(TestNpmLife)
#include "tst_npmlife.moc"
