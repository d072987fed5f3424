// SPDX-License-Identifier: MIT
#include "cli.h"
#include "connectionstring.h"
#include "etcdcluster.h"
#include "fakeserver.h"
#include "layout.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QLocale>
#include <QNetworkReply>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

/// The command doctor as a process: it finds each fault that is planted in a real cluster, and
/// nothing but that; and nothing on a healthy one.
class TestDoctor : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void healthy_data() { stores(); }
    void healthy();
    void inTheRegistry_data();
    void inTheRegistry();
    void misspelledNamespace_data() { stores(); }
    void misspelledNamespace();
    void bothStores();
    void deadAndHungNodes_data() { stores(); }
    void deadAndHungNodes();
    void noMajority_data() { stores(); }
    void noMajority();
    void nobody();
    void logins_data();
    void logins();
    void certificates();
    void alarm_data() { stores(); }
    void alarm();
    void addressOfAMember();
    void apiNotServed();
    void leadingSlash();
    void directoryTtl();
    void twoOwners_data() { stores(); }
    void twoOwners();
    void oddHosts();
    void proxyThatBuffers_data() { stores(); }
    void proxyThatBuffers();
    void clock_data();
    void clock();

private:
    static void stores()
    {
        QTest::addColumn<Api>("api");
        QTest::newRow("v2") << Api::V2;
        QTest::newRow("v3") << Api::V3;
    }

    EtcdCluster m_cluster{{.members = 3}};
};

namespace {

QString option(Api api)
{
    return api == Api::V2 ? u"?api=v2"_s : u"?api=v3"_s;
}

/// What it found, and how it ended.
struct Visit
{
    explicit Visit(const QString &connection)
        : cli({u"-e"_s, connection, u"doctor"_s, u"--output"_s, u"jsonl"_s})
    {
        outcome = QString::number(cli.runAside().status());
        for (const QByteArray &line : cli.output.trimmed().split('\n')) {
            const QJsonObject finding = QJsonDocument::fromJson(line).object();
            outcome += u' ' + finding.value("check"_L1).toString();
            where += finding.value("where"_L1).toString();
        }
        outcome = (outcome + QString::fromUtf8(cli.error)).trimmed();
    }

    Cli cli;
    QString outcome; ///< "1 reach leader": exit status, findings, errors
    QStringList where;
};

Layout::Record record(const QString &nameSpace, const QString &name,
                      const QString &hostname = u"10.0.0.1"_s)
{
    return *Layout::encode(
        {.name = name, .nameSpace = nameSpace, .hostname = hostname, .port = 80});
}

constexpr int ttl = 600;

bool registered(EtcdCluster &cluster, Api api, const Layout::Record &record, int seconds = ttl)
{
    return cluster.put(api, record.key, record.value, seconds);
}

QString withLogin(QString connection, const QString &login)
{
    return connection.replace(u"://"_s, u"://"_s + login + u'@');
}

} // namespace

void TestDoctor::initTestCase()
{
    QVERIFY2(m_cluster.start(), qPrintable(m_cluster.error()));
    for (const Api api : {Api::V2, Api::V3}) {
        const QString nameSpace = api == Api::V2 ? u"shop-v2"_s : u"shop-v3"_s;
        for (const QString &name : {u"web"_s, u"a b"_s, u"orders"_s})
            QVERIFY(registered(m_cluster, api, record(nameSpace, name)));
    }
}

void TestDoctor::healthy()
{
    QFETCH(Api, api);
    const QString connection =
        m_cluster.connectionString((api == Api::V2 ? u"/shop-v2"_s : u"/shop-v3"_s) + option(api));
    const auto contents = [&] {
        return m_cluster.request(Api::V2, "GET", u"/v2/keys/services"_s).body
               + m_cluster.request(Api::V3, "POST", u"/v3/kv/range"_s, R"({"key":"AA=="})").body;
    };
    const auto before = contents();
    Cli quiet({u"-e"_s, connection, u"doctor"_s});
    QCOMPARE(quiet.run().output, QByteArray());
    QCOMPARE(quiet.error, QByteArray());
    QCOMPARE(quiet.status(), 0);
    Cli verbose({u"-e"_s, connection, u"doctor"_s, u"-v"_s});
    QCOMPARE(verbose.run().status(), 0);
    QVERIFY(verbose.output.count('\n') > 10);
    QCOMPARE(verbose.output.count("ok: "), verbose.output.count('\n'));
    // That no key was written shows in v3's revision, too, which only writes raise.
    const auto revision = [](const QByteArray &body) {
        return body.mid(body.indexOf("revision"), 20);
    };
    QCOMPARE(revision(contents()), revision(before));
    QVERIFY(!contents().contains("doctor") && !contents().contains("browser"));
}

// ---- in the registry

void TestDoctor::inTheRegistry_data()
{
    QTest::addColumn<Api>("api");
    QTest::addColumn<QString>("check");
    QTest::addColumn<QList<Layout::Record>>("records");
    QTest::addColumn<int>("seconds");
    for (const Api api : {Api::V2, Api::V3}) {
        const QString nameSpace = api == Api::V2 ? u"sick-v2"_s : u"sick-v3"_s;
        const Layout::Record good = record(nameSpace, u"web"_s);
        const auto row = [&](const char *tag, const QString &check,
                             const QList<Layout::Record> &records, int seconds = ttl) {
            QTest::addRow("%s %s", api == Api::V2 ? "v2" : "v3", tag)
                << api << check << records << seconds;
        };
        row("zombie", u"ttl"_s, {good}, 0);
        row("no object", u"document"_s, {{good.key, "[1]"}});
        row("another key", u"document"_s, {{good.key, record(nameSpace, u"db"_s).value}});
        row("one place", u"name"_s, {record(nameSpace, u"a b"_s), record(nameSpace, u"a.b"_s)});
        row("loopback", u"host"_s, {good, record(nameSpace, u"db"_s, u"localhost"_s)});
    }
}

void TestDoctor::inTheRegistry()
{
    QFETCH(Api, api);
    QFETCH(QString, check);
    QFETCH(QList<Layout::Record>, records);
    QFETCH(int, seconds);
    for (const Layout::Record &one : records)
        QVERIFY(registered(m_cluster, api, one, seconds));
    const QString nameSpace = api == Api::V2 ? u"/sick-v2"_s : u"/sick-v3"_s;
    const Visit visit(m_cluster.connectionString(nameSpace + option(api)));
    for (const Layout::Record &one : records)
        QVERIFY(m_cluster.remove(api, one.key));
    QCOMPARE(visit.outcome, u"1 "_s + check);
    QVERIFY(records.constLast().key.startsWith(visit.where.constFirst()));
}

void TestDoctor::misspelledNamespace()
{
    QFETCH(Api, api);
    const Visit visit(m_cluster.connectionString(u"/Shop"_s + option(api)));
    QCOMPARE(visit.outcome, u"1 namespace"_s);
    QVERIFY2(visit.cli.output.contains(api == Api::V2 ? "shop-v2" : "shop-v3"), visit.cli.output);
}

void TestDoctor::bothStores()
{
    const Layout::Record both = record(u"both"_s, u"web"_s);
    QVERIFY(registered(m_cluster, Api::V2, both));
    QVERIFY(registered(m_cluster, Api::V3, both));
    QCOMPARE(Visit(m_cluster.connectionString(u"/both"_s)).outcome, u"1 api"_s);
}

// ---- in the cluster

void TestDoctor::deadAndHungNodes()
{
    QFETCH(Api, api);
    const QString connection =
        m_cluster.connectionString((api == Api::V2 ? u"/shop-v2"_s : u"/shop-v3"_s) + option(api));
    const QString endpoint = m_cluster.endpoints().constLast().toString();
    QVERIFY(m_cluster.kill(2));
    QVERIFY(m_cluster.waitForLeader() >= 0);
    {
        const Visit visit(connection);
        QCOMPARE(visit.outcome, u"1 reach"_s);
        QCOMPARE(visit.where, QStringList{endpoint});
    }
    QVERIFY(m_cluster.restart(2));
    m_cluster.suspend(2);
    QVERIFY(m_cluster.waitForLeader(2) >= 0);
    const Visit visit(connection);
    m_cluster.resume(2);
    QCOMPARE(visit.outcome, u"1 reach"_s);
    QCOMPARE(visit.where, QStringList{endpoint});
    QTRY_VERIFY_WITH_TIMEOUT(m_cluster.isHealthy(2), 20000);
}

void TestDoctor::noMajority()
{
    QFETCH(Api, api);
    QVERIFY(m_cluster.kill(1));
    QVERIFY(m_cluster.kill(2));
    QTRY_VERIFY_WITH_TIMEOUT(!m_cluster.isHealthy(0), 20000);
    const Visit visit(
        m_cluster.connectionString((api == Api::V2 ? u"/shop-v2"_s : u"/shop-v3"_s) + option(api)));
    QVERIFY(m_cluster.restart(1));
    QVERIFY(m_cluster.restart(2));
    QCOMPARE(visit.outcome, u"1 reach reach leader"_s);
    QVERIFY2(visit.cli.output.contains("1 of 3"), visit.cli.output);
}

void TestDoctor::nobody()
{
    const QString connection = u"root:secret@127.0.0.1:%1"_s.arg(LocalEtcd::freePort());
    const Visit visit(connection);
    QCOMPARE(visit.outcome, u"3 reach"_s);
    QVERIFY(!visit.cli.output.contains("secret"));
}

void TestDoctor::alarm()
{
    QFETCH(Api, api);
    EtcdCluster etcd;
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    const QByteArray raise = R"({"action":"ACTIVATE","alarm":"NOSPACE","memberID":"0"})";
    QCOMPARE(etcd.request(Api::V3, "POST", u"/v3/maintenance/alarm"_s, raise).status, 200);
    const Visit visit(etcd.connectionString(option(api)));
    QCOMPARE(visit.outcome, u"1 alarm"_s);
    QVERIFY(visit.cli.output.contains("disarm"));
}

void TestDoctor::addressOfAMember()
{
    const QString nowhere = u"http://127.0.0.1:%1"_s.arg(LocalEtcd::freePort());
    EtcdCluster etcd({.arguments = {u"--advertise-client-urls"_s, nowhere}});
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    const Visit visit(etcd.connectionString());
    QCOMPARE(visit.outcome, u"1 reach"_s);
    QCOMPARE(visit.where, QStringList{nowhere});
}

void TestDoctor::apiNotServed()
{
    EtcdCluster etcd({.v2 = false});
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    QCOMPARE(Visit(etcd.connectionString(u"?api=v2"_s)).outcome, u"1 api"_s);
    QCOMPARE(Visit(etcd.connectionString()).outcome, u"0"_s);
}

// ---- on the way there

void TestDoctor::logins_data()
{
    QTest::addColumn<Api>("api");
    QTest::addColumn<QString>("login");
    QTest::addColumn<bool>("readOnly");
    QTest::addColumn<QString>("outcome");
    for (const Api api : {Api::V2, Api::V3}) {
        const char *tag = api == Api::V2 ? "v2" : "v3";
        QTest::addRow("%s right", tag) << api << u"ops:hunter2"_s << false << u"0"_s;
        QTest::addRow("%s wrong", tag) << api << u"ops:hunter3"_s << false << u"1 read"_s;
        QTest::addRow("%s none", tag) << api << QString() << false << u"1 read"_s;
        QTest::addRow("%s may only read", tag) << api << u"ops:hunter2"_s << true << u"1 write"_s;
    }
}

void TestDoctor::logins()
{
    QFETCH(Api, api);
    QFETCH(QString, login);
    QFETCH(bool, readOnly);
    EtcdCluster etcd;
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    QVERIFY(registered(etcd, api, record(u"safe"_s, u"web"_s)));
    QVERIFY2(etcd.enableAuth(api, u"ops"_s, u"hunter2"_s, readOnly), qPrintable(etcd.error()));
    QString connection = etcd.connectionString(u"/safe"_s + option(api));
    if (!login.isEmpty())
        connection = withLogin(connection, login);
    const Visit visit(connection);
    QTEST(visit.outcome, "outcome");
    QVERIFY2(!visit.cli.output.contains("hunter"), visit.cli.output);
}

void TestDoctor::certificates()
{
    EtcdCluster etcd({.tls = true});
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    const QString right = etcd.connectionString();
    const auto with = [&](const QString &file, const QString &other) {
        return QString(right).replace(etcd.certificates().path(file),
                                      etcd.certificates().path(other));
    };
    QCOMPARE(Visit(right).outcome, u"0"_s);
    QCOMPARE(Visit(with(u"ca.pem"_s, u"other-ca.pem"_s)).outcome, u"3 tls"_s);
    QCOMPARE(Visit(with(u"ca.pem"_s, u"missing.pem"_s)).outcome, u"3 tls"_s);
    const QString stranger =
        with(u"client.pem"_s, u"stranger.pem"_s).replace(u"client.key"_s, u"stranger.key"_s);
    QCOMPARE(Visit(stranger).outcome, u"3 tls"_s);
}

void TestDoctor::leadingSlash()
{
    const QString key = u"/services/slash/web/1"_s;
    QVERIFY(registered(m_cluster, Api::V3, {key, "{}"}));
    for (const Api api : {Api::V2, Api::V3}) {
        const Visit visit(m_cluster.connectionString(u"/slash"_s + option(api)));
        // The other one is that there are other namespaces.
        QCOMPARE(visit.outcome, u"1 namespace namespace"_s);
        QVERIFY2(visit.cli.output.contains("slash before it"), visit.cli.output);
    }
    QVERIFY(m_cluster.remove(Api::V3, key));
}

void TestDoctor::directoryTtl()
{
    QNetworkAccessManager network;
    QNetworkRequest request(m_cluster.endpoints()[0].resolved(QUrl(u"/v2/keys/services/mortal"_s)));
    request.setHeader(QNetworkRequest::ContentTypeHeader, u"application/x-www-form-urlencoded"_s);
    QNetworkReply *reply = network.put(request, "dir=true&ttl=500");
    QTRY_VERIFY(reply->isFinished());
    QCOMPARE(reply->error(), QNetworkReply::NoError);
    const Layout::Record one = record(u"mortal/eu"_s, u"web"_s);
    QVERIFY(registered(m_cluster, Api::V2, one));
    for (const QString &nameSpace : {u"/mortal"_s, u"/mortal/eu"_s}) {
        const Visit visit(m_cluster.connectionString(nameSpace + option(Api::V2)));
        QCOMPARE(visit.outcome, u"1 ttl"_s);
        QCOMPARE(visit.where, QStringList{u"services/mortal/"_s});
    }
    QVERIFY(m_cluster.remove(Api::V2, one.key));
}

/// Each puts back what the other wrote.
void TestDoctor::twoOwners()
{
    QFETCH(Api, api);
    const Layout::Record one = record(u"fight"_s, u"web"_s);
    const QByteArray other = one.value.chopped(1) + R"(,"owner":"b"})";
    QVERIFY(registered(m_cluster, api, one, 10));
    QVERIFY(registered(m_cluster, api, {one.key, other}, 10));
    bool isOther = false;
    QTimer flip;
    connect(&flip, &QTimer::timeout, this, [&] {
        QVERIFY(registered(m_cluster, api, {one.key, isOther ? other : one.value}, 10));
        isOther = !isOther;
    });
    flip.start(1000);
    const Visit visit(m_cluster.connectionString(u"/fight"_s + option(api)));
    flip.stop();
    QVERIFY(m_cluster.remove(api, one.key));
    QCOMPARE(visit.outcome, u"1 owner"_s);
    QCOMPARE(visit.where, QStringList{one.key});
}

void TestDoctor::oddHosts()
{
    FakeServer web, peer;
    web.on("/", FakeServer::reply(401, "<html>Who are you?</html>", "text/html",
                                  "Server: nginx/1.22.1\r\n"));
    peer.on("/version", FakeServer::reply(200, R"({"etcdserver":"3.4.23"})"));
    peer.on("/members", FakeServer::reply(200, R"([{"id":7,"name":"n","clientURLs":[]}])"));
    const auto visit = [&](const FakeServer &odd) {
        return Visit(m_cluster.endpoints()[0].authority() + u',' + odd.url().authority()
                     + u"/shop-v3?api=v3"_s);
    };
    const Visit atWeb = visit(web);
    QCOMPARE(atWeb.outcome, u"1 reach"_s);
    QVERIFY2(atWeb.cli.output.contains("nginx/1.22.1"), atWeb.cli.output);
    const Visit atPeer = visit(peer);
    QCOMPARE(atPeer.outcome, u"1 reach"_s);
    QVERIFY2(atPeer.cli.output.contains("peer port"), atPeer.cli.output);
}

/// nginx, as it is by default.
void TestDoctor::proxyThatBuffers()
{
    QFETCH(Api, api);
    QString nginx = QStandardPaths::findExecutable(u"nginx"_s);
    if (nginx.isEmpty())
        nginx = QStandardPaths::findExecutable(u"nginx"_s, {u"/usr/sbin"_s});
    if (nginx.isEmpty())
        QSKIP("nginx is not installed");
    QTemporaryDir folder;
    const auto port = LocalEtcd::freePort();
    QFile file(folder.filePath(u"nginx.conf"_s));
    QVERIFY(file.open(QFile::WriteOnly));
    QString text = u"daemon off; pid D/pid; error_log D/error; events {} http { access_log off;"_s;
    for (const QString &what : {u"client_body"_s, u"proxy"_s, u"fastcgi"_s, u"uwsgi"_s, u"scgi"_s})
        text += what + u"_temp_path D/"_s + what + u';';
    text += u"server { listen 127.0.0.1:%1; location / { proxy_pass %2; } } }"_s.arg(port).arg(
        m_cluster.endpoints()[0].toString());
    file.write(text.replace(u" D/"_s, u' ' + folder.path() + u'/').toUtf8());
    file.close();
    QProcess proxy;
    proxy.start(nginx, {u"-c"_s, file.fileName(), u"-e"_s, folder.filePath(u"error"_s)});
    QVERIFY(proxy.waitForStarted());
    QTest::qWait(500);
    const Visit visit(u"127.0.0.1:%1"_s.arg(port) + (api == Api::V2 ? u"/shop-v2"_s : u"/shop-v3"_s)
                      + option(api));
    proxy.terminate();
    proxy.waitForFinished();
    QCOMPARE(visit.outcome, u"1 watch"_s);
    QVERIFY2(visit.cli.output.contains("proxy_buffering off"), visit.cli.output);
}

void TestDoctor::clock_data()
{
    QTest::addColumn<int>("seconds");
    QTest::addColumn<QByteArray>("words");
    QTest::newRow("ahead") << 3600 << QByteArray("ahead");
    QTest::newRow("behind") << -3600 << QByteArray("behind");
}

void TestDoctor::clock()
{
    QFETCH(int, seconds);
    QFETCH(QByteArray, words);
    const QString date = QLocale::c().toString(QDateTime::currentDateTimeUtc().addSecs(seconds),
                                               u"ddd, dd MMM yyyy hh:mm:ss 'GMT'"_s);
    FakeServer server;
    const QByteArray header = R"({"header":{"cluster_id":"1","member_id":"7","revision":"1"})";
    const auto on = [&](const QByteArray &path, const QByteArray &rest) {
        server.on(path, FakeServer::reply(200, header + rest + '}'));
    };
    server.on("/version", FakeServer::reply(200, R"({"etcdserver":"3.4.23"})", "application/json",
                                            "Date: " + date.toLatin1() + "\r\n"));
    on("/v3/cluster/member/list", R"(,"members":[{"ID":"7","name":"n","clientURLs":[")"
                                      + server.url().toEncoded() + R"("]}])");
    on("/v3/maintenance/status", R"(,"leader":"7")");
    on("/v3/kv/range", {});
    on("/v3/kv/txn", {});
    server.on("/v3/watch", FakeServer::stream(R"({"result":)" + header
                                              + R"(,"created":true}})"
                                                "\n"));
    const Visit visit(server.url().toString());
    QCOMPARE(visit.outcome, u"1 clock"_s);
    QVERIFY2(visit.cli.output.contains(words), visit.cli.output);
}

QTEST_GUILESS_MAIN(TestDoctor)
#include "tst_doctor.moc"
