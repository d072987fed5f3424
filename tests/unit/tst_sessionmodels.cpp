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

/// The session without anybody to talk to, and the models of what we hold and of the nodes.
class TestSessionModels : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void saysWhyItCantConnect();
    void standsStillWhilePaused();
    void listsRegistrations();
    void listsNodes();
};

void TestSessionModels::saysWhyItCantConnect()
{
    Session session(nobody());
    QCOMPARE(session.freshness(), Session::Freshness::Connecting);
    QSignalSpy changed(&session, &Session::freshnessChanged);
    session.start();
    QTRY_VERIFY_WITH_TIMEOUT(session.status().error, 6000);
    QCOMPARE(session.freshness(), Session::Freshness::Connecting);
    QCOMPARE(session.status().error->code, Error::Code::Unreachable);
    changed.clear();
    QVERIFY(changed.wait(8000)); // it tries again by itself
}

void TestSessionModels::standsStillWhilePaused()
{
    Session session(nobody());
    session.setPaused(true);
    const auto stopped = session.now();
    QTest::qWait(20);
    QCOMPARE(session.now(), stopped);
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

    Node c;
    c.endpoint = QUrl(u"http://c:1"_s);
    c.asked = c.reachable = true;
    c.unseen = Error{.code = Error::Code::PermissionDenied};
    model.setNodes({c});
    QCOMPARE(model.index(0, NodeModel::Leader).data().toString(), u"could not be seen"_s);
    QVERIFY(model.index(0, NodeModel::LastError).data().toString().contains(u"not be seen"_s));
    c.unseen.reset();
    c.troubles = QStringList{u"alarm:NOSPACE"_s};
    c.learner = true;
    model.setNodes({c});
    QCOMPARE(model.index(0, NodeModel::Leader).data().toString(), u"Learner"_s);
    QCOMPARE(model.index(0, 0).data(NodeModel::NodeStateRole).toInt(), int(NodeModel::InTrouble));
    QVERIFY(model.index(0, NodeModel::LastError).data().toString().contains(u"NOSPACE"_s));
}

QTEST_GUILESS_MAIN(TestSessionModels)
#include "tst_sessionmodels.moc"
