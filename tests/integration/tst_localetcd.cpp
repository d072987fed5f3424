// SPDX-License-Identifier: MIT
#include "etcdcluster.h"

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QSignalSpy>
#include <QTcpServer>
#include <QTest>

#include <csignal>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

namespace {

bool exists(qint64 pid)
{
    return ::kill(pid_t(pid), 0) == 0;
}

const QString key = u"services/shop/web/1"_s;

} // namespace

class TestLocalEtcd : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void startsAndGoesWithItsObject()
    {
        qint64 pid = 0;
        QString folder;
        {
            LocalEtcd etcd;
            QSignalSpy started(&etcd, &LocalEtcd::started);
            etcd.start();
            QCOMPARE(started.count(), 0); // never from inside the call
            QVERIFY(started.wait(30000));
            pid = etcd.pid();
            folder = etcd.folder();
            QVERIFY(etcd.isRunning());
            QVERIFY(exists(pid));
            QVERIFY(QDir(folder).exists());
        }
        QVERIFY(!exists(pid));
        QVERIFY(!QDir(folder).exists());
    }

    void goesWithAKilledProgram_data()
    {
        QTest::addColumn<int>("signal");
        QTest::newRow("SIGKILL") << SIGKILL;
        QTest::newRow("SIGTERM") << SIGTERM;
    }

    void goesWithAKilledProgram()
    {
        QFETCH(int, signal);
        QProcess program;
        program.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        program.start(QStringLiteral(HOLDER), QStringList{});
        QTRY_VERIFY_WITH_TIMEOUT(program.canReadLine(), 30000);
        const QStringList words = QString::fromUtf8(program.readLine()).trimmed().split(u' ');
        const qint64 pid = words.value(0).toLongLong();
        const QString folder = words.value(1);
        QVERIFY(exists(pid));
        QVERIFY(QDir(folder).exists());

        ::kill(pid_t(program.processId()), signal);
        QTRY_VERIFY_WITH_TIMEOUT(!exists(pid), 5000);
        QTRY_VERIFY_WITH_TIMEOUT(!QDir(folder).exists(), 5000);
    }

    void goesWhileSuspended()
    {
        LocalEtcd etcd;
        QSignalSpy started(&etcd, &LocalEtcd::started);
        QSignalSpy ended(&etcd, &LocalEtcd::ended);
        etcd.start();
        QVERIFY(started.wait(30000));
        etcd.suspend();
        etcd.kill();
        QVERIFY(ended.wait());
        QVERIFY(!etcd.isRunning());
    }

    void keepsDataAndPortOverARestart()
    {
        EtcdCluster cluster;
        QVERIFY2(cluster.start(), qPrintable(cluster.error()));
        const QUrl url = cluster.member(0).clientUrl();
        QVERIFY(cluster.put(Api::V3, key, "1"));

        QVERIFY(cluster.restart(0)); // from running
        QCOMPARE(cluster.get(Api::V3, key), QByteArray("1"));
        QVERIFY(cluster.kill(0));
        QVERIFY(!cluster.member(0).isRunning());
        QVERIFY(cluster.restart(0)); // from ended
        QCOMPARE(cluster.get(Api::V3, key), QByteArray("1"));
        QCOMPARE(cluster.member(0).clientUrl(), url);
    }

    void endsByItselfWhenTerminated()
    {
        LocalEtcd etcd;
        QSignalSpy started(&etcd, &LocalEtcd::started);
        QSignalSpy failed(&etcd, &LocalEtcd::failed);
        QSignalSpy ended(&etcd, &LocalEtcd::ended);
        etcd.start();
        QVERIFY(started.wait(30000));
        etcd.terminate();
        QVERIFY(ended.wait());
        QCOMPARE(failed.count(), 0);
    }

    void saysWhyItFailed()
    {
        QTcpServer other;
        QVERIFY(other.listen(QHostAddress::LocalHost));
        LocalEtcdOptions options;
        options.clientPort = other.serverPort();
        LocalEtcd etcd(options);
        QSignalSpy failed(&etcd, &LocalEtcd::failed);
        etcd.start();
        QVERIFY(failed.wait(30000));
        const QString message = failed[0][0].toString();
        QVERIFY2(message.contains(u"address already in use"_s), qPrintable(message));
        QVERIFY2(message.contains(QString::number(other.serverPort())), qPrintable(message));
        QVERIFY(!etcd.isRunning());
    }

    void saysThatEtcdIsNotInstalled()
    {
        const QByteArray named = qgetenv("ETCD_BINARY");
        qputenv("ETCD_BINARY", "/nowhere/etcd");
        LocalEtcd etcd;
        QSignalSpy failed(&etcd, &LocalEtcd::failed);
        etcd.start();
        qputenv("ETCD_BINARY", named);
        QCOMPARE(failed.count(), 0);
        QVERIFY(failed.wait());
        const QString message = failed[0][0].toString();
        QVERIFY2(message.contains(u"etcd-server"_s), qPrintable(message));
    }

    void servesV2OnlyWhereAsked_data()
    {
        QTest::addColumn<bool>("v2");
        QTest::newRow("v2") << true;
        QTest::newRow("v3 only") << false;
    }

    void servesV2OnlyWhereAsked()
    {
        QFETCH(bool, v2);
        EtcdCluster cluster({.v2 = v2});
        QVERIFY2(cluster.start(), qPrintable(cluster.error()));
        if (v2 && !cluster.servesV2())
            QSKIP("This etcd has no v2 API");
        QCOMPARE(cluster.put(Api::V2, key, "x y&z", 10), v2);
        QCOMPARE(cluster.get(Api::V2, key).has_value(), v2);
        if (v2)
            QCOMPARE(*cluster.get(Api::V2, key), "x y&z");
        QCOMPARE(cluster.remove(Api::V2, key), v2);
        QVERIFY(cluster.put(Api::V3, key, "x", 10));
        QCOMPARE(cluster.get(Api::V3, key), QByteArray("x"));
        QVERIFY(cluster.remove(Api::V3, key));
        QVERIFY(!cluster.remove(Api::V3, key));
    }

    void isStoppedOnceSuspended()
    {
        EtcdCluster cluster;
        QVERIFY2(cluster.start(), qPrintable(cluster.error()));
        const QDir threads(u"/proc/%1/task"_s.arg(cluster.member(0).pid()));
        for (int i = 0; i < 50; ++i) {
            cluster.suspend(0);
            for (const QString &thread : threads.entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
                QFile stat(threads.filePath(thread + u"/stat"_s));
                QVERIFY(stat.open(QIODevice::ReadOnly));
                QVERIFY(stat.readAll().contains(") T "));
            }
            cluster.resume(0);
        }
    }

    void threeMembers()
    {
        EtcdCluster cluster({.members = 3});
        QVERIFY2(cluster.start(), qPrintable(cluster.error()));
        QCOMPARE(cluster.endpoints().size(), 3);
        const int leader = cluster.waitForLeader();
        QVERIFY(leader >= 0);
        cluster.suspend(leader);
        const int next = cluster.waitForLeader(leader);
        QVERIFY(next >= 0);
        cluster.resume(leader);
        QVERIFY(cluster.kill(next));
        QVERIFY(cluster.waitForLeader(next) >= 0);
        QVERIFY(cluster.restart(next));
        QVERIFY(cluster.put(Api::V3, key, "1"));
    }

    void tlsWithClientCertificate()
    {
        EtcdCluster cluster({.tls = true});
        QVERIFY2(cluster.start(), qPrintable(cluster.error()));
        QVERIFY(cluster.connectionString(u"/shop?api=v3"_s).startsWith("https://127.0.0.1:"_L1));
        QVERIFY(cluster.connectionString(u"/shop?api=v3"_s).contains("/shop?api=v3&ca="_L1));
        QVERIFY(cluster.put(Api::V3, key, "1"));
        QVERIFY(cluster.enableAuth(Api::V3, u"anna"_s, u"secret"_s));
        QVERIFY(cluster.put(Api::V3, key, "2"));
    }

    void logins_data()
    {
        QTest::addColumn<Api>("api");
        QTest::newRow("v2") << Api::V2;
        QTest::newRow("v3") << Api::V3;
    }

    void logins()
    {
        QFETCH(Api, api);
        EtcdCluster cluster;
        QVERIFY2(cluster.start(), qPrintable(cluster.error()));
        if (api == Api::V2 && !cluster.servesV2())
            QSKIP("This etcd has no v2 API");
        QVERIFY(cluster.enableAuth(api, u"anna"_s, u"secret"_s));
        QVERIFY(cluster.put(api, key, "1"));
        QCOMPARE(cluster.get(api, key), QByteArray("1"));

        QNetworkAccessManager stranger;
        QUrl url = cluster.member(0).clientUrl();
        url.setPath(api == Api::V2 ? u"/v2/keys/services"_s : u"/v3/kv/range"_s);
        QNetworkRequest request(url);
        request.setHeader(QNetworkRequest::ContentTypeHeader, u"application/json"_s);
        const std::unique_ptr<QNetworkReply> reply(
            api == Api::V2 ? stranger.get(request) : stranger.post(request, R"({"key":"AA=="})"));
        QTRY_VERIFY(reply->isFinished());
        QVERIFY(reply->error() != QNetworkReply::NoError);
    }
};

QTEST_GUILESS_MAIN(TestLocalEtcd)
#include "tst_localetcd.moc"
