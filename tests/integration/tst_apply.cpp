// SPDX-License-Identifier: MIT
#include "cli.h"
#include "etcdcluster.h"
#include "layout.h"
#include "peer.h"
#include "seen.h"
#include "serverlist.h"

#include <QTemporaryDir>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

/// The command apply as a process: what it writes, and what others see of it meanwhile.
class TestApply : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void dryRun_data();
    void dryRun();
    void usage_data();
    void usage();
    void isSeenAsDescribed_data() { eachApi(); }
    void isSeenAsDescribed();
    void behaves_data() { eachApi(); }
    void behaves();
    void isStoppedWhileItJoins_data() { eachApi(); }
    void isStoppedWhileItJoins();
    void unreachable();

private:
    static void eachApi()
    {
        QTest::addColumn<Api>("api");
        QTest::newRow("v2") << Api::V2;
        QTest::newRow("v3") << Api::V3;
    }
    QString file(const QByteArray &scenario)
    {
        QFile file(m_folder.filePath(u"scenario.json"_s));
        return file.open(QIODevice::WriteOnly) && file.write(scenario) == scenario.size()
                   ? file.fileName()
                   : QString();
    }
    QString connection(Api api) const
    {
        return m_etcd.connectionString(u"/apply?ttl=3&api="_s
                                       + (api == Api::V2 ? u"v2"_s : u"v3"_s));
    }
    /// The documents of this service, in the order of their keys; of all without a name.
    QByteArrayList documents(Api api, const QString &name = {})
    {
        const QString prefix = Layout::prefix(u"apply"_s, name);
        const auto list = serverList(m_etcd.endpoints().first(), api, prefix.toUtf8());
        return list ? list->values() : QByteArrayList{"no answer"};
    }

    EtcdCluster m_etcd;
    QTemporaryDir m_folder;
};

void TestApply::initTestCase()
{
    QVERIFY2(m_etcd.start(), qPrintable(m_etcd.error()));
    QVERIFY(m_etcd.servesV2());
}

// ---- what is only told

static const QByteArray two = R"({"registrations": [ // two
  {"name": "my web", "namespace": "eu", "count": 2, "port": 80, "hostname": "h",
   "document": {"id": 9007199254740993}, "ttl": 2.5}]})";

void TestApply::dryRun_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QByteArray>("output");
    const QByteArray first =
        R"({"key":"services/shop/eu/my-web/79603baec62cf6a89dd632965248e3f50e3a04ac","ttl":3,)"
        R"("document":{"id":9007199254740993,"port":80,"name":"my web","hostname":"h","host":"h:80",)"
        R"("url":"http://h:80"}})";
    const QByteArray second =
        R"({"key":"services/shop/eu/my-web/bfa9a14c408ca9ee675642ca16d01c6d2635de07","ttl":3,)"
        R"("document":{"id":9007199254740993,"port":81,"name":"my web","hostname":"h","host":"h:81",)"
        R"("url":"http://h:81"}})";
    QTest::newRow("lines") << QStringList{} << first + '\n' + second + '\n';
    QTest::newRow("jsonl") << QStringList{u"--output=jsonl"_s} << first + '\n' + second + '\n';
    QTest::newRow("json") << QStringList{u"--json"_s} << '[' + first + ",\n" + second + "]\n";
    QTest::newRow("names") << QStringList{u"--output=names"_s} << QByteArray("my web\nmy web\n");
}

/// To the byte, and without a cluster.
void TestApply::dryRun()
{
    QFETCH(QStringList, arguments);
    Cli cli(QStringList{u"-e"_s, u"127.0.0.1:1/shop"_s, u"apply"_s, u"-"_s, u"--dry-run"_s}
            + arguments);
    cli.run(two);
    QCOMPARE(cli.error, QByteArray());
    QTEST(cli.output, "output");
    QCOMPARE(cli.status(), 0);
}

void TestApply::usage_data()
{
    QTest::addColumn<QByteArray>("scenario");
    QTest::addColumn<QByteArray>("error");
    QTest::newRow("no file") << QByteArray() << QByteArray("Can't read /does/not/exist: ");
    QTest::newRow("no JSON") << QByteArray("{\n  'a'") << QByteArray("Line 2, column 3: a name");
    QTest::newRow("no ttl") << QByteArray(R"({"registrations":[{"name":"a","ttl":-1}]})")
                            << QByteArray("Line 1, column 37: a number of seconds from 1 to");
}

void TestApply::usage()
{
    QFETCH(QByteArray, scenario);
    QFETCH(QByteArray, error);
    const QString path = scenario.isEmpty() ? u"/does/not/exist"_s : file(scenario);
    Cli cli({u"-e"_s, u"127.0.0.1:1"_s, u"apply"_s, path});
    cli.run();
    QCOMPARE(cli.status(), 2);
    QCOMPARE(cli.output, QByteArray());
    QVERIFY2(cli.error.contains(error) && cli.error.contains(path.toUtf8()), cli.error);
    QCOMPARE(cli.error.count('\n'), 1);
}

// ---- what is written

/// 500 instances, of which some crash and some flap: by a listing of etcd, by the npm client and
/// by what the window sees of it.
void TestApply::isSeenAsDescribed()
{
    QFETCH(Api, api);
    Seen window(connection(api));
    QVERIFY(window.start());
    Cli cli({u"-e"_s, connection(api), u"apply"_s, file(R"({"registrations": [
      {"name": "steady", "count": 300, "port": 1000, "hostname": "h"},
      {"name": "crashing", "count": 100, "port": 1000, "hostname": "h",
       "behaviour": {"crashAfter": 4}},
      {"name": "flapping", "count": 100, "port": 1000, "hostname": "h", "ttl": 4,
       "behaviour": {"flap": {"every": 5, "for": 2}}}]})")});
    QVERIFY(cli.startAndRead(500));
    QVERIFY(cli.output.startsWith("steady http://h:1000\n"));
    QTRY_COMPARE(window.now.size(), size_t(500));
    const auto ask = [&](NpmPeer &peer) {
        QMap<QString, int> counts;
        for (const QJsonValue &each : peer.ask({u"list"_s}).toArray())
            ++counts[each["name"_L1].toString()];
        return counts;
    };
    std::unique_ptr<NpmPeer> peer;
    if (api == Api::V2 && NpmPeer::whyNot().isEmpty())
        peer = std::make_unique<NpmPeer>(m_etcd.connectionString(u"/apply"_s));

    QTRY_VERIFY_WITH_TIMEOUT(documents(api, u"flapping"_s).size() < 50, 30000); // away
    QTRY_COMPARE_WITH_TIMEOUT(documents(api, u"crashing"_s).size(), 0, 30000);
    QTRY_COMPARE_WITH_TIMEOUT(documents(api, u"flapping"_s).size(), 100, 30000); // back
    QTRY_VERIFY_WITH_TIMEOUT(documents(api, u"flapping"_s).size() < 50, 30000);  // and again
    QCOMPARE(documents(api, u"steady"_s).size(), 300);
    if (peer) {
        const QMap<QString, int> seen = ask(*peer);
        QCOMPARE(seen[u"steady"_s], 300);
        QCOMPARE(seen[u"crashing"_s], 0);
        QTRY_COMPARE_WITH_TIMEOUT(ask(*peer)[u"flapping"_s], 100, 30000);
    }

    const auto told = [&](const QString &name, QList<Change::Kind> kinds) {
        return std::ranges::count_if(window.changes, [&](const Change &change) {
            return change.live.instance->service == name && kinds.contains(change.kind);
        });
    };
    using Kind = Change::Kind; // v3 does not say how it went
    QTRY_VERIFY(told(u"flapping"_s, {Kind::Left, Kind::Gone}) >= 150);
    QVERIFY(told(u"flapping"_s, {Kind::Joined}) >= 200);
    QCOMPARE(told(u"crashing"_s, {Kind::Expired, Kind::Gone}), 100);
    QCOMPARE(told(u"steady"_s, {Kind::Joined}), 300);
    QCOMPARE(told(u"steady"_s, {Kind::Changed, Kind::Left, Kind::Expired, Kind::Gone}), 0);

    cli.terminate();
    QCOMPARE(cli.end().status(), 0);
    QCOMPARE(documents(api), QByteArrayList());
    QVERIFY2(cli.error.contains("500 of 500 joined; crashes: 100, flaps: "), cli.error);
    QTRY_COMPARE(window.now.size(), size_t(0));
}

void TestApply::behaves()
{
    QFETCH(Api, api);
    Seen window(connection(api));
    QVERIFY(window.start());
    Cli cli({u"-e"_s, connection(api), u"apply"_s, file(R"({"registrations": [
      {"name": "changing", "document": {"weight": 1},
       "behaviour": {"change": {"field": "weight", "every": 0.5, "values": [2, 3]}}},
      {"name": "pausing", "behaviour": {"pause": {"after": 1, "for": 6}}},
      {"name": "leaving", "behaviour": {"leaveAfter": 1}}]})")});
    QVERIFY(cli.startAndRead(3));
    const auto kinds = [&](const QString &name) {
        QList<Change::Kind> kinds;
        for (const Change &change : std::as_const(window.changes)) {
            if (change.live.instance->service == name)
                kinds.append(change.kind);
        }
        return kinds;
    };
    using Kind = Change::Kind;
    QTRY_COMPARE_WITH_TIMEOUT(kinds(u"pausing"_s).size(), 3, 30000);
    QCOMPARE(kinds(u"pausing"_s).first(), Kind::Joined);
    QVERIFY(isGone(kinds(u"pausing"_s)[1]));
    QCOMPARE(kinds(u"pausing"_s).last(), Kind::Joined);
    QCOMPARE(kinds(u"leaving"_s).size(), 2);
    QVERIFY(isGone(kinds(u"leaving"_s).last()));

    QByteArrayList weights;
    for (const Change &change : std::as_const(window.changes)) {
        if (change.live.instance->service == "changing"_L1)
            weights += change.live.instance->document.mid(10, 1);
    }
    QVERIFY2(weights.size() > 4, weights.join(' '));
    for (qsizetype i = 0; i < weights.size(); ++i)
        QCOMPARE(weights[i], QByteArray(i == 0 ? "1" : i % 2 == 1 ? "2" : "3"));
    cli.terminate();
    QCOMPARE(cli.end().status(), 0);
    QCOMPARE(documents(api), QByteArrayList());
    QVERIFY2(cli.error.contains("3 of 3 joined; pauses: 1, changes: ")
                 && cli.error.contains(", left by themselves: 1."),
             cli.error);
}

void TestApply::isStoppedWhileItJoins()
{
    QFETCH(Api, api);
    Cli cli({u"-e"_s, connection(api), u"apply"_s,
             file(R"({"registrations": [{"name": "many", "count": 5000, "port": 1}]})")});
    cli.start();
    QTRY_VERIFY_WITH_TIMEOUT(!documents(api).isEmpty(), 20000);
    cli.terminate();
    cli.end();
    QVERIFY(cli.output.isEmpty()); // it had not joined all
    if (cli.status() == 0)
        QCOMPARE(documents(api), QByteArrayList());
    else // three seconds were not enough, and it said so
        QVERIFY2(cli.error.contains("could not be left, and expires"), cli.error.left(300));
    QTRY_COMPARE_WITH_TIMEOUT(documents(api), QByteArrayList(), 20000);
}

void TestApply::unreachable()
{
    Cli cli({u"-e"_s, u"127.0.0.1:%1"_s.arg(LocalEtcd::freePort()), u"apply"_s, file(two)});
    cli.run();
    QCOMPARE(cli.status(), 3);
    QCOMPARE(cli.output, QByteArray());
    QVERIFY2(cli.error.count('\n') == 2 && cli.error.contains("0 of 2 joined; failures: 2."),
             cli.error);
}

QTEST_GUILESS_MAIN(TestApply)
#include "tst_apply.moc"
