// SPDX-License-Identifier: MIT
#include "await.h"
#include "etcdcluster.h"
#include "registry.h"

#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using State = Registration::State;

/// A registration whose document changes while it is held: it is never taken for somebody else's.
class TestChange : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void writesIt_data() { eachApi(); }
    void writesIt();
    void refuses_data() { eachApi(); }
    void refuses();
    void writesItLater_data() { eachApi(); }
    void writesItLater();
    void waitsWhilePaused_data() { eachApi(); }
    void waitsWhilePaused();
    void doesNotTakeItselfForOthers_data() { eachApi(); }
    void doesNotTakeItselfForOthers();

private:
    static void eachApi()
    {
        QTest::addColumn<Api>("api");
        QTest::newRow("v2") << Api::V2;
        QTest::newRow("v3") << Api::V3;
    }
    static Service service(std::chrono::milliseconds ttl, std::chrono::milliseconds heartbeat)
    {
        return {.name = u"web"_s,
                .document = R"({"weight":0})",
                .hostname = u"h"_s,
                .port = 80,
                .ttl = ttl,
                .heartbeat = heartbeat,
                .whenTaken = Service::WhenTaken::LetGo};
    }
    static QByteArray document(int weight)
    {
        return R"({"weight":)" + QByteArray::number(weight) + '}';
    }
    static QByteArray written(int weight)
    {
        return document(weight).chopped(1)
               + R"(,"port":80,"name":"web","hostname":"h","host":"h:80","url":"http://h:80"})";
    }
    QByteArray value() { return m_etcd.get(m_api, m_joined.key).value_or(QByteArray()); }
    void join(const Service &service);

    EtcdCluster m_etcd;
    Api m_api = Api::V2;
    std::unique_ptr<Registry> m_registry;
    QList<State> m_states; ///< as told
    Registration m_joined;
};

void TestChange::initTestCase()
{
    QVERIFY2(m_etcd.start(), qPrintable(m_etcd.error()));
    QVERIFY(m_etcd.servesV2());
}

void TestChange::init()
{
    QFETCH(Api, api);
    m_api = api;
    const QString text = m_etcd.connectionString(
        u"/?api=%1&timeout=300&deadline=600"_s.arg(api == Api::V2 ? u"v2"_s : u"v3"_s));
    m_registry = std::make_unique<Registry>(*ConnectionString::parse(text));
    m_states.clear();
    connect(m_registry.get(), &Registry::registrationsChanged, this,
            [this](const QList<Registration> &all) { m_states += all.first().state; });
}

void TestChange::join(const Service &service)
{
    const auto joined = await(m_registry->join(service));
    QVERIFY2(joined, qPrintable(joined ? QString() : joined.error().message()));
    m_joined = *joined;
    QCOMPARE(value(), written(0));
}

void TestChange::writesIt()
{
    join(service(2s, 500ms));
    for (const int weight : {1, 2}) {
        QVERIFY(await(m_registry->change(m_joined.id, document(weight))));
        QCOMPARE(value(), written(weight));
    }
    const Registration held = m_registry->registrations().first();
    QCOMPARE(held.service.document, document(2));
    QCOMPARE(held.document, written(2));
    QCOMPARE(held.lease, m_joined.lease);
    QTest::qWait(3000); // it is kept alive as it is now
    QCOMPARE(value(), written(2));
    QCOMPARE(m_registry->registrations().first().rejoins, 0);
    QVERIFY(await(m_registry->leaveAll()));
    QCOMPARE(value(), QByteArray());
}

void TestChange::refuses()
{
    join(service(5s, 2s));
    const auto refusal = [this](qint64 id, const QByteArray &document) {
        const auto result = await(m_registry->change(id, document));
        return result ? std::nullopt : std::optional(result.error().code);
    };
    const QByteArray elsewhere = R"({"url":"http://h:81"})";
    QCOMPARE(refusal(m_joined.id, elsewhere), Error::Code::InvalidArgument);
    QCOMPARE(refusal(m_joined.id, "[]"), Error::Code::InvalidArgument);
    QCOMPARE(refusal(m_joined.id + 1, "{}"), Error::Code::NotFound);
    QCOMPARE(value(), written(0));
    QVERIFY(await(m_registry->leaveAll()));
    QCOMPARE(refusal(m_joined.id, "{}"), Error::Code::NotFound);
}

/// What failed, a beat writes.
void TestChange::writesItLater()
{
    join(service(20s, 1s));
    m_etcd.suspend(0);
    QVERIFY(!await(m_registry->change(m_joined.id, document(1))));
    QVERIFY(!await(m_registry->change(m_joined.id, document(2))));
    m_etcd.resume(0);
    QTRY_COMPARE(value(), written(2));
    QTRY_COMPARE(m_registry->registrations().value(0).state, State::Alive);
    QVERIFY(!m_states.contains(State::Rejoining));
    QCOMPARE(m_registry->registrations().first().rejoins, 0);
    QVERIFY(await(m_registry->leaveAll()));
}

void TestChange::waitsWhilePaused()
{
    join(service(20s, 1s));
    m_registry->pause(m_joined.id);
    QVERIFY(await(m_registry->change(m_joined.id, document(1))));
    QCOMPARE(value(), written(0));
    m_registry->resume(m_joined.id);
    QTRY_COMPARE(value(), written(1));
    QTRY_COMPARE(m_registry->registrations().value(0).state, State::Alive);
    QVERIFY(!m_states.contains(State::Rejoining));
    QVERIFY(await(m_registry->leaveAll()));
}

/// Beats compare values, and one may overtake the other.
void TestChange::doesNotTakeItselfForOthers()
{
    join(service(5s, 20ms));
    constexpr int most = 300;
    for (int weight = 1; weight <= most; ++weight) {
        const auto future = m_registry->change(m_joined.id, document(weight));
        if (weight % 3 == 0)
            QVERIFY(await(future));
        else
            QTest::qWait(weight % 7);
        QCOMPARE(m_registry->registrations().size(), 1);
    }
    QTRY_COMPARE(value(), written(most));
    QVERIFY(m_registry->registrations().first().beatsSent > 10);
    QVERIFY(!m_states.contains(State::Rejoining));
    QVERIFY(await(m_registry->leaveAll()));
}

QTEST_GUILESS_MAIN(TestChange)
#include "tst_change.moc"
