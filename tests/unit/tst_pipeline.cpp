// SPDX-License-Identifier: MIT
#include "await.h"
#include "fakeserver.h"
#include "pipeline.h"
#include "transport.h"

#include <QElapsedTimer>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

using Answer = FakeServer::Answer;
using Then = FakeServer::Then;

/// Small requests that share a connection, and what becomes of them when it breaks.
class TestPipeline : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsAnswersInAnyChunks_data();
    void readsAnswersInAnyChunks();
    void sharesConnections();
    void handsBack_data() { brokenAnswers(); }
    void handsBack();
    void rests();
    void sendsWhatOthersSend();
    void endsTheUsualWay_data() { brokenAnswers(); }
    void endsTheUsualWay();
    void movesOnFromAHungNode();
    void endsWithATransportThatEndsAmidAnswers();

private:
    static void brokenAnswers();
};

constexpr char path[] = "/v2/keys/a";

static HttpRequest write()
{
    return {.method = "PUT",
            .path = path,
            .body = "ttl=10",
            .contentType = "application/x-www-form-urlencoded",
            .within = 2000ms,
            .frequent = true};
}

static ConnectionString nodes(std::initializer_list<const FakeServer *> servers)
{
    QStringList hosts;
    for (const FakeServer *server : servers)
        hosts.append(server->url().authority());
    return *ConnectionString::parse(hosts.join(','_L1) + "/?timeout=500"_L1);
}

static bool isPipelined(const FakeServer::Request &request)
{
    return !request.headers.contains("user-agent");
}

/// Until a frequent request goes through the pipeline; false: it never did.
static bool warm(Transport &transport, const FakeServer &server)
{
    return QTest::qWaitFor(
        [&] { return await(transport.send(write())) && isPipelined(server.requests().last()); });
}

/// A pipeline with a connection, and what became of the requests.
struct Line
{
    explicit Line(const FakeServer &server)
        : pipeline(server.url(), {})
    {
        isOpen = QTest::qWaitFor([this] { return pipeline.makeRoom(); });
    }

    void send(std::chrono::milliseconds timeout = 10s)
    {
        pipeline.send(write(), {}, timeout, [this](const auto &reply) { replies.append(reply); });
    }

    Pipeline pipeline;
    bool isOpen;
    QList<std::optional<HttpReply>> replies;
};

void TestPipeline::readsAnswersInAnyChunks_data()
{
    QTest::addColumn<int>("chunk");
    for (const int chunk : {0, 1, 2, 3, 7, 64})
        QTest::addRow("%d bytes", chunk) << chunk;
}

void TestPipeline::readsAnswersInAnyChunks()
{
    QFETCH(int, chunk);
    FakeServer server;
    Answer both = FakeServer::reply(200, "first", "text/plain", "x-etcd-index:  42\r\n");
    both.bytes += FakeServer::reply(404, "").bytes;
    both.chunk = chunk;
    server.on(path, both);
    server.on(path, FakeServer::hang());
    Line line(server);
    QVERIFY(line.isOpen);
    line.send();
    line.send();
    QTRY_COMPARE(line.replies.size(), 2);
    QVERIFY(line.replies[0] && line.replies[1]);
    QCOMPARE(line.replies[0]->status, 200);
    QCOMPARE(line.replies[0]->body, "first");
    QCOMPARE(line.replies[0]->etcdIndex, "42");
    QCOMPARE(line.replies[0]->endpoint, server.url());
    QCOMPARE(line.replies[1]->status, 404);
    QCOMPARE(line.replies[1]->body, "");
}

void TestPipeline::sharesConnections()
{
    FakeServer server;
    server.on(path, FakeServer::reply(200, "fine"));
    Line line(server);
    QVERIFY(line.isOpen);
    for (size_t i = 0; i < Pipeline::requestsOnEach; ++i)
        line.send();
    QVERIFY(!line.pipeline.makeRoom());
    QTRY_COMPARE(line.replies.size(), qsizetype(Pipeline::requestsOnEach));
    QVERIFY(!line.replies.contains(std::nullopt));
    QCOMPARE(server.streams(path), 1);

    server.forget(path);
    server.on(path, FakeServer::hang());
    size_t room = 0;
    while (QTest::qWaitFor([&] { return line.pipeline.makeRoom(); }, 200)) {
        line.send();
        ++room;
    }
    QCOMPARE(room, Pipeline::connections * Pipeline::requestsOnEach);
    QCOMPARE(server.streams(path), int(Pipeline::connections));
}

void TestPipeline::brokenAnswers()
{
    QTest::addColumn<Answer>("answer");
    const auto head = [](const QByteArray &lines) {
        return Answer{"HTTP/1.1 200 OK\r\n" + lines + "\r\n"};
    };
    QTest::newRow("closed") << FakeServer::drop();
    QTest::newRow("reset") << FakeServer::reset();
    QTest::newRow("silence") << FakeServer::hang();
    QTest::newRow("no length") << head("Content-Type: text/plain\r\n");
    QTest::newRow("no length until its end") << Answer{head("").bytes + "body", Then::Close};
    QTest::newRow("two lengths") << head("Content-Length: 0\r\nContent-Length: 4\r\n");
    QTest::newRow("length of no digits") << head("Content-Length: many\r\n");
    QTest::newRow("negative length") << head("Content-Length: -4\r\n");
    QTest::newRow("huge length") << head("Content-Length: 99999999999999999999\r\n");
    QTest::newRow("long body") << FakeServer::reply(200,
                                                    QByteArray(Pipeline::longestBody + 1, 'x'));
    QTest::newRow("long head") << head("X: " + QByteArray(Pipeline::longestHead, 'x') + "\r\n"
                                       + "Content-Length: 0\r\n");
    QTest::newRow("endless head") << Answer{.bytes = "HTTP/1.1 200 OK\r\n",
                                            .more = [] { return "X: " + QByteArray(997, 'x'); }};
    QTest::newRow("chunked") << Answer{FakeServer::stream("{}").bytes + FakeServer::streamEnd,
                                       Then::Close};
    QTest::newRow("chunked, and a length")
        << head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n");
    QTest::newRow("to be continued") << Answer{"HTTP/1.1 100 Continue\r\n\r\n"};
    QTest::newRow("no status") << Answer{"HTTP/1.1 \r\n\r\n", Then::Close};
    QTest::newRow("older HTTP") << Answer{"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
                                          Then::Close};
    QTest::newRow("not HTTP") << Answer{"SSH-2.0-OpenSSH_9.2\r\n\r\n", Then::Close};
    Answer half = FakeServer::reply(200, QByteArray(1000, 'x'));
    half.bytes.chop(500);
    QTest::newRow("half an answer, then silence") << half;
    half.then = Then::Close;
    QTest::newRow("half an answer") << half;
}

void TestPipeline::handsBack()
{
    QFETCH(Answer, answer);
    FakeServer server;
    server.on(path, FakeServer::reply(200, "fine"));
    server.on(path, answer);
    server.on(path, FakeServer::hang());
    Line line(server);
    QVERIFY(line.isOpen);
    for (int i = 0; i < 3; ++i)
        line.send(300ms);
    QTRY_COMPARE(line.replies.size(), 3);
    QVERIFY(line.replies[0]);
    QVERIFY(!line.replies[1]);
    QVERIFY(!line.replies[2]);
    QVERIFY(!line.pipeline.makeRoom()); // it rests
}

void TestPipeline::rests()
{
    FakeServer server;
    server.on(path, FakeServer::reply(200, "fine"));
    server.on(path, FakeServer::drop());
    server.on(path, FakeServer::reply(200, "again"));
    Line line(server);
    line.send();
    line.send();
    QTRY_COMPARE(line.replies.size(), 2);
    QElapsedTimer timer;
    timer.start();
    QTRY_VERIFY(line.pipeline.makeRoom());
    QVERIFY2(timer.elapsed() >= 900, qPrintable(QString::number(timer.elapsed())));
    line.send();
    QTRY_COMPARE(line.replies.size(), 3);
    QCOMPARE(line.replies[2]->body, "again");

    server.end(path); // while nobody waits: that is no fault
    QTest::qWait(100);
    timer.start();
    QTRY_VERIFY(line.pipeline.makeRoom());
    QVERIFY2(timer.elapsed() < 500, qPrintable(QString::number(timer.elapsed())));
}

void TestPipeline::sendsWhatOthersSend()
{
    FakeServer server;
    server.on(path, FakeServer::reply(200, "fine"));
    Transport transport(nodes({&server}));
    transport.setAuthorization("Basic secret");
    QVERIFY(warm(transport, server));
    const FakeServer::Request other = server.requests().first();
    const FakeServer::Request request = server.requests().last();
    QVERIFY(!isPipelined(other));
    QCOMPARE(request.method, "PUT");
    QCOMPARE(request.path, path);
    QCOMPARE(request.body, "ttl=10");
    QCOMPARE(request.headers.value("authorization"), "Basic secret");
    for (auto each = request.headers.cbegin(); each != request.headers.cend(); ++each)
        QCOMPARE(each.value(), other.headers.value(each.key()));
}

void TestPipeline::endsTheUsualWay()
{
    QFETCH(Answer, answer);
    FakeServer server;
    server.on(path, FakeServer::reply(200, "fine"));
    Transport transport(nodes({&server}));
    QVERIFY(warm(transport, server));
    server.forget(path);
    server.on(path, answer);
    server.on(path, FakeServer::reply(200, "at last"));
    const auto reply = await(transport.send(write()));
    QVERIFY(reply);
    QCOMPARE(reply->body, "at last");
    QVERIFY(reply->uncertain);
    QVERIFY(!isPipelined(server.requests().last()));
    QVERIFY(transport.pool().isHealthy(server.url()));
    QVERIFY(!await(transport.send(write()))->uncertain);
}

void TestPipeline::movesOnFromAHungNode()
{
    FakeServer first, second;
    for (FakeServer *server : {&first, &second})
        server->on("/", FakeServer::reply(200, "fine"));
    Transport transport(nodes({&first, &second}));
    QVERIFY(warm(transport, first));
    first.forget("/");
    first.on("/", FakeServer::hang());
    QElapsedTimer timer;
    timer.start();
    const auto reply = await(transport.send(write()));
    QVERIFY(reply);
    QCOMPARE(reply->endpoint, second.url());
    QVERIFY(reply->uncertain);
    QVERIFY2(timer.elapsed() < 400, qPrintable(QString::number(timer.elapsed())));
    QCOMPARE(transport.pool().first(), second.url());
    QVERIFY(!await(transport.send(write()))->uncertain);

    second.forget("/"); // 500 means that the node can't
    second.on("/", FakeServer::reply(500, R"({"errorCode":300,"message":"Raft"})"));
    first.forget("/");
    first.on("/", FakeServer::reply(200, "back"));
    QCOMPARE(await(transport.send(write()))->endpoint, first.url());
}

void TestPipeline::endsWithATransportThatEndsAmidAnswers()
{
    FakeServer server;
    server.on(path, FakeServer::reply(200, "fine"));
    auto transport = std::make_unique<Transport>(nodes({&server}));
    QVERIFY(warm(*transport, server));
    int answered = 0;
    for (int i = 0; i < 2; ++i) {
        transport->send(write(), [&](const Result<HttpReply> &) {
            ++answered;
            transport.reset();
        });
    }
    QTRY_COMPARE(answered, 1);
    QTest::qWait(50);
    QCOMPARE(answered, 1);
}

QTEST_GUILESS_MAIN(TestPipeline)
#include "tst_pipeline.moc"
