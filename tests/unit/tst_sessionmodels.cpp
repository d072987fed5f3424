// SPDX-License-Identifier: MIT
#include "modelfixture.h"
#include "nodemodel.h"
#include "registrationmodel.h"
#include "session.h"

#include <QSignalSpy>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

ConnectionString nobody()
{
    return ConnectionString::parse(u"http://127.0.0.1:1"_s).value();
}

Registration registration(qint64 id)
{
    return {.id = id,
            .service = {.name = u"s%1"_s.arg(id)},
            .document = "{\"url\":\"http://h\"}",
            .state = Registration::State::Alive};
}

} // namespace

/// The session that is given snapshots by hand, and the models of what we hold and of the nodes.
class TestSessionModels : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void showsWhatItIsGiven();
    void standsStillInSilence();
    void waitsWhilePaused();
    void staysStaleUntilItHears();
    void listsRegistrations();
    void listsNodes();
};

void TestSessionModels::showsWhatItIsGiven()
{
    Session session(nobody());
    QSignalSpy updated(&session, &Session::updated);
    QCOMPARE(session.freshness(), Session::Freshness::Connecting);
    const auto now = Session::Clock::now();
    session.apply(makeSnapshot({u"a/x/1"_s, u"a/y/2"_s}, now));
    QCOMPARE(session.freshness(), Session::Freshness::Live);
    QCOMPARE(updated.size(), 1);
    QCOMPARE(session.counts().total(), 2);
    QVERIFY(session.row(makeInstance(u"a/y/2"_s, now)));
    QVERIFY(!session.row(makeInstance(u"a/z/2"_s, now)));
    session.apply(makeSnapshot({u"a/x/1"_s}, now));
    QVERIFY(!session.row(makeInstance(u"a/y/2"_s, now)));
}

void TestSessionModels::standsStillInSilence()
{
    Session session(nobody());
    const auto longAgo = Session::Clock::now() - 1min;
    session.apply(makeSnapshot({u"a/x/1"_s}, longAgo));
    // Eight seconds were left then; that we heard nothing since does not make it expire.
    QVERIFY(session.now() < longAgo + 5s);
    QCOMPARE(session.rows()[0].state, InstanceState::Alive);
}

void TestSessionModels::waitsWhilePaused()
{
    Session session(nobody());
    const auto now = Session::Clock::now();
    session.apply(makeSnapshot({u"a/x/1"_s, u"a/x/2"_s}, now));
    session.setPaused(true);
    const auto stopped = session.now();
    Snapshot next = makeSnapshot({u"a/x/1"_s, u"a/x/3"_s}, now + 1s);
    next.instances[0].document = "{}";
    session.apply(next);
    QCOMPARE(session.waitingChanges(), 3); // one changed, one left, one joined
    QCOMPARE(session.rows()[1].instance.key, u"services/a/x/2"_s);
    QTest::qWait(20);
    QCOMPARE(session.now(), stopped);
    session.setPaused(false);
    QCOMPARE(session.waitingChanges(), 0);
    QCOMPARE(session.rows()[1].instance.key, u"services/a/x/3"_s);
}

void TestSessionModels::staysStaleUntilItHears()
{
    Session session(nobody());
    QSignalSpy changed(&session, &Session::freshnessChanged);
    session.start();
    QVERIFY(changed.wait(6000));
    QCOMPARE(session.freshness(), Session::Freshness::Connecting);
    QVERIFY(session.error());

    session.apply(makeSnapshot({u"a/x/1"_s}, Session::Clock::now()));
    QCOMPARE(session.freshness(), Session::Freshness::Live);
    QVERIFY(!session.error());
    changed.clear();
    QVERIFY(changed.wait(8000)); // it tries again by itself
    QCOMPARE(session.freshness(), Session::Freshness::Stale);
    QCOMPARE(session.rows().size(), 1);
}

void TestSessionModels::listsRegistrations()
{
    RegistrationModel model;
    ModelWatch watch(model);
    QList<Registration> held{registration(1), registration(2), registration(5)};
    model.setRegistrations(held);
    const QPersistentModelIndex five = model.index(2, 0);
    QCOMPARE(model.index(0, RegistrationModel::Url).data().toString(), u"http://h"_s);
    QCOMPARE(model.index(0, RegistrationModel::LastBeat).data().toString(), u"–"_s);
    held.removeAt(1);
    held[0].state = Registration::State::Paused;
    held.append(registration(6));
    model.setRegistrations(held);
    QCOMPARE(model.rowCount(), 3);
    QCOMPARE(five.row(), 1);
    QCOMPARE(model.index(0, RegistrationModel::State).data().toString(), u"Paused"_s);
    QCOMPARE(watch.resets, 0);
    QCOMPARE(watch.changes, 1);
}

void TestSessionModels::listsNodes()
{
    NodeModel model;
    ModelWatch watch(model);
    Node a, b;
    a.endpoint = QUrl(u"http://a:1"_s);
    b.endpoint = QUrl(u"http://b:1"_s);
    b.asked = b.reachable = b.leader = true;
    b.latency = 1500us;
    model.setNodes({b, a});
    QCOMPARE(model.index(0, NodeModel::Endpoint).data().toString(), u"http://a:1"_s);
    QCOMPARE(model.index(0, NodeModel::Latency).data().toString(), QString());
    QCOMPARE(model.index(1, NodeModel::Latency).data().toString(), u"1.5 ms"_s);
    QCOMPARE(model.index(1, NodeModel::Leader).data().toString(), u"Leader"_s);
    b.reachable = false;
    b.lastError = Error{.code = Error::Code::Unreachable, .endpoint = u"http://b:1"_s};
    b.lastErrorAt = QDateTime::currentDateTime();
    model.setNodes({b});
    QCOMPARE(model.rowCount(), 1);
    QCOMPARE(model.index(0, NodeModel::Leader).data().toString(), QString());
    QVERIFY(model.index(0, NodeModel::LastError).data().toString().contains(u"b:1"_s));
    QCOMPARE(watch.resets, 0);
}

QTEST_GUILESS_MAIN(TestSessionModels)
#include "tst_sessionmodels.moc"
