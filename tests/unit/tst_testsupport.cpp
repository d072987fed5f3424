// SPDX-License-Identifier: MIT
#include "await.h"
#include "fakeserver.h"

#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QPromise>
#include <QSignalSpy>
#include <QTest>

#include <memory>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

class TestTestSupport : public QObject
{
    Q_OBJECT

    QNetworkAccessManager m_network;

    std::unique_ptr<QNetworkReply> get(const FakeServer &server, const QString &path,
                                       int timeout = 0)
    {
        QNetworkRequest request(server.url().resolved(QUrl(path)));
        request.setTransferTimeout(timeout);
        std::unique_ptr<QNetworkReply> reply(m_network.get(request));
        QSignalSpy(reply.get(), &QNetworkReply::finished).wait();
        return reply;
    }

private Q_SLOTS:
    void awaits()
    {
        QPromise<int> promise;
        QTimer::singleShot(10, this, [&promise] {
            promise.addResult(42);
            promise.finish();
        });
        promise.start();
        QCOMPARE(await(promise.future()), 42);
        QPromise<int> finished;
        finished.start();
        finished.addResult(1);
        finished.finish();
        QCOMPARE(await(finished.future()), 1);
    }

    void answersByTheLongestPath()
    {
        FakeServer server;
        server.on("/v3", FakeServer::reply(200, "a"));
        server.on("/v3/kv", FakeServer::reply(200, "b"));
        QCOMPARE(get(server, u"/v3/kv/range"_s)->readAll(), "b");
        QCOMPARE(get(server, u"/v3/lease"_s)->readAll(), "a");
        QCOMPARE(get(server, u"/v2"_s)->error(), QNetworkReply::ContentNotFoundError);
        QCOMPARE(server.requests().size(), 3);
        QCOMPARE(server.requests().first().path, "/v3/kv/range");
    }

    void queuesAnswers()
    {
        FakeServer server;
        server.on("/", FakeServer::reply(503, "first"));
        server.on("/", FakeServer::reply(200, "then"));
        QCOMPARE(get(server, u"/"_s)->readAll(), "first");
        QCOMPARE(get(server, u"/"_s)->readAll(), "then");
        QCOMPARE(get(server, u"/"_s)->readAll(), "then");
    }

    void readsBodies()
    {
        FakeServer server;
        server.on("/", FakeServer::reply(200, "{}"));
        const QByteArray body(100000, 'x');
        const std::unique_ptr<QNetworkReply> reply(
            m_network.sendCustomRequest(QNetworkRequest(server.url()), "PUT", body));
        QTRY_VERIFY(reply->isFinished());
        QCOMPARE(server.requests().size(), 1);
        QCOMPARE(server.requests().first().method, "PUT");
        QCOMPARE(server.requests().first().body, body);
    }

    void splitsAnswers()
    {
        for (int chunk = 1; chunk < 80; ++chunk) {
            FakeServer server;
            FakeServer::Answer answer = FakeServer::reply(200, R"({"a":1})");
            answer.chunk = chunk;
            server.on("/", answer);
            QCOMPARE(get(server, u"/"_s)->readAll(), R"({"a":1})");
        }
    }

    void pushesNothingAheadOfTheHead()
    {
        FakeServer server;
        FakeServer::Answer answer = FakeServer::stream("{}\n");
        answer.delay = std::chrono::milliseconds(50);
        server.on("/", answer);
        connect(&server, &FakeServer::requested, this, [&server] { server.push("/", "early\n"); });
        const std::unique_ptr<QNetworkReply> reply(m_network.get(QNetworkRequest(server.url())));
        QTRY_COMPARE(reply->bytesAvailable(), 3);
        server.push("/", "late\n");
        QTRY_COMPARE(reply->bytesAvailable(), 8);
        QCOMPARE(reply->readAll(), "{}\nlate\n");
    }

    void hangsDropsResetsAndRefuses()
    {
        FakeServer server;
        server.on("/hang", FakeServer::hang());
        server.on("/drop", FakeServer::drop());
        server.on("/reset", FakeServer::reset());
        const auto hangs = get(server, u"/hang"_s, 100)->error();
        QVERIFY(hangs == QNetworkReply::OperationCanceledError // before Qt 6.11
                || hangs == QNetworkReply::TimeoutError);
        QCOMPARE(get(server, u"/drop"_s)->error(), QNetworkReply::RemoteHostClosedError);
        QCOMPARE(get(server, u"/reset"_s)->error(), QNetworkReply::RemoteHostClosedError);
        server.stop();
        QCOMPARE(get(server, u"/"_s)->error(), QNetworkReply::ConnectionRefusedError);
    }
};

QTEST_GUILESS_MAIN(TestTestSupport)
#include "tst_testsupport.moc"
