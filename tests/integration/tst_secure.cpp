// SPDX-License-Identifier: MIT
#include "await.h"
#include "etcdcluster.h"
#include "fakeserver.h"
#include "pipeline.h"
#include "registry.h"
#include "seen.h"
#include "tlsfiles.h"

#include <QFile>
#include <QSslKey>
#include <QSslServer>
#include <QTest>
#include <QTimer>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

/// https with a private CA and required client certificates, and logins, against real etcd.
class TestSecure : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void certificates_data() { stores(); }
    void certificates();
    void takesEd25519Keys_data() { stores(); }
    void takesEd25519Keys();
    void sharesConnectionsOverTls();
    void certificatesThatDoNotFit_data();
    void certificatesThatDoNotFit();
    void blamesNoCertificateForANodeThatEnds();
    void saysWhichProtocol_data();
    void saysWhichProtocol();
    void login_data() { stores(); }
    void login();
    void loginIsRefused_data();
    void loginIsRefused();
    void tokenIsRenewed();
    void livesOverTls_data() { stores(); }
    void livesOverTls();
    void livesWithALogin_data() { stores(); }
    void livesWithALogin();
    void saysWhyItMayNotLook_data() { stores(); }
    void saysWhyItMayNotLook();
    void givesNoLoginToStrangers_data();
    void givesNoLoginToStrangers();
    void followsWhereLoginsAreOn();

private:
    static void stores()
    {
        QTest::addColumn<Api>("api");
        QTest::newRow("v2") << Api::V2;
        QTest::newRow("v3") << Api::V3;
    }
    static QString option(Api api) { return api == Api::V2 ? u"api=v2"_s : u"api=v3"_s; }
    static Service service()
    {
        return {.name = u"web"_s, .nameSpace = u"safe"_s, .hostname = u"10.0.0.1"_s, .port = 80};
    }
    static QString withUser(QString text, const QString &login)
    {
        return text.replace(u"://"_s, u"://"_s + login + u'@');
    }
};

static void joinListLeave(const QString &text)
{
    Registry registry(*ConnectionString::parse(text));
    Service service{
        .name = u"web"_s, .nameSpace = u"safe"_s, .hostname = u"10.0.0.1"_s, .port = 80};
    service.ttl = 2s;
    service.heartbeat = 1s;
    const auto joined = await(registry.join(service));
    QVERIFY2(joined, qPrintable(joined ? QString() : joined.error().message()));
    QTest::qWait(3000); // some beats
    QCOMPARE(await(registry.list())->instances.size(), 1);
    QCOMPARE(registry.registrations().first().beatsMissed, 0);
    QVERIFY(await(registry.leaveAll()));
    QCOMPARE(await(registry.list())->instances.size(), 0);
}

void TestSecure::certificates()
{
    QFETCH(Api, api);
    EtcdCluster etcd({.tls = true});
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    joinListLeave(etcd.connectionString(u"/safe?"_s + option(api)));
}

void TestSecure::takesEd25519Keys()
{
    QFETCH(Api, api);
    EtcdCluster etcd({.tls = true});
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    Certificates &certificates = etcd.certificates();
    QVERIFY2(certificates.sign(u"ed"_s, u"extendedKeyUsage=clientAuth"_s, u"ed25519"_s),
             qPrintable(certificates.error()));
    const QString text = etcd.connectionString(u"/safe?"_s + option(api));
    joinListLeave(QString(text).replace(u"client."_s, u"ed."_s));
}

void TestSecure::sharesConnectionsOverTls()
{
    EtcdCluster etcd({.tls = true});
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    const auto tls = tlsConfiguration(*ConnectionString::parse(etcd.connectionString()));
    QVERIFY(tls);
    Pipeline pipeline(etcd.endpoints().first(), *tls);
    QTRY_VERIFY(pipeline.makeRoom());
    size_t written = 0;
    for (size_t i = 0; i < Pipeline::requestsOnEach; ++i) {
        pipeline.send({.method = "PUT",
                       .path = "/v2/keys/" + QByteArray::number(qsizetype(i)),
                       .body = "value=1",
                       .contentType = "application/x-www-form-urlencoded"},
                      {}, 10s, [&](const std::optional<HttpReply> &reply) {
                          written += reply && reply->status == 201;
                      });
    }
    QTRY_COMPARE(written, Pipeline::requestsOnEach);

    Pipeline stranger(etcd.endpoints().first(), {}); // the system knows no such CA
    QVERIFY(!QTest::qWaitFor([&] { return stranger.makeRoom(); }, 500));
}

void TestSecure::certificatesThatDoNotFit_data()
{
    QTest::addColumn<bool>("ca");
    QTest::addColumn<bool>("client");
    QTest::addColumn<QString>("words");
    QTest::newRow("no CA") << false << true << u"certificate"_s;
    QTest::newRow("no client certificate") << true << false << u"client certificate"_s;
}

void TestSecure::certificatesThatDoNotFit()
{
    QFETCH(bool, ca);
    QFETCH(bool, client);
    QFETCH(QString, words);
    EtcdCluster etcd({.tls = true});
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    ConnectionString text = *ConnectionString::parse(etcd.connectionString());
    if (!ca)
        text.caFile.clear();
    if (!client) {
        text.certFile.clear();
        text.keyFile.clear();
    }
    Registry registry(text);
    const auto listed = await(registry.list());
    QVERIFY(!listed);
    QCOMPARE(listed.error().code, Error::Code::Tls);
    QVERIFY2(listed.error().message().contains(words), qPrintable(listed.error().message()));
    QVERIFY(listed.error().message().contains(etcd.endpoints().first().toString()));
}

/// A node that is killed in the middle of a request.
void TestSecure::blamesNoCertificateForANodeThatEnds()
{
    Certificates files;
    QVERIFY2(files.create(), qPrintable(files.error()));
    QSslConfiguration tls = QSslConfiguration::defaultConfiguration();
    tls.setLocalCertificateChain(QSslCertificate::fromPath(files.path(u"server.pem"_s)));
    QFile key(files.path(u"server.key"_s));
    QVERIFY(key.open(QIODevice::ReadOnly));
    tls.setPrivateKey(QSslKey(&key, QSsl::Ec));
    QSslServer node;
    node.setSslConfiguration(tls);
    connect(&node, &QSslServer::pendingConnectionAvailable, this, [&] {
        QTcpSocket *socket = node.nextPendingConnection();
        connect(socket, &QTcpSocket::readyRead, socket, [socket] {
            QTimer::singleShot(300, socket, [socket] { socket->disconnectFromHost(); });
        });
    });
    QVERIFY(node.listen(QHostAddress::LocalHost));
    Registry registry(*ConnectionString::parse(u"https://127.0.0.1:%1?timeout=3000&ca=%2"_s.arg(
        QString::number(node.serverPort()), files.path(u"ca.pem"_s))));
    const auto listed = await(registry.list());
    QVERIFY(!listed);
    QCOMPARE(listed.error().code, Error::Code::Unreachable);
    QVERIFY2(!listed.error().message().contains(u"certificate"_s),
             qPrintable(listed.error().message()));
}

void TestSecure::saysWhichProtocol_data()
{
    QTest::addColumn<bool>("tls");
    QTest::addColumn<QString>("words");
    QTest::newRow("http to https") << true << u"it may want https"_s;
    QTest::newRow("https to http") << false << u"it may speak plain http"_s;
}

void TestSecure::saysWhichProtocol()
{
    QFETCH(bool, tls);
    QFETCH(QString, words);
    EtcdCluster etcd({.tls = tls});
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    QUrl url = etcd.endpoints().first();
    url.setScheme(tls ? u"http"_s : u"https"_s);
    Registry registry(*ConnectionString::parse(url.toString() + u"?deadline=1500"_s));
    const auto listed = await(registry.list());
    QVERIFY(!listed);
    QVERIFY2(listed.error().message().contains(words), qPrintable(listed.error().message()));
}

void TestSecure::login()
{
    QFETCH(Api, api);
    EtcdCluster etcd;
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    QVERIFY2(etcd.enableAuth(api, u"ops"_s, u"p@ss:w/rd"_s), qPrintable(etcd.error()));
    const QString text = etcd.connectionString(u"/safe?"_s + option(api));
    joinListLeave(withUser(text, u"ops:p%40ss%3Aw%2Frd"_s));
}

void TestSecure::loginIsRefused_data()
{
    QTest::addColumn<Api>("api");
    QTest::addColumn<QString>("login");
    QTest::addColumn<bool>("readOnly");
    for (const Api api : {Api::V2, Api::V3}) {
        const char *tag = api == Api::V2 ? "v2" : "v3";
        QTest::addRow("%s nobody", tag) << api << QString() << false;
        QTest::addRow("%s wrong password", tag) << api << u"ops:hunter3"_s << false;
        QTest::addRow("%s unknown user", tag) << api << u"eve:hunter2"_s << false;
        QTest::addRow("%s may only read", tag) << api << u"ops:hunter2"_s << true;
    }
}

void TestSecure::loginIsRefused()
{
    QFETCH(Api, api);
    QFETCH(QString, login);
    QFETCH(bool, readOnly);
    EtcdCluster etcd;
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    QVERIFY2(etcd.enableAuth(api, u"ops"_s, u"hunter2"_s, readOnly), qPrintable(etcd.error()));
    QString text = etcd.connectionString(u"/safe?"_s + option(api));
    if (!login.isEmpty())
        text = withUser(text, login);
    Registry registry(*ConnectionString::parse(text));
    const auto joined = await(registry.join(service()));
    QVERIFY(!joined);
    const Error::Code code = joined.error().code;
    QVERIFY(code == Error::Code::LoginRequired || code == Error::Code::LoginRefused
            || code == Error::Code::PermissionDenied);
    QVERIFY(!joined.error().retryable());
    const QString message = joined.error().message();
    QVERIFY2(!message.contains(u"hunter"_s), qPrintable(message));
    // v2 has one answer to all, and who has given no login is told to.
    const QString right = u"the right on services/safe/."_s;
    const QString advice = login.isEmpty()  ? u"asks for a login"_s
                           : api == Api::V2 ? right
                           : joined.error().code == Error::Code::LoginRefused
                               ? u"user or password"_s
                               : right;
    QVERIFY2(message.contains(advice), qPrintable(message));
    QCOMPARE(code == Error::Code::LoginRequired, login.isEmpty());
    QVERIFY(registry.registrations().isEmpty());
    const auto listed = await(registry.list());
    QCOMPARE(bool(listed), readOnly);
}

void TestSecure::tokenIsRenewed()
{
    EtcdCluster etcd({.arguments = {u"--auth-token-ttl"_s, u"2"_s}});
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    QVERIFY2(etcd.enableAuth(Api::V3, u"ops"_s, u"hunter2"_s), qPrintable(etcd.error()));
    Registry registry(*ConnectionString::parse(
        withUser(etcd.connectionString(u"/safe?api=v3"_s), u"ops:hunter2"_s)));
    QVERIFY(await(registry.list()));
    QTest::qWait(4500); // the token has gone by now
    QList<QFuture<Result<Snapshot>>> lists;
    for (int i = 0; i < 10; ++i)
        lists.append(registry.list());
    for (const auto &list : lists)
        QVERIFY(await(list));
}

static void joinsAndLeaves(EtcdCluster &etcd, Seen &seen, Api api)
{
    QVERIFY(seen.start());
    const QString key = u"services/safe/web/1"_s;
    QVERIFY(etcd.put(api, key, "{}"));
    QTRY_VERIFY_WITH_TIMEOUT(seen.now.contains(key), 1500); // a login takes etcd 80 ms
    QVERIFY(etcd.remove(api, key));
    QTRY_VERIFY_WITH_TIMEOUT(!seen.now.contains(key), 1500);
    QCOMPARE(seen.events, QList{LiveEvent::Kind::Connected});
}

void TestSecure::livesOverTls()
{
    QFETCH(Api, api);
    EtcdCluster etcd({.tls = true});
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    Seen seen(etcd.connectionString(u"/safe?"_s + option(api)));
    joinsAndLeaves(etcd, seen, api);
}

/// The token of v3 expires under a watch; when that has to be opened again it needs a new one.
void TestSecure::livesWithALogin()
{
    QFETCH(Api, api);
    EtcdCluster etcd({.arguments = {u"--auth-token-ttl"_s, u"2"_s}});
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    QVERIFY2(etcd.enableAuth(api, u"ops"_s, u"hunter2"_s, true), qPrintable(etcd.error()));
    Seen seen(withUser(etcd.connectionString(u"/safe?"_s + option(api)), u"ops:hunter2"_s));
    joinsAndLeaves(etcd, seen, api);
    QTest::qWait(3000);
    QVERIFY(etcd.kill(0));
    QTRY_COMPARE_WITH_TIMEOUT(seen.status.freshness, LiveStatus::Freshness::Stale, 8000);
    QVERIFY(etcd.restart(0));
    QTRY_COMPARE_WITH_TIMEOUT(seen.status.freshness, LiveStatus::Freshness::Live, 10000);
    QCOMPARE(seen.events.count(LiveEvent::Kind::Recovered), 1);
}

void TestSecure::saysWhyItMayNotLook()
{
    QFETCH(Api, api);
    EtcdCluster etcd;
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    QVERIFY2(etcd.enableAuth(api, u"ops"_s, u"hunter2"_s), qPrintable(etcd.error()));
    Seen seen(withUser(etcd.connectionString(u"/safe?"_s + option(api)), u"ops:hunter3"_s));
    seen.live.start();
    QTRY_VERIFY_WITH_TIMEOUT(seen.status.error, 6000);
    QCOMPARE(seen.status.error->code, Error::Code::LoginRefused);
    QVERIFY(!seen.status.error->message().contains(u"hunter"_s));
    QVERIFY(!seen.began);
}

/// Who is a member says etcd, and that may be "localhost", or somebody who listens in the clear.
void TestSecure::givesNoLoginToStrangers_data()
{
    QTest::addColumn<bool>("tls");
    QTest::newRow("http") << false;
    QTest::newRow("from https to http") << true;
}

void TestSecure::givesNoLoginToStrangers()
{
    QFETCH(bool, tls);
    FakeServer stranger, gone;
    EtcdCluster etcd(
        {.tls = tls, .arguments = {u"--advertise-client-urls"_s, stranger.url().toString()}});
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    ConnectionString connection =
        *ConnectionString::parse(etcd.connectionString(u"/safe?refresh=true&api=v2"_s));
    connection.user = u"ops"_s;
    connection.password = u"hunter2"_s;
    // It fails, so the membership is asked for.
    QUrl nobody = gone.url();
    gone.stop();
    nobody.setScheme(connection.endpoints.first().scheme());
    connection.endpoints.prepend(nobody);
    Registry registry(connection);
    QVERIFY(await(registry.list()));
    if (tls) {
        QTest::qWait(1000);
        QCOMPARE(stranger.requests().size(), 0);
    } else {
        QTRY_COMPARE(stranger.requests().size(), 1);
        QVERIFY(!stranger.requests().first().headers.contains("authorization"));
    }
}

/// As from 3.4.42 on the membership is told to users only: who is new shows without our login that
/// it is a member, and is given it from then on.
void TestSecure::followsWhereLoginsAreOn()
{
    FakeServer first, second, stranger;
    for (FakeServer *node : {&first, &second, &stranger})
        node->on("/version", FakeServer::reply(200, R"({"etcdserver":"3.5.30"})"));
    const auto refused =
        FakeServer::reply(400, R"({"code":3,"message":"etcdserver: user name is empty"})");
    stranger.on("/v3/", refused);
    stranger.on("/metrics", FakeServer::reply(200, "\netcd_server_id{server_id=\"63\"} 1\n"));
    second.on("/metrics", FakeServer::reply(200, "\netcd_server_id{server_id=\"a\"} 1\n"));
    for (FakeServer *node : {&first, &second}) {
        node->on("/v3/kv/range", refused);
        node->on("/v3/kv/range", FakeServer::reply(200, R"({"header":{"revision":"1"}})"));
        node->on("/v3/auth/authenticate",
                 FakeServer::reply(200, R"({"header":{},"token":"secret.1"})"));
        node->on("/v3/cluster/member/list",
                 FakeServer::reply(
                     200, R"({"header":{},"members":[{"ID":"7","name":"a","clientURLs":[")"
                              + first.url().toEncoded() + R"("]},{"ID":"10","clientURLs":[")"
                              + second.url().toEncoded() + R"("]},{"ID":"11","clientURLs":[")"
                              + stranger.url().toEncoded() + R"("]}]})"));
    }
    Registry registry(*ConnectionString::parse(u"http://ops:hunter2@"_s + first.url().authority()
                                               + u"?api=v3&refresh=true"_s));
    QVERIFY(await(registry.list()));
    QTRY_VERIFY_WITH_TIMEOUT(!stranger.requests().isEmpty() && !second.requests().isEmpty(), 5000);
    QTest::qWait(200);
    for (const FakeServer *node : {&second, &stranger}) {
        for (const FakeServer::Request &request : node->requests())
            QVERIFY2(!request.headers.contains("authorization"), request.path);
    }
    first.stop();
    const auto listed = await(registry.list());
    QVERIFY2(listed, qPrintable(listed ? QString() : listed.error().message()));
    QCOMPARE(listed->endpoint, second.url().toString());
    for (const FakeServer::Request &request : stranger.requests())
        QVERIFY2(!request.headers.contains("authorization"), request.path);
}

QTEST_GUILESS_MAIN(TestSecure)
#include "tst_secure.moc"
