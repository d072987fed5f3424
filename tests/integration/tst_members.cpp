// SPDX-License-Identifier: MIT
#include "cli.h"
#include "connectionstring.h"
#include "etcdcluster.h"
#include "fakeserver.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

/// The command members as a process, against real clusters.
class TestMembers : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void table_data() { stores(); }
    void table();
    void outputs();
    void showsWhoDoesNotAnswer();
    void showsHostsThatAreNoMembers();
    void failsWhereNobodyTells();
    void givesNoLoginToStrangers();
    void logsIn();
    void eachApiHasItsLogin();
    void saysWhatItMayNotSee_data();
    void saysWhatItMayNotSee();
    void wrongPassword();
    void alarm();
    void learner();
    void oddNodes();
    void spareAddresses();

private:
    static void stores()
    {
        QTest::addColumn<QString>("option");
        QTest::newRow("v2") << u"?api=v2"_s;
        QTest::newRow("v3") << u"?api=v3"_s;
    }

    EtcdCluster m_cluster{{.members = 3}};
};

namespace {

/// Its rows, by endpoint.
QHash<QString, QJsonObject> membersOf(const QString &connection)
{
    Cli cli({u"-e"_s, connection, u"members"_s, u"--json"_s});
    if (cli.runAside().status() != 0)
        qWarning() << cli.error;
    QHash<QString, QJsonObject> members;
    const QJsonArray all = QJsonDocument::fromJson(cli.output).array();
    for (const QJsonValue &member : all)
        members.insert(member["endpoint"_L1].toString(), member.toObject());
    return members;
}

} // namespace

void TestMembers::initTestCase()
{
    QVERIFY2(m_cluster.start(), qPrintable(m_cluster.error()));
}

void TestMembers::table()
{
    QFETCH(QString, option);
    Cli cli({u"-e"_s, m_cluster.connectionString(option), u"members"_s});
    QCOMPARE(cli.run().status(), 0);
    QCOMPARE(cli.error, QByteArray());
    const QByteArrayList lines = cli.output.trimmed().split('\n');
    QCOMPARE(lines.size(), 4);
    QCOMPARE(lines[0].simplified(), "NAME ID ENDPOINT VERSION LEADER LATENCY STATUS");
    for (int i = 0; i < 3; ++i) {
        const QByteArray &line = lines[i + 1]; // sorted by name
        QVERIFY2(line.startsWith("node" + QByteArray::number(i + 1) + ' '), line);
        QVERIFY2(line.contains(m_cluster.endpoints()[i].toEncoded()), line);
        QVERIFY2(line.contains(" ms ") && line.endsWith(" ok"), line);
        QCOMPARE(line.contains(" yes "), i == m_cluster.leaderIndex());
    }
}

void TestMembers::outputs()
{
    const QString connection = m_cluster.connectionString();
    Cli names({u"-e"_s, connection, u"members"_s, u"--output"_s, u"names"_s});
    QByteArray endpoints;
    for (const QUrl &endpoint : m_cluster.endpoints())
        endpoints += endpoint.toEncoded() + '\n';
    QCOMPARE(names.run().output, endpoints);
    Cli lines({u"-e"_s, connection, u"members"_s, u"--output"_s, u"jsonl"_s});
    QCOMPARE(lines.run().output.count('\n'), 3);
    const auto members = membersOf(connection);
    QCOMPARE(members.size(), 3);
    for (const QJsonObject &member : members) {
        QVERIFY(member["id"_L1].toString().toULongLong() > 0);
        QVERIFY(member["latency"_L1].toDouble() > 0);
        QVERIFY(member["version"_L1].toString().startsWith("3."_L1));
        QCOMPARE(member["status"_L1].toString(), u"ok"_s);
    }
}

void TestMembers::showsWhoDoesNotAnswer()
{
    const QString dead = m_cluster.endpoints()[1].toString();
    const QString hung = m_cluster.endpoints()[2].toString();
    const QString only = m_cluster.endpoints()[0].authority(); // the others by the membership
    QVERIFY(m_cluster.kill(1));
    m_cluster.suspend(2);
    const auto members = membersOf(only);
    m_cluster.resume(2);
    QVERIFY(m_cluster.restart(1));
    QCOMPARE(members.size(), 3);
    QCOMPARE(members[dead]["name"_L1].toString(), u"node2"_s);
    QCOMPARE(members[dead]["status"_L1].toString(), u"Connection refused"_s);
    QVERIFY(members[dead]["latency"_L1].isNull());
    QCOMPARE(members[hung]["status"_L1].toString(), u"no answer within 1000 ms"_s);
    QVERIFY(!members[hung]["id"_L1].toString().isEmpty());
}

void TestMembers::showsHostsThatAreNoMembers()
{
    EtcdCluster other;
    QVERIFY2(other.start(), qPrintable(other.error()));
    const QUrl first = m_cluster.endpoints()[0];
    const QString alias = u"localhost:%1"_s.arg(first.port());
    const auto members =
        membersOf(first.authority() + u',' + alias + u',' + other.endpoints()[0].authority());
    QCOMPARE(members.size(), 5);
    QCOMPARE(members[u"http://"_s + alias]["name"_L1].toString(), u"node1"_s);
    QCOMPARE(members[u"http://"_s + alias]["status"_L1].toString(), u"ok"_s);
    const QJsonObject foreign = members[other.endpoints()[0].toString()];
    QCOMPARE(foreign["status"_L1].toString(), u"belongs to another cluster"_s);
    const QJsonValue cluster = members[first.toString()]["cluster"_L1];
    QVERIFY(!cluster.toString().isEmpty());
    QVERIFY(foreign["cluster"_L1] != cluster);
}

void TestMembers::failsWhereNobodyTells()
{
    Cli cli({u"-e"_s, u"127.0.0.1:%1"_s.arg(LocalEtcd::freePort()), u"members"_s});
    QCOMPARE(cli.run().status(), 3);
    QCOMPARE(cli.output, QByteArray());
    QCOMPARE(cli.error.count('\n'), 1);
}

void TestMembers::givesNoLoginToStrangers()
{
    FakeServer stranger;
    EtcdCluster etcd({.arguments = {u"--advertise-client-urls"_s, stranger.url().toString()}});
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    const auto members =
        membersOf(u"http://ops:hunter2@"_s + etcd.endpoints()[0].authority() + u"?api=v2"_s);
    QCOMPARE(members.size(), 2);
    QVERIFY(!stranger.requests().isEmpty());
    for (const FakeServer::Request &request : stranger.requests())
        QVERIFY(!request.headers.contains("authorization"));
}

/// Where the membership is told to users only, as from 3.4.42 on.
void TestMembers::logsIn()
{
    FakeServer server;
    const auto on = [&](const QByteArray &path, const QByteArray &rest) {
        server.on(path, FakeServer::reply(200, R"({"header":{"member_id":"7"})" + rest + '}'));
    };
    server.on("/version", FakeServer::reply(200, R"({"etcdserver":"3.4.42"})"));
    server.on("/v3/kv/range",
              FakeServer::reply(400, R"({"message":"etcdserver: user name is empty","code":3})"));
    on("/v3/kv/range", {});
    on("/v3/auth/authenticate", R"(,"token":"secret.1")");
    on("/v3/cluster/member/list", R"(,"members":[{"ID":"7","name":"n","clientURLs":[")"
                                      + server.url().toEncoded() + R"("]}])");
    on("/v3/maintenance/status", R"(,"leader":"7")");
    const auto members = membersOf(u"http://ops:hunter2@"_s + server.url().authority());
    QVERIFY(members[server.url().toString()]["leader"_L1].toBool());
    for (const FakeServer::Request &request : server.requests()) {
        if (request.path.startsWith("/v3/cluster") || request.path.startsWith("/v3/maintenance"))
            QCOMPARE(request.headers["authorization"], "secret.1");
    }
}

/// Where v2 is in use and logins are on in both, v3 would refuse v2's.
void TestMembers::eachApiHasItsLogin()
{
    EtcdCluster etcd;
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    if (!etcd.servesV2())
        QSKIP("no v2");
    QVERIFY2(etcd.enableAuth(Api::V2, u"ops"_s, u"hunter2"_s), qPrintable(etcd.error()));
    QVERIFY2(etcd.enableAuth(Api::V3, u"ops"_s, u"hunter3"_s), qPrintable(etcd.error()));
    const QString host = etcd.endpoints()[0].authority();
    for (const QString &option : {u""_s, u"?api=v2"_s}) {
        const auto members = membersOf(u"http://ops:hunter2@"_s + host + option);
        QCOMPARE(members.size(), 1);
        QVERIFY(members[etcd.endpoints()[0].toString()]["leader"_L1].toBool());
    }
    const auto members = membersOf(u"http://ops:hunter3@"_s + host + u"?api=v3"_s);
    QCOMPARE(members.size(), 1);
}

/// As 3.5.30 answers whoever is not root, and 3.7 who has no login.
void TestMembers::saysWhatItMayNotSee_data()
{
    QTest::addColumn<bool>("metrics");
    QTest::addColumn<QByteArray>("health");
    QTest::addColumn<QString>("leader");
    QTest::addColumn<QString>("status");
    QTest::newRow("nothing") << false << QByteArray() << u"could not be seen"_s
                             << u"could not be seen"_s;
    QTest::newRow("the leader") << true << QByteArray() << u" yes "_s << u"could not be seen"_s;
    QTest::newRow("an alarm") << true
                              << QByteArray(R"({"health":"false","reason":"ALARM NOSPACE"})")
                              << u" yes "_s << u"NOSPACE"_s;
}

void TestMembers::saysWhatItMayNotSee()
{
    QFETCH(bool, metrics);
    QFETCH(QByteArray, health);
    QFETCH(QString, leader);
    QFETCH(QString, status);
    FakeServer server;
    server.on("/version", FakeServer::reply(200, R"({"etcdserver":"3.5.30"})"));
    server.on("/v3/kv/range", FakeServer::reply(200, R"({"header":{"revision":"1"}})"));
    server.on(
        "/v3/cluster/member/list",
        FakeServer::reply(200, R"({"header":{},"members":[{"ID":"7","name":"n","clientURLs":[")"
                                   + server.url().toEncoded() + R"("]}]})"));
    server.on("/v3/maintenance/status",
              FakeServer::reply(403, R"({"code":7,"message":"etcdserver: permission denied"})"));
    if (metrics) {
        server.on("/metrics",
                  FakeServer::reply(200,
                                    "# HELP\netcd_server_has_leader 1\n"
                                    "etcd_server_id{server_id=\"7\"} 1\n"
                                    "etcd_server_is_leader 1\netcd_server_is_learner 0\n",
                                    "text/plain"));
    }
    if (!health.isEmpty())
        server.on("/health", FakeServer::reply(503, health));
    Cli cli({u"-e"_s, server.url().toString(), u"members"_s});
    QCOMPARE(cli.runAside().status(), 0);
    const QString row = QString::fromUtf8(cli.output.trimmed().split('\n').last());
    QVERIFY2(row.contains(leader), qPrintable(row));
    QVERIFY2(row.contains(status), qPrintable(row));
    QVERIFY2(!row.endsWith(u" ok"_s), qPrintable(row));
}

void TestMembers::wrongPassword()
{
    EtcdCluster etcd;
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    QVERIFY2(etcd.enableAuth(Api::V3, u"ops"_s, u"hunter2"_s), qPrintable(etcd.error()));
    const QString host = etcd.endpoints()[0].authority();
    Cli cli({u"-e"_s, u"http://ops:wrong@"_s + host + u"?api=v3"_s, u"members"_s});
    QCOMPARE(cli.run().status(), 3);
    QVERIFY2(cli.error.contains("refuses this user or password"), cli.error);
}

void TestMembers::alarm()
{
    EtcdCluster etcd;
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    const QByteArray raise = R"({"action":"ACTIVATE","alarm":"NOSPACE","memberID":"0"})";
    QCOMPARE(etcd.request(Api::V3, "POST", u"/v3/maintenance/alarm"_s, raise).status, 200);
    const auto members = membersOf(etcd.endpoints()[0].authority());
    const QString status = members.begin()->value("status"_L1).toString();
    QVERIFY2(status.contains(u"NOSPACE"_s), qPrintable(status));
}

void TestMembers::learner()
{
    FakeServer server;
    server.on("/version", FakeServer::reply(200, R"({"etcdserver":"3.4.23"})"));
    server.on("/v3/kv/range", FakeServer::reply(200, R"({"header":{"revision":"1"}})"));
    server.on(
        "/v3/cluster/member/list",
        FakeServer::reply(200, R"({"header":{},"members":[{"ID":"7","name":"n","isLearner":true,)"
                               R"("clientURLs":[")"
                                   + server.url().toEncoded() + R"("]}]})"));
    server.on(
        "/v3/maintenance/status",
        FakeServer::reply(200, R"({"header":{"member_id":"7"},"leader":"8","isLearner":true})"));
    Cli cli({u"-e"_s, server.url().toString(), u"members"_s});
    QVERIFY2(cli.runAside().output.contains(" learner "), cli.output);
    QVERIFY(membersOf(server.url().toString()).begin()->value("learner"_L1).toBool());
}

/// What is given in place of a client port is told by name.
void TestMembers::oddNodes()
{
    FakeServer web, peer, old;
    web.on("/", FakeServer::reply(404, "<html><title>404</title></html>", "text/html",
                                  "Server: nginx/1.22.1\r\n"));
    peer.on("/version", FakeServer::reply(200, R"({"etcdserver":"3.4.23"})"));
    peer.on("/members", FakeServer::reply(200, R"([{"id":7,"name":"n","clientURLs":[]}])"));
    const QString sound = m_cluster.endpoints()[0].authority();
    const auto members =
        membersOf(sound + u',' + web.url().authority() + u',' + peer.url().authority());
    const auto statusOf = [&](const FakeServer &server) {
        return members[server.url().toString()]["status"_L1].toString();
    };
    QVERIFY2(statusOf(web).contains(u"nginx/1.22.1"_s), qPrintable(statusOf(web)));
    QVERIFY2(statusOf(web).contains(u"404"_s), qPrintable(statusOf(web)));
    QVERIFY2(statusOf(peer).contains(u"peer port"_s), qPrintable(statusOf(peer)));
    if (!m_cluster.servesV2())
        return;
    old.on("/version", FakeServer::reply(200, R"({"etcdserver":"3.4.23"})"));
    old.on("/v3/maintenance/status",
           FakeServer::reply(200, R"({"header":{"member_id":"7"},"leader":"8"})"));
    QVERIFY(membersOf(sound + u',' + old.url().authority())[old.url().toString()]["status"_L1]
                .toString()
                .contains(u"serves no v2"_s));
}

/// A member that was told to speak gRPC at one address and HTTP at another is one member.
void TestMembers::spareAddresses()
{
    QTcpServer grpc;
    QVERIFY(grpc.listen(QHostAddress::LocalHost));
    connect(&grpc, &QTcpServer::newConnection, this, [&grpc] {
        static constexpr char settings[] = "\0\0\6\4\0\0\0\0\0\0\5\0\0@";
        QTcpSocket *socket = grpc.nextPendingConnection();
        socket->write(settings, sizeof(settings));
        connect(socket, &QTcpSocket::readyRead, socket, &QTcpSocket::close);
    });
    const QString address = u"http://127.0.0.1:%1"_s.arg(grpc.serverPort());
    EtcdCluster etcd({.arguments = {u"--advertise-client-urls"_s, address}});
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    QCOMPARE(membersOf(etcd.endpoints()[0].authority()).keys(),
             QStringList{etcd.endpoints()[0].toString()});
    Cli cli({u"-e"_s, address, u"members"_s});
    QCOMPARE(cli.runAside().status(), 3);
    QVERIFY2(cli.error.contains("gRPC only"), cli.error);
}

QTEST_GUILESS_MAIN(TestMembers)
#include "tst_members.moc"
