// SPDX-License-Identifier: MIT
#include "cli.h"
#include "connectionstring.h"
#include "etcdcluster.h"
#include "fakeserver.h"
#include "fill.h"

#include <QElapsedTimer>
#include <QTemporaryFile>
#include <QTest>

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

namespace {

bool isOneLine(const QByteArray &text)
{
    return text.size() > 20 && text.indexOf('\n') == text.size() - 1;
}

} // namespace

/// The command etcd-registry as its users have it: a process, its exit status and its output to
/// the byte, against a real etcd and both of its stores.
class TestCli : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void usage_data();
    void usage();
    void helpAndVersion();

    void joinListLookup_data() { stores(); }
    void joinListLookup();
    void joinsDocuments_data();
    void joinsDocuments();
    void keepsAlive_data() { stores(); }
    void keepsAlive();
    void isTaken_data() { stores(); }
    void isTaken();
    void takesOver_data() { stores(); }
    void takesOver();
    void signalsLeave_data();
    void signalsLeave();
    void expiresAfterSigkill_data() { stores(); }
    void expiresAfterSigkill();
    void leavesInBoundedTime_data() { stores(); }
    void leavesInBoundedTime();
    void leave_data() { stores(); }
    void leave();
    void leaveAsks_data();
    void leaveAsks();
    void leavesWhatLives_data() { stores(); }
    void leavesWhatLives();
    void leaveFailsInTheMiddle();
    void looksUpTheVeryName_data() { stores(); }
    void looksUpTheVeryName();
    void filesWhereDirectoriesShouldBe();
    void brokenAndHostileValues_data() { stores(); }
    void brokenAndHostileValues();
    void saysWhereElse();
    void watchesNobody();
    void readerGoesAway();
    void diskIsFull();
    void unreachable_data();
    void unreachable();
    void hangs();
    void refused();

private:
    static void stores()
    {
        QTest::addColumn<QString>("store");
        QTest::newRow("v2") << u"v2"_s;
        QTest::newRow("v3") << u"v3"_s;
    }
    static Api apiOf(const QString &store) { return store == "v2"_L1 ? Api::V2 : Api::V3; }

    /// -e and the connection string, and what follows.
    QStringList at(const QString &store, const QString &nameSpace, const QStringList &arguments,
                   const QString &options = {}) const
    {
        const auto suffix = u"/%1?api=%2%3"_s.arg(nameSpace, store, options);
        return QStringList{u"-e"_s, m_etcd.connectionString(suffix)} + arguments;
    }

    EtcdCluster m_etcd;
};

void TestCli::initTestCase()
{
    QVERIFY2(m_etcd.start(), qPrintable(m_etcd.error()));
    QVERIFY(m_etcd.servesV2());
}

// ---- usage

void TestCli::usage_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QByteArray>("words"); // of the error
    const auto row = [](const char *arguments, QByteArray words) {
        QTest::newRow(arguments) << QString::fromLatin1(arguments).split(u' ', Qt::SkipEmptyParts)
                                 << words;
    };
    row("", "command is missing");
    row("frobnicate", "frobnicate");
    row("--frobnicate list", "frobnicate");
    row("list a b", "one word too many");
    row("list --port 1", "list has no option port");
    row("list --output xml", "table, json, jsonl, names");
    row("list -- true", "leave out what follows --");
    row("help frobnicate", "frobnicate");
    row("join", "NAME");
    row("lookup", "NAME");
    row("leave", "--url");
    row("leave web", "--yes");
    row("-e", "-e");
    row("-e ftp://a list", "ftp");
    row("-e root:secret@a:x list", "port");
    row("join web -p x", "--port");
    row("join web -p 65536", "--port");
    row("join web --port -1", "--port");
    row("join web --count 0", "--count");
    row("join web --count 2", "--port");
    row("join web -p 65530 --count 10", "ports");
    row("join web --field x", "KEY=VALUE");
    row("join web --field =x", "KEY=VALUE");
    row("join web --doc /does/not/exist", "/does/not/exist");
}

void TestCli::usage()
{
    QFETCH(QStringList, arguments);
    QFETCH(QByteArray, words);
    Cli cli(arguments);
    cli.run();
    QCOMPARE(cli.status(), 2);
    QCOMPARE(cli.output, QByteArray());
    QVERIFY2(isOneLine(cli.error) && cli.error.contains(words), cli.error);
    QVERIFY(!cli.error.contains("secret"));
}

void TestCli::helpAndVersion()
{
    for (const auto &arguments : {QStringList{u"help"_s}, QStringList{u"--help"_s}}) {
        Cli help(arguments);
        help.run();
        QCOMPARE(help.status(), 0);
        QVERIFY(help.output.startsWith("Usage: etcd-registry [options] COMMAND"));
        QVERIFY(help.output.simplified().contains("Exit status: 0 done, 1 nothing found, 2 wrong"));
        QCOMPARE(help.error, QByteArray());
    }
    for (const auto &arguments :
         {QStringList{u"help"_s, u"join"_s}, QStringList{u"join"_s, u"--help"_s}}) {
        Cli help(arguments);
        help.run();
        QCOMPARE(help.status(), 0);
        QVERIFY(help.output.startsWith("Usage: etcd-registry [options] join NAME"));
        QVERIFY(help.output.contains("--field KEY=VALUE") && !help.output.contains("--url"));
    }
    Cli version({u"--version"_s});
    QCOMPARE(version.run().status(), 0);
    QCOMPARE(version.output, "etcd-registry " ETCD_REGISTRY_VERSION "\n");
}

// ---- join, list, lookup

void TestCli::joinListLookup()
{
    QFETCH(QString, store);
    const auto here = u"cli/"_s + store;
    Cli join(at(store, here,
                {u"join"_s, u"my web"_s, u"-h"_s, u"10.0.0.1"_s, u"-p"_s, u"8080"_s, u"--count"_s,
                 u"2"_s, u"-w"_s, u"1"_s, u"-s"_s, u"1"_s}));
    QVERIFY(join.startAndRead(2));
    QCOMPARE(join.output, "my web http://10.0.0.1:8080\nmy web http://10.0.0.1:8081\n");

    const auto document = [](int port) {
        return QByteArray(R"({"port":PORT,"name":"my web","hostname":"10.0.0.1",)"
                          R"("host":"10.0.0.1:PORT","url":"http://10.0.0.1:PORT"})")
            .replace("PORT", QByteArray::number(port));
    };
    const auto tree = [](int port) {
        return QByteArray("my web\n"
                          "├── port:     PORT\n"
                          "├── hostname: 10.0.0.1\n"
                          "├── host:     10.0.0.1:PORT\n"
                          "└── url:      http://10.0.0.1:PORT\n")
            .replace("PORT", QByteArray::number(port));
    };
    // In the order of their keys.
    Cli list(at(store, here, {u"list"_s}));
    QCOMPARE(list.run().output, "my web\nmy web\n");
    QCOMPARE(list.status(), 0);
    QCOMPARE(list.error, QByteArray());
    Cli json(at(store, here, {u"list"_s, u"--json"_s}));
    QCOMPARE(json.run().output, '[' + document(8081) + ",\n" + document(8080) + "]\n");
    Cli named(at(store, here, {u"--json"_s, u"list"_s, u"my web"_s}));
    QCOMPARE(named.run().output, json.output);
    Cli verbose(at(store, here, {u"-v"_s, u"list"_s}));
    QCOMPARE(verbose.run().output, tree(8081) + tree(8080));

    Cli lookup(at(store, here, {u"lookup"_s, u"my web"_s}));
    lookup.run();
    QVERIFY2(lookup.output == tree(8080) || lookup.output == tree(8081), lookup.output);
    Cli one(at(store, here, {u"lookup"_s, u"my web"_s, u"--json"_s}));
    one.run();
    QVERIFY2(one.output == document(8080) + '\n' || one.output == document(8081) + '\n',
             one.output);

    for (const auto &command : {u"list"_s, u"lookup"_s}) {
        Cli nothing(at(store, here, {command, u"nobody"_s}));
        QCOMPARE(nothing.run().status(), 1);
        QCOMPARE(nothing.output, QByteArray());
        QVERIFY2(isOneLine(nothing.error) && nothing.error.contains("nobody"), nothing.error);
    }
    Cli emptyArray(at(store, u"empty"_s, {u"list"_s, u"--json"_s}));
    QCOMPARE(emptyArray.run().status(), 1);
    QCOMPARE(emptyArray.output, "[]\n");
    Cli noDocument(at(store, u"empty"_s, {u"lookup"_s, u"x"_s, u"--json"_s}));
    QCOMPARE(noDocument.run().status(), 1);
    QCOMPARE(noDocument.output, QByteArray());

    join.terminate();
    QCOMPARE(join.end().status(), 0);
    QCOMPARE(join.error, QByteArray());
    QCOMPARE(Cli(at(store, here, {u"list"_s})).run().status(), 1);
}

void TestCli::joinsDocuments_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QByteArray>("input");
    QTest::addColumn<QByteArray>("document");
    const QByteArray rest = R"("name":"web","hostname":"h","host":"h:1","url":"http://h:1"})";
    QTest::newRow("fields") << QStringList{u"--field"_s, u"a=text"_s,
                                           u"--field"_s, u"b=1=2"_s,
                                           u"--field"_s, u"id=9007199254740993"_s,
                                           u"--field"_s, u"list=[1, {\"x\": null}]"_s,
                                           u"--field"_s, u"empty="_s}
                            << QByteArray()
                            << QByteArray(R"({"a":"text","b":"1=2","id":9007199254740993,)"
                                          R"("list":[1,{"x":null}],"empty":"","port":1,)")
                                   + rest;
    QTest::newRow("standard input")
        << QStringList{u"--doc"_s, u"-"_s} << QByteArray("{ \"z\" : 1.50,\n \"a\" : \"é\" }\n")
        << QByteArray("{\"z\":1.50,\"a\":\"é\",\"port\":1,") + rest;
    QTest::newRow("a field over the document's")
        << QStringList{u"--doc"_s, u"-"_s, u"--field"_s, u"z=2"_s} << QByteArray(R"({"z":1,"y":3})")
        << QByteArray(R"({"y":3,"z":2,"port":1,)") + rest;
}

void TestCli::joinsDocuments()
{
    QFETCH(QStringList, arguments);
    QFETCH(QByteArray, input);
    const QStringList common{u"join"_s, u"web"_s, u"-p1"_s, u"--hostname=h"_s, u"--json"_s};
    Cli join(at(u"v3"_s, u"documents"_s, common + arguments));
    join.start();
    join.write(input);
    join.closeWriteChannel();
    QVERIFY(join.waitForReadyRead(20000));
    join.output = join.readAllStandardOutput();
    QTEST(join.output.mid(1).chopped(2), "document");
    Cli list(at(u"v3"_s, u"documents"_s, {u"list"_s, u"--json"_s}));
    QCOMPARE(list.run().output, join.output);
    join.terminate();
    QCOMPARE(join.end().status(), 0);
}

void TestCli::keepsAlive()
{
    QFETCH(QString, store);
    Cli join(at(store, u"alive"_s, {u"join"_s, u"web"_s}, u"&ttl=2"_s));
    QVERIFY(join.startAndRead(1));
    QTest::qSleep(4500);
    QCOMPARE(Cli(at(store, u"alive"_s, {u"list"_s})).run().status(), 0);
    join.terminate();
    QCOMPARE(join.end().status(), 0);
}

/// A key that somebody else deletes is put again, or let go where that was asked for.
void TestCli::isTaken()
{
    QFETCH(QString, store);
    const QStringList arguments{u"join"_s, u"web"_s, u"--json"_s};
    Cli holds(at(store, u"taken"_s, arguments + QStringList{u"-p1"_s}, u"&ttl=2"_s));
    Cli letsGo(
        at(store, u"taken"_s, arguments + QStringList{u"-p2"_s, u"--let-go"_s}, u"&ttl=2"_s));
    QVERIFY(holds.startAndRead(1));
    QVERIFY(letsGo.startAndRead(1));
    Cli leave(at(store, u"taken"_s, {u"leave"_s, u"web"_s, u"--yes"_s}));
    QCOMPARE(leave.run().status(), 0);
    QCOMPARE(letsGo.end().status(), 3);
    QVERIFY2(letsGo.error.contains("is let go"), letsGo.error);
    QCOMPARE(Cli(at(store, u"taken"_s, {u"list"_s})).run().status(), 0);
    holds.terminate();
    QCOMPARE(holds.end().status(), 0);
    QVERIFY2(holds.error.contains("is being joined again")
                 && holds.error.contains("is alive again"),
             holds.error);
}

/// What is there with another document, and whose owner writes it again.
void TestCli::takesOver()
{
    QFETCH(QString, store);
    const auto join = [&](const QStringList &further) {
        return at(store, u"over"_s,
                  QStringList{u"join"_s, u"web"_s, u"-p1"_s, u"--json"_s} + further, u"&ttl=2"_s);
    };
    Cli first(join({u"--field"_s, u"owner=prod"_s}));
    QVERIFY(first.startAndRead(1));
    Cli refused(join({u"--no-take-over"_s}));
    QCOMPARE(refused.run().status(), 3);
    QVERIFY2(refused.error.contains("prod") && refused.error.count('\n') == 1, refused.error);
    Cli second(join({}));
    QVERIFY(second.startAndRead(1));
    QTest::qSleep(8000);
    for (Cli *each : {&first, &second}) {
        each->terminate();
        QCOMPARE(each->end().status(), 0);
        QVERIFY2(each->error.count("two owners fight") == 1, each->error);
        QVERIFY2(each->error.count('\n') <= 5, each->error);
    }
    QVERIFY2(second.error.contains("was registered already") && second.error.contains("prod"),
             second.error);
    QVERIFY(!first.error.contains("was registered already"));
}

void TestCli::signalsLeave_data()
{
    QTest::addColumn<int>("signal");
    QTest::newRow("SIGINT") << SIGINT;
    QTest::newRow("SIGTERM") << SIGTERM;
    QTest::newRow("SIGHUP") << SIGHUP;
}

void TestCli::signalsLeave()
{
    QFETCH(int, signal);
    Cli join(at(u"v3"_s, u"signals"_s, {u"join"_s, u"web"_s}));
    QVERIFY(join.startAndRead(1));
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(::kill(pid_t(join.processId()), signal), 0);
    QCOMPARE(join.end().status(), 0);
    QVERIFY(timer.elapsed() < 3000);
    QCOMPARE(Cli(at(u"v3"_s, u"signals"_s, {u"list"_s})).run().status(), 1);
}

void TestCli::expiresAfterSigkill()
{
    QFETCH(QString, store);
    Cli join(at(store, u"killed"_s, {u"join"_s, u"web"_s}, u"&ttl=2"_s));
    QVERIFY(join.startAndRead(1));
    join.kill();
    QCOMPARE(join.end().status(), -SIGKILL);
    QCOMPARE(Cli(at(store, u"killed"_s, {u"list"_s})).run().status(), 0);
    QTRY_COMPARE_WITH_TIMEOUT(Cli(at(store, u"killed"_s, {u"list"_s})).run().status(), 1, 10000);
}

/// Also when nobody answers; and whoever can't wait sends a second signal.
void TestCli::leavesInBoundedTime()
{
    QFETCH(QString, store);
    const auto options = u"&timeout=500&deadline=1000&ttl=3"_s;
    Cli patient(at(store, u"bounded"_s, {u"join"_s, u"web"_s, u"-p1"_s}, options));
    Cli impatient(at(store, u"bounded"_s, {u"join"_s, u"web"_s, u"-p2"_s}, options));
    QVERIFY(patient.startAndRead(1));
    QVERIFY(impatient.startAndRead(1));
    m_etcd.suspend(0);
    QElapsedTimer timer;
    timer.start();
    patient.terminate();
    impatient.terminate();
    QTest::qSleep(200);
    impatient.terminate();
    QCOMPARE(impatient.end().status(), -SIGTERM);
    QVERIFY(timer.elapsed() < 800);
    patient.end();
    m_etcd.resume(0);
    QCOMPARE(patient.status(), 3);
    QVERIFY2(timer.elapsed() < 4000, qPrintable(QString::number(timer.elapsed())));
    QVERIFY2(patient.error.size() > 20, patient.error);
    QTRY_COMPARE_WITH_TIMEOUT(Cli(at(store, u"bounded"_s, {u"list"_s})).run().status(), 1, 10000);
}

// ---- leave

/// The whole name, in this namespace only, and with --url one of them.
void TestCli::leave()
{
    QFETCH(QString, store);
    const auto put = [&](const QString &key, const QByteArray &value) {
        QVERIFY(m_etcd.put(apiOf(store), u"services/leave/"_s + key, value));
    };
    put(u"a-b/1"_s, R"({"name":"a.b","url":"http://1"})");
    put(u"a-b/2"_s, R"({"name":"a.b","url":"http://2"})");
    put(u"a-b/3"_s, R"({"name":"a.b","url":"http://3"})");
    put(u"a-b/4"_s, R"({"name":"a b","url":"http://4"})");
    put(u"a-b/a-b/5"_s, R"({"name":"a.b","url":"http://5"})");
    put(u"broken/6"_s, "not JSON");

    const auto leave = [&](const QStringList &arguments) {
        return at(store, u"leave"_s, QStringList{u"leave"_s, u"--yes"_s} + arguments);
    };
    Cli other(leave({u"other"_s}));
    QCOMPARE(other.run().status(), 1);
    QVERIFY2(isOneLine(other.error), other.error);
    Cli otherUrl(leave({u"a.b"_s, u"--url"_s, u"http://4"_s}));
    QCOMPARE(otherUrl.run().status(), 1);

    Cli one(leave({u"a.b"_s, u"--url"_s, u"http://2"_s}));
    QCOMPARE(one.run().status(), 0);
    QCOMPARE(one.output, "a.b http://2\n");
    QCOMPARE(one.error, QByteArray());
    Cli rest(leave({u"a.b"_s, u"--json"_s}));
    QCOMPARE(rest.run().output, "[{\"name\":\"a.b\",\"url\":\"http://1\"},\n"
                                "{\"name\":\"a.b\",\"url\":\"http://3\"}]\n");
    Cli list(at(store, u"leave"_s, {u"list"_s, u"--json"_s}));
    QCOMPARE(list.run().output, "[{\"name\":\"a b\",\"url\":\"http://4\"},\n"
                                "{\"name\":\"a.b\",\"url\":\"http://5\"}]\n");
    Cli byUrl(leave({u"--url"_s, u"http://4"_s}));
    QCOMPARE(byUrl.run().output, "a b http://4\n");
    Cli broken(leave({u"broken"_s}));
    QCOMPARE(broken.run().output, "broken \n");
    QVERIFY(!m_etcd.get(apiOf(store), u"services/leave/broken/6"_s));
    QVERIFY(m_etcd.get(apiOf(store), u"services/leave/a-b/a-b/5"_s));
}

void TestCli::leaveAsks_data()
{
    QTest::addColumn<QByteArray>("answer");
    QTest::addColumn<bool>("left");
    QTest::newRow("y") << QByteArray("y\n") << true;
    QTest::newRow("yes") << QByteArray("yes\n") << true;
    QTest::newRow("n") << QByteArray("n\n") << false;
    QTest::newRow("nothing") << QByteArray("\n") << false;
    QTest::newRow("end of input") << QByteArray("\x04") << false;
}

void TestCli::leaveAsks()
{
    QFETCH(QByteArray, answer);
    QFETCH(bool, left);
    const auto key = u"services/ask/web/1"_s;
    const QByteArray document = R"({"name":"web","url":"http://1"})";
    QVERIFY(m_etcd.put(Api::V3, key, document));

    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    QVERIFY(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    const int input = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    QVERIFY(input >= 0);
    Cli cli(at(u"v3"_s, u"ask"_s, {u"leave"_s, u"web"_s}));
    cli.setChildProcessModifier([input] { dup2(input, STDIN_FILENO); });
    cli.start();
    QCOMPARE(write(terminal, answer.constData(), size_t(answer.size())), answer.size());
    cli.end();
    close(input);
    close(terminal);

    QCOMPARE(cli.status(), left ? 0 : 1);
    QVERIFY2(cli.error.contains("web  http://1\n"), cli.error);
    QVERIFY2(cli.error.contains("[y/N]"), cli.error);
    QCOMPARE(cli.output, left ? "web http://1\n" : "");
    QCOMPARE(m_etcd.get(Api::V3, key).has_value(), !left);
}

/// Who leaves what lives elsewhere learns that it did not last.
void TestCli::leavesWhatLives()
{
    QFETCH(QString, store);
    const QStringList join{u"join"_s, u"web"_s, u"-h"_s, u"10.0.0.1"_s, u"-p"_s, u"80"_s};
    Held held(at(store, u"lives"_s, join, u"&ttl=4&heartbeat=1"_s));
    QVERIFY(held.joined);
    Cli left(at(store, u"lives"_s, {u"leave"_s, u"--yes"_s, u"web"_s}));
    QCOMPARE(left.run().status(), 0);
    QCOMPARE(left.output, "web http://10.0.0.1:80\n");
    QVERIFY2(left.error.contains("its owner put it back after "), left.error);
    QVERIFY2(isOneLine(left.error), left.error);
    held.end(SIGKILL);
    Cli dead(at(store, u"lives"_s, {u"leave"_s, u"--yes"_s, u"web"_s}, u"&ttl=2"_s));
    QCOMPARE(dead.run().status(), 0);
    QCOMPARE(dead.error, "");
}

/// What is gone is told where the rest could not be left.
void TestCli::leaveFailsInTheMiddle()
{
    FakeServer etcd;
    etcd.on("/version", FakeServer::reply(200, R"({"etcdserver":"3.4.23"})"));
    etcd.on("/v2/members", FakeServer::reply(200, R"({"members":[]})"));
    const auto node = [](const QByteArray &key, const QByteArray &url) -> QByteArray {
        return R"({"key":"/services/web/)" + key + R"(","value":"{\"name\":\"web\",\"url\":\")"
               + url + R"(\"}","modifiedIndex":4,"createdIndex":4})";
    };
    const QByteArray listing =
        R"({"action":"get","node":{"key":"/services/web","dir":true,"nodes":[)"
        + node("1", "http://1") + ',' + node("2", "http://2") + "]}}";
    etcd.on("/v2/keys/services/web/?", FakeServer::reply(200, listing));
    etcd.on("/v2/keys/services/web/1", FakeServer::reply(200, R"({"action":"delete"})"));
    etcd.on("/v2/keys/services/web/2",
            FakeServer::reply(401, R"({"errorCode":110,"message":"no","index":9})"));
    Cli cli({u"-e"_s, etcd.url().toString() + u"?api=v2"_s, u"leave"_s, u"--yes"_s, u"web"_s});
    QCOMPARE(cli.runAside().status(), 3);
    QCOMPARE(cli.output, "web http://1\n");
    QVERIFY2(cli.error.startsWith("1 of 2 are gone.\n"), cli.error);
}

/// Names with the same slug share their keys' folder.
void TestCli::looksUpTheVeryName()
{
    QFETCH(QString, store);
    const auto put = [&](const QString &key, const QByteArray &value) {
        QVERIFY(m_etcd.put(apiOf(store), u"services/names/"_s + key, value));
    };
    for (int i = 0; i < 9; ++i)
        put(u"a-b/%1"_s.arg(i), R"({"name":"a_b","url":"http://other"})");
    put(u"a-b/9"_s, R"({"name":"a.b","url":"http://this"})");
    for (const QString &name : {u"a.b"_s, u"a_b"_s}) {
        Cli lookup(at(store, u"names"_s, QStringList{u"lookup"_s, name, u"--json"_s}));
        QCOMPARE(lookup.run().status(), 0);
        QVERIFY2(lookup.output.contains("\"name\":\"" + name.toUtf8() + '"'), lookup.output);
    }
    Cli third(at(store, u"names"_s, {u"lookup"_s, u"a b"_s, u"--json"_s}));
    QCOMPARE(third.run().status(), 0); // as npm's finds them
}

/// It refuses, and the command line is fine.
void TestCli::filesWhereDirectoriesShouldBe()
{
    EtcdCluster etcd;
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    QVERIFY(etcd.put(Api::V2, u"services/orders"_s, "x"));
    const QString connection = etcd.connectionString(u"?api=v2"_s);
    Cli join({u"-e"_s, connection, u"join"_s, u"orders"_s, u"-p"_s, u"80"_s});
    QCOMPARE(join.run().status(), 3);
    QVERIFY2(join.error.contains("Not a directory"), join.error);
}

// ---- when things go wrong

void TestCli::brokenAndHostileValues()
{
    QFETCH(QString, store);
    const auto put = [&](const QString &key, const QByteArray &value) {
        QVERIFY(m_etcd.put(apiOf(store), u"services/hostile/"_s + key, value));
    };
    put(u"a/1"_s, "not JSON");
    put(u"b/2"_s, "[1]");
    put(u"c/3"_s, R"({ "name": "c", "id": 9007199254740993 })");
    put(u"--31md/4"_s, R"({"name":"\u001b[31md","x\n":"\u009b2J"})");
    Cli list(at(store, u"hostile"_s, {u"list"_s}));
    QCOMPARE(list.run().status(), 0);
    QCOMPARE(list.output, "\uFFFD[31md\nc\n");
    Cli verbose(at(store, u"hostile"_s, {u"list"_s, u"-v"_s}));
    QCOMPARE(verbose.run().output,
             "\uFFFD[31md\n└── x\uFFFD: \uFFFD2J\nc\n└── id: 9007199254740993\n");
    Cli json(at(store, u"hostile"_s, {u"list"_s, u"--json"_s}));
    QCOMPARE(json.run().output, "[{\"name\":\"\\u001b[31md\",\"x\\n\":\"\\u009b2J\"},\n"
                                "{ \"name\": \"c\", \"id\": 9007199254740993 }]\n");
    QCOMPARE(json.error, QByteArray());
}

/// Nothing is found where it was looked for.
void TestCli::saysWhereElse()
{
    QVERIFY(m_etcd.put(Api::V3, u"services/else/web/1"_s, R"({"name":"web"})"));
    QVERIFY(m_etcd.put(Api::V3, u"/services/slash/web/1"_s, R"({"name":"web"})"));
    QVERIFY(m_etcd.put(Api::V2, u"services/former/web/1"_s, R"({"name":"web"})"));
    const auto errorOf = [&](const QString &store, const QString &nameSpace,
                             const QStringList &arguments) {
        Cli cli(at(store, nameSpace, arguments));
        return cli.run().status() == 1 ? cli.error : QByteArray("status");
    };
    const QByteArray inV3 = "Nothing in the v2 store; the v3 store has 1: api=v3.";
    QVERIFY(errorOf(u"v2"_s, u"else"_s, {u"list"_s}).contains(inV3));
    QVERIFY(errorOf(u"v2"_s, u"else"_s, {u"lookup"_s, u"web"_s}).contains(inV3));
    QVERIFY(!errorOf(u"v2"_s, u"else"_s, {u"lookup"_s, u"mail"_s}).contains("store has"));
    QVERIFY(errorOf(u"v3"_s, u"slash"_s, {u"list"_s}).contains("/services/slash/"));
    QVERIFY(errorOf(u"v2"_s, u"slash"_s, {u"list"_s}).contains("/services/slash/"));
    QVERIFY(errorOf(u"v3"_s, u"former"_s, {u"list"_s})
                .contains("Nothing in the v3 store; the v2 store has 1: api=v2."));

    QVERIFY(m_etcd.put(Api::V2, u"services/broken/web/1"_s, "worker_processes 1;"));
    QVERIFY(m_etcd.put(Api::V2, u"services/broken/web/2"_s, "[1]"));
    const QByteArray broken = "2 values are no documents: see doctor.";
    QVERIFY(errorOf(u"v2"_s, u"broken"_s, {u"list"_s}).contains(broken));
    QVERIFY(errorOf(u"v2"_s, u"broken"_s, {u"lookup"_s, u"web"_s}).contains(broken));
}

void TestCli::watchesNobody()
{
    for (const QStringList &until : {QStringList(), {u"--until"_s, u"joined"_s}}) {
        Cli watch(QStringList{u"-e"_s, u"127.0.0.1:1"_s, u"watch"_s, u"--for"_s, u"1"_s} + until);
        QCOMPARE(watch.run().status(), 3);
        QVERIFY(watch.error.contains("127.0.0.1:1"));
    }
}

void TestCli::readerGoesAway()
{
    const auto connection = *ConnectionString::parse(m_etcd.connectionString(u"?api=v3"_s));
    QVERIFY(fill(connection, Api::V3, 2000)); // more than a pipe holds
    const QStringList script{u"-c"_s, u"{ \"$@\"; echo $? >&2; } | head -n 1"_s, u"sh"_s,
                             QStringLiteral(CLI)};
    QProcess shell;
    shell.start(u"sh"_s, script + at(u"v3"_s, u"load"_s, {u"list"_s, u"-v"_s}));
    QVERIFY(shell.waitForFinished());
    QCOMPARE(shell.readAllStandardError(), "0\n");
    QCOMPARE(shell.readAllStandardOutput().count('\n'), 1);
}

void TestCli::diskIsFull()
{
    QVERIFY(m_etcd.put(Api::V3, u"services/full/web/1"_s, "{\"name\":\"web\"}"));
    Cli cli(at(u"v3"_s, u"full"_s, {u"list"_s}));
    cli.setStandardOutputFile(u"/dev/full"_s);
    QCOMPARE(cli.run().status(), 3);
    QVERIFY2(isOneLine(cli.error) && cli.error.contains("No space left"), cli.error);
}

void TestCli::unreachable_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::newRow("list") << QStringList{u"list"_s};
    QTest::newRow("list --json") << QStringList{u"list"_s, u"--json"_s};
    QTest::newRow("lookup") << QStringList{u"lookup"_s, u"web"_s};
    QTest::newRow("join") << QStringList{u"join"_s, u"web"_s};
    QTest::newRow("join 3") << QStringList{u"join"_s, u"web"_s, u"-p1"_s, u"--count"_s, u"3"_s};
    QTest::newRow("leave") << QStringList{u"leave"_s, u"--yes"_s, u"web"_s};
}

void TestCli::unreachable()
{
    QFETCH(QStringList, arguments);
    const auto port = LocalEtcd::freePort();
    Cli cli(QStringList{u"-e"_s, u"root:secret@127.0.0.1:%1"_s.arg(port)} + arguments);
    QElapsedTimer timer;
    timer.start();
    cli.run();
    QVERIFY2(timer.elapsed() < 6000, qPrintable(QString::number(timer.elapsed())));
    QCOMPARE(cli.status(), 3);
    QCOMPARE(cli.output, QByteArray());
    QVERIFY2(isOneLine(cli.error) && cli.error.contains(QByteArray::number(port)), cli.error);
    QVERIFY(!cli.error.contains("secret"));
}

void TestCli::hangs()
{
    m_etcd.suspend(0);
    Cli cli(at(u"v3"_s, u"x"_s, {u"list"_s}));
    QElapsedTimer timer;
    timer.start();
    cli.run();
    m_etcd.resume(0);
    QCOMPARE(cli.status(), 3);
    QVERIFY2(timer.elapsed() < 6000, qPrintable(QString::number(timer.elapsed())));
    QVERIFY2(isOneLine(cli.error) && cli.error.contains("No answer in time"), cli.error);
}

void TestCli::refused()
{
    EtcdCluster etcd;
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    QVERIFY2(etcd.enableAuth(Api::V3, u"reader"_s, u"right"_s, true), qPrintable(etcd.error()));
    const auto connection = [&](const QString &login) {
        return u"http://%1%2?api=v3"_s.arg(login, etcd.endpoints().front().authority());
    };
    const auto cli = [&](const QString &login, const QStringList &arguments) {
        return QStringList{u"-e"_s, connection(login)} + arguments;
    };
    Cli without(cli({}, {u"list"_s}));
    QCOMPARE(without.run().status(), 3);
    QVERIFY2(isOneLine(without.error) && without.error.contains("login"), without.error);
    Cli wrong(cli(u"reader:secret@"_s, {u"list"_s}));
    QCOMPARE(wrong.run().status(), 3);
    QVERIFY2(isOneLine(wrong.error) && wrong.error.contains("password"), wrong.error);
    QVERIFY(!wrong.error.contains("secret"));
    Cli right(cli(u"reader:right@"_s, {u"list"_s}));
    QCOMPARE(right.run().status(), 1);
    QVERIFY2(!right.error.contains("right"), right.error);
    Cli join(cli(u"reader:right@"_s, {u"join"_s, u"web"_s}));
    QCOMPARE(join.run().status(), 3);
    QVERIFY2(isOneLine(join.error) && join.error.contains("may not"), join.error);
}

QTEST_GUILESS_MAIN(TestCli)
#include "tst_cli.moc"
