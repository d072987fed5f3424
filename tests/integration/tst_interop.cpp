// SPDX-License-Identifier: MIT
#include "await.h"
#include "etcdcluster.h"
#include "peer.h"
#include "registry.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

QJsonObject object(const QByteArray &document)
{
    return QJsonDocument::fromJson(document).object();
}

} // namespace

/// Both ways with the npm package etcd-registry 2.1.1, over a real etcd.
class TestInterop : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void names_data();
    void weJoinItFinds_data() { names_data(); }
    void weJoinItFinds();
    void itJoinsWeFind_data() { names_data(); }
    void itJoinsWeFind();
    void sameKey_data() { names_data(); }
    void sameKey();
    void itLeavesOurs();
    void weKeepItsAlive();

private:
    ConnectionString connection(const QString &nameSpace) const
    {
        return *ConnectionString::parse(text(nameSpace) + u"?api=v2"_s);
    }
    /// etcdjs knows no options of ours.
    QString text(const QString &nameSpace) const
    {
        return m_etcd.connectionString(u'/' + nameSpace);
    }

    EtcdCluster m_etcd;
};

void TestInterop::initTestCase()
{
    if (const QString why = NpmPeer::whyNot(); !why.isEmpty())
        QSKIP(qPrintable(why));
    QVERIFY2(m_etcd.start(), qPrintable(m_etcd.error()));
    if (!m_etcd.servesV2())
        QSKIP("this etcd has no v2 API");
}

void TestInterop::names_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("nameSpace");
    QTest::addColumn<QByteArray>("document");
    const auto row = [](const char *title, const QString &name, const QString &nameSpace,
                        const QByteArray &document) {
        QTest::newRow(title) << name << nameSpace << document;
    };
    row("plain", u"web"_s, u"plain"_s, R"({"port":8080})");
    row("deep", u"web"_s, u"shop/eu/west"_s, R"({"port":443,"protocol":"https"})");
    row("slashes and dots", u"shop/cart.v1"_s, u"signs"_s, R"({"port":8080,"tags":["a","b"]})");
    row("blanks", u"my web"_s, u"blanks"_s, R"({"hostname":"box","port":1})");
    row("scripts", u"购物车 Größe 🛒"_s, u"scripts"_s,
        R"({"text":"价值 🛒 \"x\" \\ +&=%","port":2})");
    row("own url", u"mail"_s, u"url"_s, R"({"url":"smtp://mail:25","meta":{"a":[1,{"b":null}]}})");
}

void TestInterop::weJoinItFinds()
{
    QFETCH(QString, name);
    QFETCH(QString, nameSpace);
    QFETCH(QByteArray, document);
    Registry registry(connection(nameSpace));
    const auto joined =
        await(registry.join({.name = name, .nameSpace = nameSpace, .document = document}));
    QVERIFY2(joined, joined ? "" : qPrintable(joined.error().message()));

    NpmPeer peer(text(nameSpace));
    const auto expected = object(joined->document);
    QCOMPARE(expected["name"_L1].toString(), name);
    QCOMPARE(peer.ask({u"list"_s}).toArray(), QJsonArray{expected});
    QCOMPARE(peer.ask({u"list"_s, name}).toArray(), QJsonArray{expected});
    QCOMPARE(peer.ask({u"lookup"_s, name}).toObject(), expected);
    QCOMPARE(peer.ask({u"lookup"_s, u"nobody"_s}), QJsonValue(QJsonValue::Null));

    QVERIFY(await(registry.leaveAll()));
    QCOMPARE(peer.ask({u"list"_s}).toArray(), QJsonArray());
}

void TestInterop::itJoinsWeFind()
{
    QFETCH(QString, name);
    QFETCH(QString, nameSpace);
    QFETCH(QByteArray, document);
    NpmPeer peer(text(nameSpace));
    const auto joined = peer.ask({u"join"_s, name, object(document)}).toObject();
    QCOMPARE(joined["name"_L1].toString(), name);

    Registry registry(connection(nameSpace));
    const auto listed = await(registry.list());
    QVERIFY(listed);
    QCOMPARE(listed->instances.size(), 1);
    const auto instance = listed->instances.front();
    QCOMPARE(instance.problem, Instance::Problem::None);
    QCOMPARE(instance.service, name);
    QCOMPARE(instance.nameSpace, nameSpace);
    QCOMPARE(object(instance.document), joined);
    QVERIFY(instance.hasTtl);
    QCOMPARE(await(registry.list(name))->instances.size(), 1);
    const auto found = await(registry.lookup(name));
    QVERIFY(found && *found);
    QCOMPARE((*found)->key, instance.key);

    QCOMPARE(peer.ask({u"leave"_s, name}), QJsonValue(QJsonValue::Null));
    QVERIFY(await(registry.list())->instances.isEmpty());
}

/// Both join the same: there is one key, and it holds what the other would have written.
void TestInterop::sameKey()
{
    QFETCH(QString, name);
    QFETCH(QString, nameSpace);
    QFETCH(QByteArray, document);
    Registry registry(connection(nameSpace));
    const auto joined =
        await(registry.join({.name = name, .nameSpace = nameSpace, .document = document}));
    QVERIFY(joined);
    const auto ours = await(registry.list());
    QCOMPARE(ours->instances.size(), 1);

    NpmPeer peer(text(nameSpace));
    QCOMPARE(peer.ask({u"join"_s, name, object(document)}).toObject(), object(joined->document));
    const auto both = await(registry.list());
    QCOMPARE(both->instances.size(), 1);
    QCOMPARE(both->instances.front().key, joined->key);
    QVERIFY(both->instances.front().modRevision > ours->instances.front().modRevision);
    QCOMPARE(peer.ask({u"list"_s}).toArray().size(), 1);
    QVERIFY(await(registry.leaveAll()));
}

/// What one deletes, the other does not find; ours comes back with our next beat, as theirs would.
void TestInterop::itLeavesOurs()
{
    Registry registry(connection(u"leave"_s));
    Service service{.name = u"web"_s, .nameSpace = u"leave"_s, .port = 8080};
    service.heartbeat = 500ms;
    QVERIFY(await(registry.join(service)));
    NpmPeer peer(text(u"leave"_s));
    const auto mine = peer.ask({u"join"_s, u"web"_s, QJsonObject{{u"port"_s, 8080}}}).toObject();
    QCOMPARE(peer.ask({u"leave"_s, u"web"_s}), QJsonValue(QJsonValue::Null));
    QCOMPARE(peer.ask({u"list"_s}).toArray().size(), 0);
    QTRY_COMPARE_WITH_TIMEOUT(peer.ask({u"list"_s}).toArray(), QJsonArray{mine}, 5000);
    QTRY_COMPARE(registry.registrations().front().rejoins, 1);
    QVERIFY(await(registry.leaveAll()));
}

/// A registration that both hold outlives the one that goes away.
void TestInterop::weKeepItsAlive()
{
    Registry registry(connection(u"alive"_s));
    Service service{.name = u"web"_s, .nameSpace = u"alive"_s, .port = 8080};
    service.ttl = 3s;
    service.heartbeat = 1s;
    {
        NpmPeer peer(text(u"alive"_s));
        QVERIFY(peer.ask({u"join"_s, u"web"_s, QJsonObject{{u"port"_s, 8080}}}).isObject());
        QVERIFY(peer.ask({u"join"_s, u"other"_s, QJsonObject{{u"port"_s, 8081}}}).isObject());
        QVERIFY(await(registry.join(service)));
    }
    QCOMPARE(await(registry.list())->instances.size(), 2);
    QTRY_COMPARE_WITH_TIMEOUT(await(registry.list())->instances.size(), 1, 15000);
    QCOMPARE(await(registry.list())->instances.front().service, u"web"_s);
    QVERIFY(await(registry.leaveAll()));
}

QTEST_GUILESS_MAIN(TestInterop)
#include "tst_interop.moc"
