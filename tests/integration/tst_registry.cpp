// SPDX-License-Identifier: MIT
#include "await.h"
#include "etcdcluster.h"
#include "fill.h"
#include "registry.h"

#include <QTcpServer>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

using State = Registration::State;

/// The registry client against a real etcd, over both of its stores.
class TestRegistry : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();

    void joinListLookupLeave_data() { stores(); }
    void joinListLookupLeave();
    void names_data();
    void names();
    void brokenValues_data() { stores(); }
    void brokenValues();
    void documentsSurvive_data() { stores(); }
    void documentsSurvive();
    void expiresAfterACrash_data() { stores(); }
    void expiresAfterACrash();
    void heartbeatOutlivesTheTtl_data() { stores(); }
    void heartbeatOutlivesTheTtl();
    void rejoinsAfterADelete_data() { stores(); }
    void rejoinsAfterADelete();
    void pauseAndResume_data() { stores(); }
    void pauseAndResume();
    void joinsTwice_data() { stores(); }
    void joinsTwice();
    void removesOthersInstances_data() { stores(); }
    void removesOthersInstances();
    void lists20000_data() { stores(); }
    void lists20000();
    void sharesALease();
    void grantsALostLeaseAgain();
    void choosesTheApi();
    void findsNodesByDiscovery();
    void saysThatNobodyAnswers();
    void goesAwayMidRequest_data() { stores(); }
    void goesAwayMidRequest();

private:
    static void stores()
    {
        QTest::addColumn<Api>("api");
        QTest::newRow("v2") << Api::V2;
        QTest::newRow("v3") << Api::V3;
    }
    ConnectionString connection(Api api, const QString &nameSpace = {}) const
    {
        const QString suffix = u"/%1?api=%2"_s.arg(nameSpace, api == Api::V2 ? u"v2" : u"v3");
        return *ConnectionString::parse(m_etcd.connectionString(suffix));
    }
    static Service service(const QString &name, int port, std::chrono::milliseconds ttl = 10s)
    {
        Service result{.name = name, .nameSpace = u"shop/eu/west"_s, .port = port};
        result.hostname = u"10.0.0.1"_s;
        result.ttl = ttl;
        result.heartbeat = ttl / 2;
        return result;
    }
    static Registration only(const Registry &registry) { return registry.registrations().first(); }

    EtcdCluster m_etcd;
};

void TestRegistry::initTestCase()
{
    QVERIFY2(m_etcd.start(), qPrintable(m_etcd.error()));
    QVERIFY(m_etcd.servesV2());
}

void TestRegistry::joinListLookupLeave()
{
    QFETCH(Api, api);
    Registry registry(connection(api, u"shop/eu/west"_s));
    const auto opened = await(registry.open());
    QVERIFY(opened);
    QCOMPARE(opened->api, api);

    for (int port = 8080; port < 8083; ++port) {
        const auto joined = await(registry.join(service(u"web"_s, port)));
        QVERIFY2(joined, qPrintable(joined ? QString() : joined.error().message()));
        QCOMPARE(joined->state, State::Alive);
    }
    QVERIFY(await(registry.join(service(u"db"_s, 5432))));
    QCOMPARE(registry.registrations().size(), 4);

    const auto all = await(registry.list());
    QVERIFY(all);
    QCOMPARE(all->instances.size(), 4);
    QCOMPARE(all->instances.first().service, u"db"_s);
    QCOMPARE(all->instances.first().nameSpace, u"shop/eu/west"_s);
    QCOMPARE(all->instances.first().url, u"http://10.0.0.1:5432"_s);
    QVERIFY(all->instances.first().hasTtl);
    QCOMPARE(await(registry.list(u"web"_s))->instances.size(), 3);

    QSet<QString> found;
    for (int i = 0; i < 100 && found.size() < 3; ++i)
        found.insert((*await(registry.lookup(u"web"_s)))->url);
    QCOMPARE(found.size(), 3); // each of them comes up
    const auto nothing = await(registry.lookup(u"nothing"_s));
    QVERIFY(nothing);
    QVERIFY(!nothing->has_value());

    QVERIFY(await(registry.leave(registry.registrations().at(0).id)));
    QCOMPARE(await(registry.list(u"web"_s))->instances.size(), 2);
    QVERIFY(await(registry.leave(u"web"_s)));
    QCOMPARE(await(registry.list())->instances.size(), 1);
    QVERIFY(await(registry.leaveAll()));
    QCOMPARE(await(registry.list())->instances.size(), 0);
    QVERIFY(registry.registrations().isEmpty());
}

void TestRegistry::names_data()
{
    QTest::addColumn<Api>("api");
    QTest::addColumn<QString>("name");
    for (const Api api : {Api::V2, Api::V3}) {
        const char *tag = api == Api::V2 ? "v2" : "v3";
        QTest::addRow("%s slashes", tag) << api << u"a/b/c"_s;
        QTest::addRow("%s dots", tag) << api << u"com.example.web"_s;
        QTest::addRow("%s only dots", tag) << api << u".."_s;
        QTest::addRow("%s blanks", tag) << api << u" my service "_s;
        QTest::addRow("%s Chinese", tag) << api << u"订单服务"_s;
        QTest::addRow("%s emoji", tag) << api << u"rocket \U0001F680"_s;
        QTest::addRow("%s percent", tag) << api << u"50%2F?x=1&y#z"_s;
    }
}

void TestRegistry::names()
{
    QFETCH(Api, api);
    QFETCH(QString, name);
    // The namespace goes into the key as it is.
    Registry registry(connection(api));
    Service odd = service(name, 80);
    odd.nameSpace = u"deep down/命名 空间/%41+b"_s;
    const auto joined = await(registry.join(odd));
    QVERIFY2(joined, qPrintable(joined ? QString() : joined.error().message()));
    QVERIFY(m_etcd.get(api, joined->key).has_value());

    const auto listed = await(registry.list());
    QVERIFY(listed);
    QCOMPARE(listed->instances.size(), 1);
    QCOMPARE(listed->instances.first().service, name);
    QCOMPARE(listed->instances.first().nameSpace, odd.nameSpace);
    QCOMPARE(listed->instances.first().problem, Instance::Problem::None);
    QVERIFY(await(registry.leaveAll()));
}

void TestRegistry::brokenValues()
{
    QFETCH(Api, api);
    Registry registry(connection(api, u"broken"_s));
    const QStringList values{u"not JSON"_s, u"[1,2]"_s, u"5"_s, u"null"_s, u"{\"name\":"_s};
    for (int i = 0; i < values.size(); ++i)
        QVERIFY(m_etcd.put(api, u"services/broken/web/%1"_s.arg(i), values.at(i).toUtf8()));
    QVERIFY(m_etcd.put(api, u"services/broken/stray"_s, "{}"));
    Service sound = service(u"web"_s, 80);
    sound.nameSpace = u"broken"_s;
    QVERIFY(await(registry.join(sound)));

    const auto listed = await(registry.list());
    QVERIFY(listed);
    QCOMPARE(listed->instances.size(), values.size() + 2);
    QCOMPARE(
        std::ranges::count(listed->instances, Instance::Problem::NotAnObject, &Instance::problem),
        values.size());
    for (int i = 0; i < 30; ++i)
        QCOMPARE((*await(registry.lookup(u"web"_s)))->url, u"http://10.0.0.1:80"_s);

    for (const Instance &instance : listed->instances)
        QVERIFY(*await(registry.remove(instance.key)));
    QCOMPARE(await(registry.list())->instances.size(), 0);
}

void TestRegistry::documentsSurvive()
{
    QFETCH(Api, api);
    Registry registry(connection(api, u"shop/eu/west"_s));
    Service big = service(u"big"_s, 80);
    big.document = R"({"z":9007199254740993,"a":1.10,"text":"+&=%41 ü 订","n":{"y":1,"x":[]}})";
    const auto joined = await(registry.join(big));
    QVERIFY(joined);
    const auto listed = await(registry.list());
    const QByteArray expected =
        R"({"z":9007199254740993,"a":1.10,"text":"+&=%41 ü 订","n":{"y":1,"x":[]},"port":80,)"
        R"("name":"big","hostname":"10.0.0.1","host":"10.0.0.1:80","url":"http://10.0.0.1:80"})";
    QCOMPARE(listed->instances.first().document, expected);
    QCOMPARE(*m_etcd.get(api, joined->key), expected);
    QVERIFY(await(registry.leaveAll()));
}

void TestRegistry::expiresAfterACrash()
{
    QFETCH(Api, api);
    auto crashing = std::make_unique<Registry>(connection(api));
    const auto joined = await(crashing->join(service(u"crash"_s, 80, 2s)));
    QVERIFY(joined);
    crashing.reset();

    QVERIFY(m_etcd.get(api, joined->key).has_value()); // destroying it leaves nothing
    QTRY_VERIFY_WITH_TIMEOUT(!m_etcd.get(api, joined->key).has_value(), 5000);
    Registry registry(connection(api));
    QCOMPARE(await(registry.list())->instances.size(), 0);
}

void TestRegistry::heartbeatOutlivesTheTtl()
{
    QFETCH(Api, api);
    Registry registry(connection(api));
    const auto joined = await(registry.join(service(u"alive"_s, 80, 2s)));
    QVERIFY(joined);
    for (int i = 0; i < 25; ++i) {
        QTest::qWait(200);
        QVERIFY(m_etcd.get(api, joined->key).has_value());
    }
    QVERIFY(only(registry).beatsSent >= 4);
    QCOMPARE(only(registry).beatsMissed, 0);
    QCOMPARE(only(registry).rejoins, 0);
    QVERIFY(await(registry.leaveAll()));
}

void TestRegistry::rejoinsAfterADelete()
{
    QFETCH(Api, api);
    Registry registry(connection(api));
    const auto joined = await(registry.join(service(u"deleted"_s, 80, 2s)));
    QVERIFY(joined);
    QVERIFY(m_etcd.remove(api, joined->key));
    QTRY_COMPARE_WITH_TIMEOUT(m_etcd.get(api, joined->key).value_or(QByteArray()), joined->document,
                              2500);
    QTRY_COMPARE(only(registry).rejoins, 1);
    QVERIFY(await(registry.leaveAll()));
    QVERIFY(!m_etcd.get(api, joined->key).has_value());
}

void TestRegistry::pauseAndResume()
{
    QFETCH(Api, api);
    const auto text = u"&ttl=2"_s;
    Registry registry(*ConnectionString::parse(
        m_etcd.connectionString((api == Api::V2 ? u"/?api=v2"_s : u"/?api=v3"_s) + text)));
    const auto paused = await(registry.join(service(u"paused"_s, 80, 2s)));
    const auto other = await(registry.join(service(u"other"_s, 81, 2s)));
    QVERIFY(paused && other);

    registry.pause(paused->id);
    QCOMPARE(only(registry).state, State::Paused);
    QTRY_VERIFY_WITH_TIMEOUT(!m_etcd.get(api, paused->key).has_value(), 5000);
    QVERIFY(m_etcd.get(api, other->key).has_value());
    QCOMPARE(only(registry).state, State::Paused);

    registry.resume(paused->id);
    QTRY_VERIFY(m_etcd.get(api, paused->key).has_value());
    QTRY_COMPARE(only(registry).state, State::Alive);
    QTest::qWait(3000);
    QVERIFY(m_etcd.get(api, paused->key).has_value());
    QVERIFY(m_etcd.get(api, other->key).has_value());
    QVERIFY(await(registry.leaveAll()));
    QVERIFY(!m_etcd.get(api, paused->key).has_value());
}

void TestRegistry::joinsTwice()
{
    QFETCH(Api, api);
    Registry registry(connection(api));
    QVERIFY(await(registry.join(service(u"twice"_s, 80))));
    const auto again = await(registry.join(service(u"twice"_s, 80)));
    QVERIFY(!again);
    QCOMPARE(again.error().code, Error::Code::InvalidArgument);
    QCOMPARE(registry.registrations().size(), 1);
    QVERIFY(await(registry.leaveAll()));
}

void TestRegistry::removesOthersInstances()
{
    QFETCH(Api, api);
    Registry owner(connection(api));
    Registry other(connection(api));
    const auto joined = await(owner.join(service(u"theirs"_s, 80)));
    QVERIFY(joined);
    QCOMPARE(*await(other.remove(joined->key)), true);
    QCOMPARE(*await(other.remove(joined->key)), false);
    QCOMPARE(*await(owner.remove(joined->key)), true); // ours: it is left
    QVERIFY(owner.registrations().isEmpty());
}

void TestRegistry::lists20000()
{
    QFETCH(Api, api);
    const ConnectionString load = connection(api, u"load"_s);
    QVERIFY(fill(load, api, 20000));
    Registry registry(load);
    const auto listed = await(registry.list());
    QVERIFY(listed);
    QCOMPARE(listed->instances.size(), 20000);
    QVERIFY(std::ranges::is_sorted(listed->instances, instanceLess));
    QVERIFY(std::ranges::all_of(listed->instances, [](const Instance &instance) {
        return instance.problem == Instance::Problem::None && !instance.hasTtl;
    }));
    QCOMPARE(await(registry.list(u"service-07"_s))->instances.size(), 1000);
}

void TestRegistry::sharesALease()
{
    Registry registry(connection(Api::V3));
    QList<QFuture<Result<Registration>>> joining;
    for (int port = 1; port <= 20; ++port)
        joining.append(registry.join(service(u"shared"_s, port)));
    QSet<qint64> leases;
    for (const auto &one : joining)
        leases.insert(await(one)->lease);
    QCOMPARE(leases.size(), 1);
    QVERIFY(!leases.contains(0));

    leases.insert(await(registry.join(service(u"own-ttl"_s, 1, 30s)))->lease);
    Service own = service(u"own"_s, 1);
    own.ownLease = true;
    leases.insert(await(registry.join(own))->lease);
    QCOMPARE(leases.size(), 3);
    QVERIFY(await(registry.leaveAll()));
    // Nothing idles on after the last one has left.
    QTRY_VERIFY(m_etcd.request(Api::V3, "POST", u"/v3/lease/leases"_s, "{}")
                    .json()
                    .value("leases"_L1)
                    .isUndefined());
}

void TestRegistry::grantsALostLeaseAgain()
{
    Registry registry(connection(Api::V3));
    const auto joined = await(registry.join(service(u"revoked"_s, 80, 2s)));
    QVERIFY(joined);
    const QByteArray body = "{\"ID\":\"" + QByteArray::number(joined->lease) + "\"}";
    QCOMPARE(m_etcd.request(Api::V3, "POST", u"/v3/lease/revoke"_s, body).status, 200);
    QVERIFY(!m_etcd.get(Api::V3, joined->key).has_value());
    QTRY_VERIFY_WITH_TIMEOUT(m_etcd.get(Api::V3, joined->key).has_value(), 2500);
    QTRY_COMPARE(only(registry).rejoins, 1);
    QVERIFY(only(registry).lease != joined->lease);
    QVERIFY(await(registry.leaveAll()));
}

void TestRegistry::choosesTheApi()
{
    Registry both(*ConnectionString::parse(m_etcd.connectionString()));
    const auto cluster = await(both.open());
    QVERIFY(cluster);
    QCOMPARE(cluster->api, Api::V2);
    QVERIFY(cluster->version.startsWith("3."_L1));

    EtcdCluster::Options options;
    options.v2 = false;
    EtcdCluster onlyV3(options);
    QVERIFY2(onlyV3.start(), qPrintable(onlyV3.error()));
    Registry automatic(*ConnectionString::parse(onlyV3.connectionString()));
    QCOMPARE(await(automatic.open())->api, Api::V3);

    Registry wantsV2(*ConnectionString::parse(onlyV3.connectionString(u"/?api=v2"_s)));
    const auto listed = await(wantsV2.list());
    QVERIFY(!listed); // not an empty registry
    QCOMPARE(listed.error().code, Error::Code::NotServed);
}

void TestRegistry::findsNodesByDiscovery()
{
    QCOMPARE(m_etcd.request(Api::V2, "PUT", u"/v2/keys/discovery/token/_config/size"_s, "value=1")
                 .status,
             201);
    const QString url = m_etcd.endpoints().first().toString() + u"/v2/keys/discovery/token"_s;
    EtcdCluster::Options options;
    options.arguments = {u"--discovery"_s, url};
    EtcdCluster found(options);
    QVERIFY2(found.start(), qPrintable(found.error()));

    Registry registry(*ConnectionString::parse(u"discovery+"_s + url));
    const auto opened = await(registry.open());
    QVERIFY2(opened, qPrintable(opened ? QString() : opened.error().message()));
    QVERIFY(await(registry.join(service(u"discovered"_s, 80))));
    QCOMPARE(await(registry.list())->endpoint, found.endpoints().first().toString());
    QVERIFY(await(registry.leaveAll()));
}

void TestRegistry::saysThatNobodyAnswers()
{
    QTcpServer closed;
    QVERIFY(closed.listen(QHostAddress::LocalHost));
    const quint16 port = closed.serverPort();
    closed.close();
    QElapsedTimer timer;
    timer.start();
    Registry registry(*ConnectionString::parse(u"127.0.0.1:%1"_s.arg(port)));
    const auto listed = await(registry.list());
    QVERIFY(!listed);
    QVERIFY(timer.elapsed() < 5000);
    QCOMPARE(listed.error().code, Error::Code::Unreachable);
    QVERIFY(listed.error().message().contains(u"127.0.0.1:%1"_s.arg(port)));
}

void TestRegistry::goesAwayMidRequest()
{
    QFETCH(Api, api);
    for (int wait = 0; wait < 40; wait += 2) {
        auto registry = std::make_unique<Registry>(connection(api, u"load"_s));
        registry->setNodesInterval(10s);
        registry->list().then(registry.get(), [](const Result<Snapshot> &) {});
        const auto joined = registry->join(service(u"gone"_s, 80, 2s));
        if (wait % 4 == 0) // else it is left while it joins
            QVERIFY(await(joined));
        registry->leaveAll();
        QTest::qWait(wait / 2);
        registry.reset();
    }
}

QTEST_GUILESS_MAIN(TestRegistry)
#include "tst_registry.moc"
