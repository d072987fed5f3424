// SPDX-License-Identifier: MIT
#include "cli.h"
#include "etcdcluster.h"

#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

/// Where the command finds the cluster, its certificates and its login: --etcd, ETCD_REGISTRY and
/// etcdctl's variables.
class TestCliConnection : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void takesAListOfUrls_data();
    void takesAListOfUrls();
    void refusesNoHost_data();
    void refusesNoHost();
    void takesCertificates();
    void tellsWhatIsNotUsed();
    void takesAPassword_data();
    void takesAPassword();
    void asksForAPassword();

private:
    using Variables = QList<std::pair<QString, QString>>;

    /// Ran with these variables and none else of etcdctl's.
    static std::unique_ptr<Cli> ran(const Variables &variables, const QStringList &arguments)
    {
        auto cli = std::make_unique<Cli>(arguments);
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        for (const auto &[name, value] : variables)
            environment.insert(name, value);
        cli->setProcessEnvironment(environment);
        cli->run();
        return cli;
    }
};

void TestCliConnection::takesAListOfUrls_data()
{
    QTest::addColumn<QString>("list"); // %1: a host where nothing is, %2: one where etcd is
    QTest::newRow("slashes") << u"http://%1/,http://%2/"_s;
    QTest::newRow("blanks") << u"http://%1/ , http://%2/ "_s;
    QTest::newRow("the last one") << u"http://%2,http://%1/"_s;
    QTest::newRow("no protocol") << u"%1/,%2/"_s;
    QTest::newRow("upper case") << u"HTTP://%1/,HTTP://%2/"_s;
    QTest::newRow("one and a comma") << u"http://%2/,"_s;
    QTest::newRow("options") << u"http://%1/,http://%2/?timeout=900"_s;
}

void TestCliConnection::takesAListOfUrls()
{
    QFETCH(QString, list);
    EtcdCluster etcd;
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    list.replace(u"%1"_s, u"127.0.0.1:1"_s).replace(u"%2"_s, etcd.endpoints().first().authority());
    Cli import({u"-e"_s, list, u"import"_s, u"--write-only"_s, u"-"_s});
    import.run(R"({"document":{"name":"web","url":"http://h"}})");
    QCOMPARE(import.status(), 0);
    QVERIFY2(import.output.startsWith("services/web/"), import.output);
    QCOMPARE(ran({{u"ETCDCTL_ENDPOINTS"_s, list}}, {u"list"_s})->output, "web\n");
}

void TestCliConnection::refusesNoHost_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::newRow("empty") << QStringList{u"-e"_s, {}};
    QTest::newRow("long") << QStringList{u"--etcd="_s};
    QTest::newRow("blank") << QStringList{u"-e"_s, u" "_s};
}

/// It is a variable of a script that is not set, not this machine.
void TestCliConnection::refusesNoHost()
{
    QFETCH(QStringList, arguments);
    const auto cli = ran({{u"ETCDCTL_CACERT"_s, u"/ca.pem"_s}}, arguments + QStringList{u"list"_s});
    QCOMPARE(cli->status(), 2);
    QVERIFY2(cli->error.startsWith("--etcd: "), cli->error);
}

void TestCliConnection::takesCertificates()
{
    EtcdCluster etcd({.tls = true});
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    QVERIFY(etcd.put(Api::V2, u"services/web/1"_s, "{\"name\":\"web\"}"));
    const auto file = [&](const QString &name) { return etcd.certificates().path(name); };
    const QString host = etcd.endpoints().first().authority();
    const Variables files{{u"ETCDCTL_CACERT"_s, file(u"ca.pem"_s)},
                          {u"ETCDCTL_CERT"_s, file(u"client.pem"_s)},
                          {u"ETCDCTL_KEY"_s, file(u"client.key"_s)}};
    // No protocol: who has certificates means https.
    for (const QStringList &arguments : {QStringList{u"list"_s}, {u"-e"_s, host, u"list"_s}}) {
        const auto cli = ran(files + Variables{{u"ETCDCTL_ENDPOINTS"_s, host}}, arguments);
        QCOMPARE(cli->output, "web\n");
        QCOMPARE(cli->error, "");
    }
    const auto half = ran({files[0], files[1]}, {u"-e"_s, host, u"list"_s});
    QCOMPARE(half->status(), 2);
    QVERIFY2(half->error.contains("ETCDCTL_CERT and ETCDCTL_KEY"), half->error);
    const auto unused = ran(files, {u"-e"_s, u"http://"_s + host, u"list"_s});
    QCOMPARE(unused->status(), 3);
    for (const auto &[name, value] : files)
        QVERIFY2(unused->error.contains(name.toUtf8() + " is not used: it needs https"),
                 unused->error);
}

void TestCliConnection::tellsWhatIsNotUsed()
{
    EtcdCluster etcd;
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    QVERIFY(etcd.put(Api::V2, u"services/web/1"_s, "{\"name\":\"web\"}"));
    const QStringList list{u"-e"_s, etcd.connectionString(), u"list"_s};
    const auto cli = ran({{u"ETCDCTL_INSECURE_SKIP_TLS_VERIFY"_s, u"true"_s},
                          {u"ETCDCTL_PASSWORD"_s, u"hunter2"_s},
                          {u"ETCDCTL_USER"_s, QString()},
                          {u"ETCDCTL_ENDPOINTS"_s, u"http://elsewhere"_s},
                          {u"ETCDCTL_API"_s, u"3"_s}},
                         list);
    QCOMPARE(cli->output, "web\n");
    QCOMPARE(cli->error, "ETCDCTL_API is set and not used.\n"
                         "ETCDCTL_INSECURE_SKIP_TLS_VERIFY is set and not used.\n"
                         "ETCDCTL_PASSWORD is set and not used.\n");
}

void TestCliConnection::takesAPassword_data()
{
    QTest::addColumn<Api>("api");
    QTest::newRow("v2") << Api::V2;
    QTest::newRow("v3") << Api::V3;
}

void TestCliConnection::takesAPassword()
{
    QFETCH(Api, api);
    EtcdCluster etcd;
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    QVERIFY2(etcd.enableAuth(api, u"ops"_s, u"hunter2"_s), qPrintable(etcd.error()));
    QVERIFY(etcd.put(api, u"services/web/1"_s, "{\"name\":\"web\"}"));
    const QString text = etcd.connectionString(api == Api::V2 ? u"?api=v2"_s : u"?api=v3"_s);
    const QString withUser = QString(text).replace(u"://"_s, u"://ops@"_s);
    const std::pair<QString, QString> password{u"ETCDCTL_PASSWORD"_s, u"hunter2"_s};
    for (const auto &cli :
         {ran({{u"ETCDCTL_USER"_s, u"ops"_s}, password}, {u"-e"_s, text, u"list"_s}),
          ran({{u"ETCDCTL_USER"_s, u"ops:hunter2"_s}}, {u"-e"_s, text, u"list"_s}),
          ran({password}, {u"-e"_s, withUser, u"list"_s})}) {
        QCOMPARE(cli->error, "");
        QCOMPARE(cli->output, "web\n");
    }
    const auto without = ran({}, {u"-e"_s, withUser, u"list"_s});
    QCOMPARE(without->status(), 3);
    QVERIFY2(without->error.startsWith("There is no password for ops"), without->error);
}

void TestCliConnection::asksForAPassword()
{
    EtcdCluster etcd;
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    QVERIFY2(etcd.enableAuth(Api::V2, u"ops"_s, u"hunter2"_s), qPrintable(etcd.error()));
    QVERIFY(etcd.put(Api::V2, u"services/web/1"_s, "{\"name\":\"web\"}"));
    const QString text = etcd.connectionString(u"?api=v2"_s).replace(u"://"_s, u"://ops@"_s);
    QProcess terminal;
    terminal.start(u"script"_s,
                   {u"-qec"_s, u"NO_COLOR=1 '%1' -e '%2' list"_s.arg(QStringLiteral(CLI), text),
                    QProcess::nullDevice()});
    QByteArray shown;
    QVERIFY(QTest::qWaitFor([&] { return (shown += terminal.readAll()).endsWith("ops: "); }));
    terminal.write("hunter2\n");
    QVERIFY(terminal.waitForFinished());
    shown += terminal.readAll();
    QVERIFY2(shown.contains("web\r\n") && !shown.contains("hunter"), shown);
    QCOMPARE(terminal.exitCode(), 0);
}

QTEST_GUILESS_MAIN(TestCliConnection)
#include "tst_cliconnection.moc"
