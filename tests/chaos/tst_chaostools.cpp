// SPDX-License-Identifier: MIT
#include "localetcd.h"
#include "relay.h"
#include "schedule.h"

#include <QElapsedTimer>
#include <QSet>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

/// What the chaos is made by.
class TestChaosTools : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void sameSeedSameSchedule();
    void schedule_data();
    void schedule();
    void relayPasses();
    void relayIsSlow();
    void relaySwallows();
    void relayRefusesAsTheNodeDoes();
    void relayPassesOnTheEnd();
    void relayLeadsElsewhere();

private:
    /// What a node answers: the same in capitals.
    static void echo(QTcpServer &server)
    {
        connect(&server, &QTcpServer::newConnection, &server, [&server] {
            QTcpSocket *socket = server.nextPendingConnection();
            connect(socket, &QTcpSocket::readyRead, socket,
                    [socket] { socket->write(socket->readAll().toUpper()); });
        });
    }
};

void TestChaosTools::sameSeedSameSchedule()
{
    QCOMPARE(makeSchedule(7, 15min), makeSchedule(7, 15min));
    QVERIFY(makeSchedule(7, 15min) != makeSchedule(8, 15min));
    const QList<Fault> faults = makeSchedule(7, 90s);
    QCOMPARE(toTable(faults).count(u'\n'), faults.size());
}

void TestChaosTools::schedule_data()
{
    QTest::addColumn<int>("seconds");
    QTest::newRow("90 s") << 90;
    QTest::newRow("100 s") << 100;
    QTest::newRow("15 min") << 900;
}

void TestChaosTools::schedule()
{
    QFETCH(int, seconds);
    for (quint32 seed = 0; seed < 200; ++seed) {
        const QList<Fault> faults = makeSchedule(seed, std::chrono::seconds(seconds));
        QCOMPARE(faults.size(), Fault::kinds * (seconds / (seconds < 300 ? 90 : 150)));
        std::chrono::milliseconds over{-2500};
        QSet<Fault::Kind> kinds;
        for (const Fault &fault : faults) {
            QVERIFY(fault.from >= over + 2500ms);
            QVERIFY(fault.to >= fault.from + (fault.kind == Fault::Kind::LeaderMove ? 0s : 2s));
            if (fault.kind == Fault::Kind::MajorityLoss)
                QCOMPARE(fault.to - fault.from, 20s);
            if (fault.kind == Fault::Kind::LeaderHang)
                QVERIFY(fault.to - fault.from >= 12s);
            over = fault.to;
            kinds.insert(fault.kind);
        }
        QCOMPARE(kinds.size(), Fault::kinds);
        QVERIFY(over <= std::chrono::seconds(seconds) - 2500ms);
    }
}

void TestChaosTools::relayPasses()
{
    QTcpServer node;
    echo(node);
    QVERIFY(node.listen(QHostAddress::LocalHost));
    const Relay relay(node.serverPort());
    const QByteArray much = QByteArray(5'000'000, 'a') + 'b';
    QTcpSocket client;
    client.connectToHost(QHostAddress::LocalHost, relay.port());
    client.write(much);
    QTRY_COMPARE(client.bytesAvailable(), much.size());
    QCOMPARE(client.readAll(), much.toUpper());
}

void TestChaosTools::relayIsSlow()
{
    QTcpServer node;
    echo(node);
    QVERIFY(node.listen(QHostAddress::LocalHost));
    Relay relay(node.serverPort());
    relay.setMode(Relay::Mode::Slow);
    QTcpSocket client;
    client.connectToHost(QHostAddress::LocalHost, relay.port());
    QElapsedTimer timer;
    timer.start();
    client.write("one ");
    QTest::qWait(20);
    client.write("two");
    QTRY_COMPARE(client.bytesAvailable(), 7);
    QVERIFY2(timer.elapsed() >= 600, qPrintable(QString::number(timer.elapsed())));
    QCOMPARE(client.readAll(), "ONE TWO");
}

void TestChaosTools::relaySwallows()
{
    QTcpServer node;
    echo(node);
    QVERIFY(node.listen(QHostAddress::LocalHost));
    Relay relay(node.serverPort());
    QTcpSocket before, during;
    before.connectToHost(QHostAddress::LocalHost, relay.port());
    before.write("a");
    QTRY_COMPARE(before.bytesAvailable(), 1);
    QCOMPARE(before.readAll(), "A");

    relay.setMode(Relay::Mode::Swallow);
    before.write("b");
    during.connectToHost(QHostAddress::LocalHost, relay.port());
    during.write("c");
    QTest::qWait(300);
    QCOMPARE(before.state(), QTcpSocket::ConnectedState);
    QCOMPARE(during.state(), QTcpSocket::ConnectedState);
    QCOMPARE(before.bytesAvailable() + during.bytesAvailable(), 0);

    relay.setMode(Relay::Mode::Pass);
    QTRY_COMPARE(before.bytesAvailable(), 1);
    QCOMPARE(before.readAll(), "B");
    QTRY_COMPARE(during.bytesAvailable(), 1);
    QCOMPARE(during.readAll(), "C");
}

void TestChaosTools::relayRefusesAsTheNodeDoes()
{
    const quint16 port = LocalEtcd::freePort();
    const Relay relay(port);
    const auto refused = [&relay] {
        QTcpSocket client;
        client.connectToHost(QHostAddress::LocalHost, relay.port());
        (void)QTest::qWaitFor([&] { return client.state() != QTcpSocket::ConnectingState; });
        return client.error() == QTcpSocket::ConnectionRefusedError;
    };
    QTRY_VERIFY(refused());
    QTcpServer node;
    echo(node);
    QVERIFY(node.listen(QHostAddress::LocalHost, port));
    QTRY_VERIFY(!refused());
    node.close();
    QTRY_VERIFY(refused());
}

void TestChaosTools::relayPassesOnTheEnd()
{
    QTcpServer node;
    QVERIFY(node.listen(QHostAddress::LocalHost));
    const Relay relay(node.serverPort());
    QTcpSocket client;
    client.connectToHost(QHostAddress::LocalHost, relay.port());
    QTRY_VERIFY(node.hasPendingConnections());
    QTcpSocket *served = node.nextPendingConnection();
    served->write("bye");
    served->disconnectFromHost();
    QTRY_COMPARE(client.state(), QTcpSocket::UnconnectedState);
    QCOMPARE(client.readAll(), "bye");
}

void TestChaosTools::relayLeadsElsewhere()
{
    QTcpServer node, other;
    echo(node);
    QVERIFY(node.listen(QHostAddress::LocalHost));
    QVERIFY(other.listen(QHostAddress::LocalHost));
    Relay relay(node.serverPort());
    QTcpSocket before, after;
    before.connectToHost(QHostAddress::LocalHost, relay.port());
    before.write("a");
    QTRY_COMPARE(before.bytesAvailable(), 1);
    relay.setNode(other.serverPort());
    QTRY_COMPARE(before.state(), QTcpSocket::UnconnectedState);
    after.connectToHost(QHostAddress::LocalHost, relay.port());
    QTRY_VERIFY(other.hasPendingConnections());
    QVERIFY(!node.hasPendingConnections());
}

QTEST_GUILESS_MAIN(TestChaosTools)
#include "tst_chaostools.moc"
