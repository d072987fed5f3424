// SPDX-License-Identifier: MIT
#include "cli.h"
#include "etcdcluster.h"
#include "peer.h"

#include <QJsonDocument>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

/// The README of the npm package etcd-registry 2.1.1, section by section, with our command line, on
/// three nodes and over both stores; what it says is in quotes. The package itself, where node is
/// present, must find the same.
class TestNpmReadme : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void help();
    void usage_data() { stores(); }
    void usage();
    void api_data() { stores(); }
    void api();
    void connectionString();
    void services_data() { stores(); }
    void services();
    void faultTolerance_data() { stores(); }
    void faultTolerance();

private:
    static void stores()
    {
        QTest::addColumn<Api>("store");
        QTest::newRow("v2") << Api::V2;
        QTest::newRow("v3") << Api::V3;
    }
    /// A namespace of its own for each section and store.
    static QString nameSpace(Api store)
    {
        return QString::fromLatin1(QTest::currentTestFunction())
               + (store == Api::V2 ? u"-v2"_s : u"-v3"_s);
    }
    static QString suffix(Api store)
    {
        return u'/' + nameSpace(store) + (store == Api::V2 ? u"?api=v2"_s : u"?api=v3"_s);
    }

    EtcdCluster m_etcd{{.members = 3}};
};

static QByteArray ask(const QString &connection, const QStringList &command)
{
    return Cli(QStringList{u"-e"_s, connection} + command).run().output;
}

static QStringList joinOf(const QString &connection, const QStringList &options)
{
    return QStringList{u"-e"_s, connection, u"join"_s} + options;
}

void TestNpmReadme::initTestCase()
{
    QVERIFY2(m_etcd.start(), qPrintable(m_etcd.error()));
    QVERIFY(m_etcd.servesV2());
}

/// "etcd-registry help"
void TestNpmReadme::help()
{
    Cli cli({u"help"_s});
    QCOMPARE(cli.run().status(), 0);
    for (const QByteArray command : {"join", "lookup", "list", "help"})
        QVERIFY2(cli.output.contains("\n  " + command + ' '), cli.output);
}

/// "Pass the nodes in your cluster in a connection string", "Join the registry",
/// "Wait a bit and do a lookup", "Running the above example will produce the following output"
void TestNpmReadme::usage()
{
    QFETCH(Api, store);
    const QString connection = m_etcd.connectionString(suffix(store));
    Held held(joinOf(connection, {u"my-service-name"_s, u"--port"_s, u"8080"_s, u"--hostname"_s,
                                  u"192.168.1.10"_s}));
    QVERIFY(held.joined);
    const QByteArray document =
        R"({"port":8080,"name":"my-service-name","hostname":"192.168.1.10",)"
        R"("host":"192.168.1.10:8080","url":"http://192.168.1.10:8080"})";
    QCOMPARE(ask(connection, {u"lookup"_s, u"my-service-name"_s, u"--json"_s}), document + '\n');
    if (store == Api::V2 && NpmPeer::whyNot().isEmpty()) {
        NpmPeer peer(m_etcd.connectionString(u'/' + nameSpace(store)));
        QCOMPARE(peer.ask({u"lookup"_s, u"my-service-name"_s}).toObject(),
                 QJsonDocument::fromJson(document).object());
    }
    QCOMPARE(held.end(SIGTERM), 0);
}

/// "Full api": join, leave, lookup, list; "omit the name to remove local services", "to list all
/// services"
void TestNpmReadme::api()
{
    QFETCH(Api, store);
    const QString connection = m_etcd.connectionString(suffix(store));
    Held cart(joinOf(connection, {u"cart"_s, u"-p"_s, u"1"_s}));
    Held mail(joinOf(connection, {u"mail"_s, u"-p"_s, u"2"_s}));
    QVERIFY(cart.joined && mail.joined);
    QCOMPARE(ask(connection, {u"list"_s}), "cart\nmail\n");
    QCOMPARE(ask(connection, {u"list"_s, u"mail"_s}), "mail\n");
    const QByteArray found = ask(connection, {u"lookup"_s, u"cart"_s});
    QVERIFY2(found.startsWith("cart\n"), found);
    QCOMPARE(cart.end(SIGTERM), 0); // its own only
    QCOMPARE(ask(connection, {u"list"_s}), "mail\n");
    QCOMPARE(mail.end(SIGKILL), -SIGKILL);
    QCOMPARE(Cli({u"-e"_s, connection, u"leave"_s, u"mail"_s, u"--yes"_s}).run().status(), 0);
    QCOMPARE(ask(connection, {u"list"_s}), "");
}

/// "protocol://host1,host2,host3,.../namespace?options": "defaults to http", "all keys will be
/// prefixed", "if you do not specify a port in the hosts 4001 will be used"
void TestNpmReadme::connectionString()
{
    const QString connection = m_etcd.connectionString(u"/shop/eu?api=v3"_s);
    Held held(joinOf(connection, {u"web"_s, u"-p"_s, u"80"_s}));
    QVERIFY(held.joined);
    const QString withoutProtocol = QString(connection).remove(u"http://"_s);
    const QByteArray exported = ask(withoutProtocol, {u"export"_s});
    QVERIFY2(exported.contains("\"services/shop/eu/web/"), exported);
    QCOMPARE(ask(connection, {u"list"_s}), "web\n");
    QCOMPARE(ask(m_etcd.connectionString(u"/other?api=v3"_s), {u"list"_s}), "");
    QCOMPARE(held.end(SIGTERM), 0);

    Cli nobody({u"-e"_s, u"127.77.77.77/none?deadline=1000"_s, u"list"_s});
    QCOMPARE(nobody.run().status(), 3);
    QVERIFY2(nobody.error.contains("127.77.77.77:4001"), nobody.error);
}

/// "will add a default hostname and a couple of other properties", "saved with a TTL of 10s",
/// "every 5s will send a heartbeat", "otherwise garbage collected after (at most) 10s"
void TestNpmReadme::services()
{
    QFETCH(Api, store);
    const QString connection = m_etcd.connectionString(suffix(store));
    Held held(joinOf(connection, {u"my-service"_s, u"-p"_s, u"8080"_s}));
    QVERIFY(held.joined);
    const auto exported = [&] {
        return QJsonDocument::fromJson(ask(connection, {u"export"_s})).object();
    };
    const QJsonObject first = exported();
    const int ttl = first["ttl"_L1].toInt(); // v2: what is left of it
    QVERIFY2(ttl > 5 && ttl <= 10, qPrintable(QString::number(ttl)));
    const QJsonObject document = first["document"_L1].toObject();
    const QString host = document["hostname"_L1].toString() + u":8080"_s;
    QCOMPARE(document.size(), 5);
    QCOMPARE(document["host"_L1].toString(), host);
    QCOMPARE(document["url"_L1].toString(), u"http://"_s + host);
    QTest::qWait(11500); // without a heartbeat it would be gone
    QCOMPARE(exported()["document"_L1].toObject(), document);

    QCOMPARE(held.end(SIGKILL), -SIGKILL);
    QCOMPARE(ask(connection, {u"list"_s}), "my-service\n");
    // Without a new leader meanwhile, for which all leases begin anew, after 10.5 s at most
    QTRY_COMPARE_WITH_TIMEOUT(ask(connection, {u"list"_s}), QByteArray(), 25000);
}

/// "If a operation fails will try another node in the cluster until it has tried everyone", "will
/// ping your cluster to see if new machines has joined"
void TestNpmReadme::faultTolerance()
{
    QFETCH(Api, store);
    const QString onlyOne = m_etcd.endpoints().first().toString();
    const QString all = m_etcd.connectionString(suffix(store));
    Held held(joinOf(onlyOne + suffix(store) + u"&refresh=true"_s, {u"web"_s, u"-p"_s, u"80"_s}));
    QVERIFY(held.joined);
    QTest::qWait(3000);
    QVERIFY(m_etcd.kill(0));
    QTest::qWait(11500);
    QCOMPARE(ask(all, {u"list"_s}), "web\n"); // it is held by nodes that it was not told
    QVERIFY(m_etcd.restart(0));
    QCOMPARE(held.end(SIGTERM), 0);
    QCOMPARE(ask(all, {u"list"_s}), "");
}

QTEST_GUILESS_MAIN(TestNpmReadme)
#include "tst_npmreadme.moc"
