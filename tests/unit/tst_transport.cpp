// SPDX-License-Identifier: MIT
#include "await.h"
#include "etcderror.h"
#include "fakeserver.h"
#include "stream.h"
#include "transport.h"

#include <QElapsedTimer>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

/// The attempt loop against servers that misbehave in ways that a real etcd can't be made to.
class TestTransport : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void movesOn_data();
    void movesOn();
    void keepsTheAnswer_data();
    void keepsTheAnswer();
    void goesRoundUntilOneAnswers();
    void endsByTheDeadline();
    void asksTheHealthyOneFirst();
    void waitsForALargeAnswer();
    void waitsNotLongForAPage();
    void readsAnswersInAnyChunks_data();
    void readsAnswersInAnyChunks();
    void neverMoreThanItsConnectionsCarry();
    void heartbeatsDoNotQueue();
    void hedgesReads();
    void hedgesNoWriteByTime();
    void hedgesWritesThatWereOvertaken();
    void asksAgainWhereAWriteWasLost();
    void hedgesNoFasterThanItsPatience();
    void longWritesMakeNoPatience();
    void fillsHealthyNodesFirst();
    void hedgesWhatHasToEnd();
    void hedgesALargeAnswerOfASilentNode();
    void dropsTheSlowerAnswer();
    void pingsWhoeverDoesNotAnswer();
    void saysWhenAWriteMayComeLater();
    void doesNotFollowRedirects();
    void skipsContinuationsWhenItGoesAway();
    void mayBeEndedByAnAnswer_data();
    void mayBeEndedByAnAnswer();
    void saysWhichFileIsUnreadable();
    void saysHowLongItWaited();
    void passesByWhatIsNotEtcd_data();
    void passesByWhatIsNotEtcd();
    void usesNoNodeOfAnotherCluster();
    void writesNothingIntoAnotherCluster();
    void believesNoRefusalOfAStranger();
    void followsAClusterThatWasRebuilt();
    void followsNoNodeThatWasWiped();
    void followsNoStreamOfAnotherCluster();

private:
    static ConnectionString nodes(std::initializer_list<const FakeServer *> servers,
                                  const QString &options = {})
    {
        QStringList hosts;
        for (const FakeServer *server : servers)
            hosts.append(server->url().authority());
        return *ConnectionString::parse(hosts.join(','_L1) + "/?"_L1 + options);
    }
};

constexpr char path[] = "/v2/keys/a";

/// Without pings.
static qsizetype requestsTo(const FakeServer &server)
{
    return std::ranges::count(server.requests(), path, &FakeServer::Request::path);
}

static FakeServer::Answer after(std::chrono::milliseconds delay, const QByteArray &body = "late")
{
    FakeServer::Answer answer = FakeServer::reply(200, body);
    answer.delay = delay;
    return answer;
}

void TestTransport::movesOn_data()
{
    QTest::addColumn<FakeServer::Answer>("answer");
    QTest::newRow("hang") << FakeServer::hang();
    QTest::newRow("reset") << FakeServer::reset();
    QTest::newRow("drop") << FakeServer::drop();
    QTest::newRow("500") << FakeServer::reply(500, R"({"errorCode":300,"message":"Raft"})");
    QTest::newRow("503 without a leader")
        << FakeServer::reply(503, R"({"error":"etcdserver: no leader","code":14})");
    QTest::newRow("504") << FakeServer::reply(504, "<html>gateway</html>", "text/html");
    FakeServer::Answer half = FakeServer::reply(200, QByteArray(1000, 'x'));
    half.bytes.chop(500);
    half.then = FakeServer::Then::Close;
    QTest::newRow("half an answer") << half;
    half.then = FakeServer::Then::KeepOpen;
    QTest::newRow("half an answer, then silence") << half;
    QTest::newRow("not HTTP") << FakeServer::Answer{"SSH-2.0-OpenSSH_9.2\r\n",
                                                    FakeServer::Then::Close};
}

void TestTransport::movesOn()
{
    QFETCH(FakeServer::Answer, answer);
    FakeServer bad;
    FakeServer good;
    bad.on(path, answer);
    good.on(path, FakeServer::reply(200, "fine"));
    Transport transport(nodes({&bad, &good}, u"timeout=200"_s));
    const auto reply = await(transport.send({.method = "PUT", .path = path, .body = "value=1"}));
    QVERIFY(reply);
    QCOMPARE(reply->body, "fine");
    QCOMPARE(reply->endpoint, good.url());
    QCOMPARE(good.requests().first().method, "PUT");
    QCOMPARE(good.requests().first().body, "value=1");
}

void TestTransport::keepsTheAnswer_data()
{
    QTest::addColumn<int>("status");
    for (const int status : {200, 201, 400, 401, 403, 404, 412, 413, 429})
        QTest::addRow("%d", status) << status;
}

void TestTransport::keepsTheAnswer()
{
    QFETCH(int, status);
    FakeServer first;
    FakeServer second;
    first.on(path, FakeServer::reply(status, R"({"message":"so it is"})"));
    Transport transport(nodes({&first, &second}));
    const auto reply = await(transport.send({.path = path}));
    QVERIFY(reply);
    QCOMPARE(reply->status, status);
    QCOMPARE(reply->body, R"({"message":"so it is"})");
    QVERIFY(second.requests().isEmpty());
}

void TestTransport::goesRoundUntilOneAnswers()
{
    FakeServer a;
    FakeServer b;
    const auto noLeader = FakeServer::reply(503, R"({"error":"no leader","code":14})");
    for (FakeServer *server : {&a, &b}) { // an election that lasts two rounds
        server->on(path, noLeader);
        server->on(path, noLeader);
        server->on(path, FakeServer::reply(200, "elected"));
    }
    Transport transport(nodes({&a, &b}));
    const auto reply = await(transport.send({.path = path}));
    QVERIFY(reply);
    QCOMPARE(reply->body, "elected");
    QCOMPARE(a.requests().size() + b.requests().size(), 5);
}

void TestTransport::endsByTheDeadline()
{
    FakeServer a;
    FakeServer b;
    a.on(path, FakeServer::hang());
    b.on(path, FakeServer::reply(503, R"({"error":"etcdserver: no leader","code":14})"));
    Transport transport(nodes({&a, &b}, u"timeout=200&deadline=1000"_s));
    QElapsedTimer timer;
    timer.start();
    const auto reply = await(transport.send({.path = path}));
    QVERIFY(!reply);
    QVERIFY2(timer.elapsed() >= 800 && timer.elapsed() < 2000,
             qPrintable(QString::number(timer.elapsed())));
    QVERIFY(reply.error().retryable());
    QCOMPARE(reply.error().code, Error::Code::NoLeader); // which tells more than silence
    QCOMPARE(reply.error().endpoint, b.url().toString());
    QVERIFY(reply.error().detail.contains(a.url().toString()));
}

void TestTransport::asksTheHealthyOneFirst()
{
    FakeServer hung;
    FakeServer good;
    hung.on(path, FakeServer::hang());
    good.on(path, FakeServer::reply(200, "fine"));
    Transport transport(nodes({&hung, &good}, u"timeout=200"_s));
    for (int i = 0; i < 5; ++i)
        QVERIFY(await(transport.send({.path = path})));
    QCOMPARE(requestsTo(hung), 1);
    QCOMPARE(good.requests().size(), 5);
}

void TestTransport::waitsForALargeAnswer()
{
    FakeServer slow;
    FakeServer other;
    FakeServer::Answer late = FakeServer::reply(200, "at last");
    late.delay = 1000ms;
    slow.on(path, late);
    slow.on("/version", FakeServer::reply(200, "{}"));
    other.on(path, FakeServer::reply(200, "too early"));
    Transport transport(nodes({&slow, &other}, u"timeout=200&deadline=500"_s));
    QCOMPARE(await(transport.send({.path = path, .large = true}))->body, "at last");

    slow.forget("/version"); // the same without a sign of life
    slow.on("/version", FakeServer::hang());
    QCOMPARE(await(transport.send({.path = path, .large = true}))->body, "too early");
}

/// The node lives, but waits for a leader that has gone; asked again it knows.
void TestTransport::waitsNotLongForAPage()
{
    FakeServer node;
    node.on(path, FakeServer::hang());
    node.on(path, FakeServer::reply(503, R"({"code":14,"message":"etcdserver: no leader"})"));
    node.on("/version", FakeServer::reply(200, "{}"));
    Transport transport(nodes({&node}, u"timeout=100&deadline=1000"_s));
    const auto reply = await(transport.send({.path = path, .large = true, .page = true}), 10s);
    QVERIFY(!reply);
    QCOMPARE(reply.error().code, Error::Code::NoLeader);
}

void TestTransport::readsAnswersInAnyChunks_data()
{
    QTest::addColumn<int>("chunk");
    for (const int chunk : {1, 2, 3, 7, 64})
        QTest::addRow("%d bytes", chunk) << chunk;
}

void TestTransport::readsAnswersInAnyChunks()
{
    QFETCH(int, chunk);
    FakeServer server;
    FakeServer::Answer answer;
    answer.bytes = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Etcd-Index: 42\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n3\r\n1}\n\r\n0\r\n\r\n";
    answer.chunk = chunk;
    server.on(path, answer);
    Transport transport(nodes({&server}));
    const auto reply = await(transport.send({.path = path}));
    QVERIFY(reply);
    QCOMPARE(reply->body, "{\"a\":1}\n");
    QCOMPARE(reply->etcdIndex, "42");
}

void TestTransport::neverMoreThanItsConnectionsCarry()
{
    FakeServer hung;
    hung.on(path, FakeServer::hang());
    Transport transport(nodes({&hung}, u"timeout=400&deadline=500"_s));
    QList<QFuture<Result<HttpReply>>> replies;
    for (int i = 0; i < 36; ++i)
        replies.append(transport.send({.path = path}));
    QTest::qWait(300);
    QCOMPARE(requestsTo(hung), 30);   // five on each of its networks
    for (const auto &reply : replies) // the time that they queue is not theirs
        QCOMPARE(await(reply).error().code, Error::Code::Timeout);
}

/// Behind a thousand others they would be late.
void TestTransport::heartbeatsDoNotQueue()
{
    FakeServer node;
    node.on(path, FakeServer::hang());
    node.on("/beat", FakeServer::reply(200, "{}"));
    Transport transport(nodes({&node}, u"timeout=2000&deadline=3000"_s));
    for (int i = 0; i < 100; ++i)
        transport.send({.path = path});
    QTest::qWait(200);
    QElapsedTimer timer;
    timer.start();
    QVERIFY(await(transport.send({.path = "/beat", .within = 1000ms})));
    QVERIFY2(timer.elapsed() < 500, qPrintable(QString::number(timer.elapsed())));
}

void TestTransport::hedgesReads()
{
    FakeServer slow, good;
    slow.on(path, after(800ms));
    slow.on("/version", FakeServer::reply(200, "{}"));
    good.on(path, FakeServer::reply(200, "soon"));
    Transport transport(nodes({&slow, &good}));
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(await(transport.send({.path = path, .read = true}))->body, "soon");
    QVERIFY(timer.elapsed() >= 100);
    QVERIFY2(timer.elapsed() < 500, qPrintable(QString::number(timer.elapsed())));
    timer.start();
    QCOMPARE(await(transport.send({.path = path, .read = true}))->body, "soon");
    QCOMPARE(requestsTo(slow), 1);                       // the one that answered leads
    QTRY_VERIFY(transport.pool().isHealthy(slow.url())); // a ping has told
    QCOMPARE(transport.pool().order().first(), good.url());
}

void TestTransport::hedgesNoWriteByTime()
{
    FakeServer slow, good;
    slow.on(path, after(500ms));
    good.on(path, FakeServer::reply(200, "soon"));
    Transport transport(nodes({&slow, &good}));
    QCOMPARE(await(transport.send({.method = "PUT", .path = path}))->body, "late");
    QCOMPARE(good.requests().size(), 0);
}

/// A leader has died: what was sent before waits for seven seconds, what is sent now does not.
void TestTransport::hedgesWritesThatWereOvertaken()
{
    FakeServer stuck, good;
    stuck.on(path, FakeServer::hang());
    stuck.on(path, after(20ms, "of the first"));
    good.on(path, FakeServer::reply(200, "soon"));
    Transport transport(nodes({&stuck, &good}, u"timeout=2000"_s));
    QElapsedTimer timer;
    timer.start();
    const auto first = transport.send({.method = "PUT", .path = path});
    QTest::qWait(300);
    QCOMPARE(good.requests().size(), 0);
    QCOMPARE(await(transport.send({.method = "PUT", .path = path}))->body, "of the first");
    const auto reply = await(first);
    QVERIFY(reply);
    QVERIFY(reply->uncertain);
    QVERIFY2(timer.elapsed() < 900, qPrintable(QString::number(timer.elapsed())));
}

/// It was lost on both followers of the dead leader, one after the other, before another was
/// elected.
void TestTransport::asksAgainWhereAWriteWasLost()
{
    FakeServer one, two, dead;
    for (FakeServer *follower : {&one, &two}) {
        follower->on(path, FakeServer::hang());
        follower->on(path, FakeServer::reply(200, "soon"));
    }
    Transport transport(nodes({&one, &two, &dead}, u"timeout=2000"_s));
    dead.stop();
    QElapsedTimer timer;
    timer.start();
    const auto first = transport.send({.method = "PUT", .path = path});
    QTRY_COMPARE(requestsTo(two), 1);
    QCOMPARE(await(transport.send({.method = "PUT", .path = path}))->body, "soon");
    QCOMPARE(await(first)->body, "soon");
    QVERIFY2(timer.elapsed() < 3500, qPrintable(QString::number(timer.elapsed())));
}

/// However many writes are answered meanwhile.
void TestTransport::hedgesNoFasterThanItsPatience()
{
    constexpr char others[] = "/v2/keys/b";
    FakeServer one, two, refusing;
    for (FakeServer *node : {&one, &two}) {
        node->on(path, FakeServer::hang());
        node->on(others, FakeServer::reply(200, "soon"));
    }
    refusing.on(path, FakeServer::reply(503, "{}"));
    Transport transport(nodes({&one, &two, &refusing}));
    const auto lost = transport.send({.method = "PUT", .path = path});
    QTRY_COMPARE(requestsTo(two), 1);
    QElapsedTimer timer;
    timer.start();
    for (int i = 0; i < 50; ++i) {
        QVERIFY(await(transport.send({.method = "PUT", .path = others})));
        QTest::qWait(10);
    }
    const qint64 patiences = timer.elapsed() / 100;
    QVERIFY2(requestsTo(refusing) <= patiences + 1, qPrintable(QString::number(patiences)));
}

/// Those that were long while there was no leader say nothing of what is to be expected.
void TestTransport::longWritesMakeNoPatience()
{
    FakeServer node;
    for (int i = 0; i < 8; ++i)
        node.on(path, after(200ms));
    Transport transport(nodes({&node}));
    for (int i = 0; i < 8; ++i)
        QVERIFY(await(transport.send({.method = "PUT", .path = path})));
    QCOMPARE(transport.pool().patience(node.url()), 100ms);
}

/// Those that answer get a second and third connection's share before one that does not.
void TestTransport::fillsHealthyNodesFirst()
{
    FakeServer good, hung;
    good.on(path, FakeServer::reply(200, "soon"));
    hung.on(path, FakeServer::hang());
    hung.on("/version", FakeServer::hang());
    Transport transport(nodes({&hung, &good}));
    QCOMPARE(await(transport.send({.method = "PUT", .path = path}))->body, "soon");
    QCOMPARE(requestsTo(hung), 1);
    QList<QFuture<Result<HttpReply>>> replies;
    for (int i = 0; i < 30; ++i)
        replies.append(transport.send({.method = "PUT", .path = path}));
    for (const auto &reply : replies)
        QCOMPARE(await(reply)->body, "soon");
    QVERIFY(requestsTo(hung) < 6); // a few may be hedged
}

void TestTransport::hedgesWhatHasToEnd()
{
    FakeServer one, two, three;
    for (FakeServer *node : {&one, &two})
        node->on(path, FakeServer::hang());
    three.on(path, FakeServer::reply(200, "in time"));
    Transport transport(nodes({&one, &two, &three}));
    QElapsedTimer timer;
    timer.start();
    const auto reply = await(transport.send({.method = "PUT", .path = path, .within = 800ms}));
    QVERIFY(reply);
    QVERIFY2(timer.elapsed() < 700, qPrintable(QString::number(timer.elapsed())));
    QCOMPARE(requestsTo(one), 1);
    QCOMPARE(requestsTo(two), 1);

    three.forget(path);
    three.on(path, FakeServer::hang());
    timer.start();
    QVERIFY(!await(transport.send({.method = "PUT", .path = path, .within = 800ms})));
    QVERIFY2(timer.elapsed() < 1000, qPrintable(QString::number(timer.elapsed())));
}

void TestTransport::hedgesALargeAnswerOfASilentNode()
{
    FakeServer hung, busy, good;
    hung.on(path, FakeServer::hang());
    hung.on("/version", FakeServer::hang());
    busy.on(path, after(600ms, "of the busy one"));
    busy.on("/version", FakeServer::reply(200, "{}"));
    good.on(path, FakeServer::reply(200, "soon"));
    QElapsedTimer timer;
    timer.start();
    Transport first(nodes({&hung, &good}));
    QCOMPARE(await(first.send({.path = path, .large = true}))->body, "soon");
    QVERIFY2(timer.elapsed() < 500, qPrintable(QString::number(timer.elapsed())));

    Transport second(nodes({&busy, &good})); // it lives, and is not to be asked for it twice
    QCOMPARE(await(second.send({.path = path, .large = true}))->body, "of the busy one");
    QCOMPARE(requestsTo(good), 1);
}

void TestTransport::dropsTheSlowerAnswer()
{
    FakeServer one, two;
    one.on(path, after(250ms, "first"));
    two.on(path, FakeServer::hang());
    Transport transport(nodes({&one, &two}));
    QCOMPARE(await(transport.send({.path = path, .read = true}))->body, "first");
    QCOMPARE(requestsTo(two), 1); // it was asked, after 100 ms
    QTRY_COMPARE(two.streams(path), 0);
    QVERIFY(transport.pool().order().first() == one.url());
}

void TestTransport::pingsWhoeverDoesNotAnswer()
{
    FakeServer hung, good;
    hung.on("/", FakeServer::hang());
    good.on(path, FakeServer::reply(200, "fine"));
    Transport transport(nodes({&hung, &good}, u"timeout=200"_s));
    QVERIFY(await(transport.send({.path = path})));
    QVERIFY(!transport.pool().isHealthy(hung.url()));
    QTest::qWait(1500);
    const auto pings = hung.requests().size() - 1;
    QVERIFY2(pings >= 2 && pings <= 5, qPrintable(QString::number(pings))); // ever more seldom
    hung.on("/version", FakeServer::reply(200, "{}"));
    QTRY_VERIFY(transport.pool().isHealthy(hung.url()));
    QCOMPARE(transport.pool().order().first(), good.url());
}

void TestTransport::saysWhenAWriteMayComeLater()
{
    FakeServer hung, good;
    hung.on(path, FakeServer::hang());
    good.on(path, FakeServer::reply(200, "fine"));
    Transport transport(nodes({&hung, &good}, u"timeout=200"_s));
    QVERIFY(await(transport.send({.method = "PUT", .path = path}))->uncertain);
    QVERIFY(!await(transport.send({.method = "PUT", .path = path}))->uncertain);
}

void TestTransport::doesNotFollowRedirects()
{
    FakeServer here;
    FakeServer elsewhere;
    here.on(path, FakeServer::reply(307, "", "text/plain",
                                    "Location: " + elsewhere.url().toEncoded() + path + "\r\n"));
    Transport transport(nodes({&here}));
    transport.setAuthorization("Basic secret");
    QCOMPARE(await(transport.send({.path = path}))->status, 307);
    QCOMPARE(here.requests().first().headers.value("authorization"), "Basic secret");
    QVERIFY(elsewhere.requests().isEmpty());
}

void TestTransport::skipsContinuationsWhenItGoesAway()
{
    FakeServer hung;
    hung.on(path, FakeServer::hang());
    bool called = false;
    QObject context;
    auto transport = std::make_unique<Transport>(nodes({&hung}));
    for (int i = 0; i < 36; ++i) { // some in flight, some queued
        transport->send({.path = path}).then(&context, [&](const Result<HttpReply> &) {
            called = true;
        });
    }
    QTRY_COMPARE(hung.requests().size(), 30);
    transport->later(1).then(&context, [&](int) { called = true; });
    const auto last = transport->send({.path = path});
    transport.reset();
    QVERIFY(last.isCanceled());
    QTest::qWait(50);
    QVERIFY(!called);
}

void TestTransport::mayBeEndedByAnAnswer_data()
{
    QTest::addColumn<FakeServer::Answer>("answer");
    QTest::newRow("whole") << FakeServer::reply(200, "soon");
    QTest::newRow("none") << FakeServer::hang();
    QTest::newRow("too long") << FakeServer::Answer{
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"};
    QTest::newRow("unavailable") << FakeServer::reply(503, "{}");
}

/// Whoever has got an answer may need it no longer.
void TestTransport::mayBeEndedByAnAnswer()
{
    QFETCH(FakeServer::Answer, answer);
    FakeServer server;
    server.on(path, answer);
    QObject context;
    auto transport = std::make_unique<Transport>(nodes({&server}, u"timeout=200&deadline=200"_s));
    for (int i = 0; i < 40; ++i) {
        transport->send({.path = path}).then(&context, [&](const Result<HttpReply> &) {
            transport.reset();
        });
    }
    QTRY_VERIFY(!transport);
}

void TestTransport::saysWhichFileIsUnreadable()
{
    Transport transport(*ConnectionString::parse(u"https://127.0.0.1?ca=/no/such/file.pem"_s));
    const QUrl node = transport.pool().first();
    for (const auto &future :
         {transport.send({.path = path}), transport.ask(node, {.path = path})}) {
        const auto reply = await(future);
        QVERIFY(!reply);
        QCOMPARE(reply.error().code, Error::Code::Tls);
        QVERIFY(reply.error().message().contains(u"/no/such/file.pem"_s));
    }
}

void TestTransport::saysHowLongItWaited()
{
    FakeServer hung;
    hung.on("/", FakeServer::hang());
    Transport transport(nodes({&hung}, u"timeout=100&deadline=1000"_s));
    const auto reply = await(transport.send({.path = path}));
    QVERIFY(!reply);
    const QRegularExpression seconds(u"no answer within (0\\.[89]|1|1\\.[0-9]) s"_s);
    QVERIFY2(reply.error().detail.contains(seconds), qPrintable(reply.error().detail));
}

void TestTransport::passesByWhatIsNotEtcd_data()
{
    QTest::addColumn<FakeServer::Answer>("answer");
    QTest::addColumn<Error::Code>("code");
    const auto row = [](const char *name, int status, const QByteArray &body,
                        Error::Code code = Error::Code::Protocol) {
        QTest::newRow(name) << FakeServer::reply(status, body, "text/html") << code;
    };
    row("a page for everything", 200, "<!doctype html><title>Hello</title>");
    row("another API's answer", 200, R"({"status":"ok"})");
    row("nothing", 200, "");
    row("a moved page", 301, "<html>Moved</html>");
    row("a proxy's login", 401, "<html><center>nginx</center></html>");
    row("a proxy's refusal", 403, "<html>Forbidden</html>");
    row("a proxy's JSON refusal", 401, R"({"message":"No API key found in request"})");
    row("a proxy's JSON", 404, R"({"code":404,"message":"no Route matched with those values"})");
    row("a web server's 404", 404, "<html>Not Found</html>");
    row("too many for a proxy", 429, "slow down");
    row("http to an https port", 400, "Client sent an HTTP request to an HTTPS server.\n");
    row("a node without this API", 404, "404 page not found\n", Error::Code::NotServed);
}

void TestTransport::passesByWhatIsNotEtcd()
{
    QFETCH(FakeServer::Answer, answer);
    QFETCH(Error::Code, code);
    const auto absent =
        FakeServer::reply(404, R"({"errorCode":100,"message":"Key not found","index":1})");
    for (const QByteArray method : {"GET", "PUT"}) {
        FakeServer wrong, good;
        wrong.on("/", answer);
        good.on(path, absent);
        Transport transport(nodes({&wrong, &good}));
        transport.setClassifier(&verdictOf);
        for (int i = 0; i < 3; ++i) {
            const auto reply = await(transport.send({.method = method, .path = path}));
            QVERIFY(reply);
            QCOMPARE(reply->status, 404);
            QCOMPARE(reply->endpoint, good.url());
        }
        QCOMPARE(wrong.requests().size(), 1); // it comes last from then on
        QCOMPARE(transport.pool().order().last(), wrong.url());
    }

    FakeServer alone;
    alone.on("/", answer);
    Transport transport(nodes({&alone}));
    transport.setClassifier(&verdictOf);
    const auto reply = await(transport.send({.path = path}));
    QVERIFY(!reply);
    QCOMPARE(reply.error().code, code);
    QCOMPARE(alone.requests().size(), 1); // who is not etcd will not become it
}

static FakeServer::Answer fromCluster(const QByteArray &id, int status = 200,
                                      const QByteArray &body = R"({"action":"get","members":[]})")
{
    return FakeServer::reply(status, body, "application/json", "X-Etcd-Cluster-Id: " + id + "\r\n");
}

void TestTransport::usesNoNodeOfAnotherCluster()
{
    FakeServer ours, other;
    ours.on(path, fromCluster("a1"));
    other.on(path, fromCluster("b2"));
    Transport transport(nodes({&ours, &other}));
    transport.setClassifier(&verdictOf);
    QSignalSpy replaced(&transport, &Transport::clusterReplaced);
    QVERIFY(await(transport.send({.path = path})));
    ours.stop();
    for (int i = 0; i < 3; ++i) {
        const auto reply = await(transport.send({.path = path}));
        QVERIFY(!reply);
        QCOMPARE(reply.error().code, Error::Code::OtherCluster);
        QCOMPARE(reply.error().endpoint, other.url().toString());
        QTest::qWait(800); // more than it takes to believe in a cluster that was rebuilt
    }
    QVERIFY(replaced.isEmpty());
}

void TestTransport::writesNothingIntoAnotherCluster()
{
    FakeServer ours, other;
    for (FakeServer *server : {&ours, &other})
        server->on("/", fromCluster(server == &ours ? "a1" : "b2"));
    Transport transport(nodes({&ours, &other}));
    transport.setClassifier(&verdictOf);
    transport.setIdentification({.path = "/v2/members", .read = true});
    const HttpRequest write{.method = "PUT", .path = path, .body = "value=1", .onlyHere = true};
    QVERIFY(await(transport.send(write)));
    QCOMPARE(requestsTo(ours), 1);
    ours.stop();
    QCOMPARE(await(transport.send(write)).error().code, Error::Code::OtherCluster);
    QVERIFY(!other.requests().isEmpty());
    QCOMPARE(requestsTo(other), 0);
}

/// v3 refuses without saying of which cluster the node is: "no such lease" of another one must not
/// count, but where nobody else answers it is what there is.
void TestTransport::believesNoRefusalOfAStranger()
{
    const HttpRequest put{.method = "POST", .path = "/v3/kv/put", .body = "{}"};
    const auto done = FakeServer::reply(200, R"({"header":{"cluster_id":"161","revision":"2"}})");
    const auto refusal = FakeServer::reply(404, R"({"code":5,"message":"lease not found"})");
    FakeServer ours, stranger;
    ours.on("/v3", done);
    stranger.on("/v3", refusal);
    Transport transport(nodes({&ours, &stranger}, u"timeout=200"_s));
    transport.setClassifier(&verdictOf);
    QVERIFY(await(transport.send(put)));
    ours.forget("/v3");
    ours.on("/v3", FakeServer::reply(503, R"({"code":14,"message":"no leader"})"));
    ours.on("/v3", done);
    const auto reply = await(transport.send(put));
    QVERIFY(reply);
    QCOMPARE(reply->status, 200);
    ours.stop();
    QCOMPARE(await(transport.send(put))->status, 404);
}

void TestTransport::followsAClusterThatWasRebuilt()
{
    FakeServer one, two;
    for (FakeServer *server : {&one, &two})
        server->on(path, fromCluster("a1"));
    Transport transport(nodes({&one, &two}));
    transport.setClassifier(&verdictOf);
    QSignalSpy replaced(&transport, &Transport::clusterReplaced);
    QVERIFY(await(transport.send({.path = path})));
    one.forget(path);
    one.on(path, fromCluster("b2"));
    two.stop();
    const auto reply = await(transport.send({.path = path}));
    QVERIFY(reply);
    QCOMPARE(reply->endpoint, one.url());
    QCOMPARE(replaced.size(), 1);
    QVERIFY(await(transport.send({.path = path})));
    QCOMPARE(replaced.size(), 1);
}

void TestTransport::followsNoNodeThatWasWiped()
{
    FakeServer wiped, healthy;
    for (FakeServer *server : {&wiped, &healthy})
        server->on(path, fromCluster("a1"));
    Transport transport(nodes({&wiped, &healthy}));
    transport.setClassifier(&verdictOf);
    QSignalSpy replaced(&transport, &Transport::clusterReplaced);
    QVERIFY(await(transport.send({.path = path})));
    wiped.forget(path);
    wiped.on(path, fromCluster("b2"));
    QTest::qWait(2200); // nothing was heard of the others for longer than they are waited for
    const auto reply = await(transport.send({.path = path}));
    QVERIFY(reply);
    QCOMPARE(reply->endpoint, healthy.url());
    QVERIFY(replaced.isEmpty());
}

void TestTransport::followsNoStreamOfAnotherCluster()
{
    FakeServer ours, other;
    ours.on(path, fromCluster("a1"));
    FakeServer::Answer stream = FakeServer::stream("{}\n");
    stream.bytes.replace("HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nX-Etcd-Cluster-Id: b2\r\n");
    other.on(path, stream);
    Transport transport(nodes({&ours, &other}));
    transport.setClassifier(&verdictOf);
    QVERIFY(await(transport.send({.path = path})));
    const auto followed = transport.stream(other.url(), {.path = path});
    QSignalSpy opened(followed.get(), &Stream::opened);
    QSignalSpy ended(followed.get(), &Stream::ended);
    QVERIFY(ended.wait());
    QVERIFY(opened.isEmpty());
    QCOMPARE(ended.first().first().value<Error>().code, Error::Code::OtherCluster);
}

QTEST_GUILESS_MAIN(TestTransport)
#include "tst_transport.moc"
