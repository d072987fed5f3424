// SPDX-License-Identifier: MIT
#include "fakeserver.h"
#include "stream.h"
#include "transport.h"
#include "watchv2.h"
#include "watchv3.h"

#include <QTest>

#include <memory>
#include <vector>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

using Then = FakeServer::Then;

/// Every way in which a stream can go on, end or lie, in the bytes that etcd was seen to send, and
/// in pieces of every size.
class TestWatch : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void v3_data();
    void v3();
    void v2_data();
    void v2();
    void answersOtherThanStreams_data();
    void answersOtherThanStreams();
    void endlessLine_data();
    void endlessLine();
    void endsWhenItIsDeleted();

private:
    /// What a watch told, a line for each thing.
    struct Told
    {
        std::unique_ptr<Watch> watch;
        QStringList lines;
    };

    static QString textOf(const WatchEnd &end);
    static void listen(Told &told, Transport &transport, const FakeServer &server, Api api);
    static void compareInAllPieces(Api api, const QByteArray &body, Then then,
                                   const QStringList &expected);
    static ConnectionString to(const FakeServer &server)
    {
        return *ConnectionString::parse(server.url().authority() + "/?timeout=500"_L1);
    }
};

QString TestWatch::textOf(const WatchEnd &end)
{
    constexpr const char *reasons[] = {"broken", "compacted", "refused"};
    constexpr const char *codes[] = {"InvalidArgument", "NotFound",     "Conflict",  "Taken",
                                     "LoginRequired",   "LoginRefused", "Denied",    "Unreachable",
                                     "Timeout",         "Unavailable",  "NoLeader",  "Tls",
                                     "OutOfSpace",      "TooLarge",     "NotServed", "OtherCluster",
                                     "Protocol"};
    // Qt does not always know a connection that ended from an answer that did.
    const bool inQtsWords = end.error.code == Error::Code::Unreachable;
    return QLatin1StringView(reasons[int(end.reason)]) + u' '
           + QLatin1StringView(codes[int(end.error.code)]) + ": "_L1
           + (inQtsWords ? QString() : end.error.detail);
}

void TestWatch::listen(Told &told, Transport &transport, const FakeServer &server, Api api)
{
    auto stream = transport.stream(server.url(), {.path = "/watch"});
    if (api == Api::V3)
        told.watch = std::make_unique<WatchV3>(std::move(stream));
    else
        told.watch = std::make_unique<WatchV2>(std::move(stream));
    QStringList &lines = told.lines;
    Watch *watch = told.watch.get();
    QObject::connect(watch, &Watch::opened, watch,
                     [&](qint64 revision) { lines.append(u"opened %1"_s.arg(revision)); });
    QObject::connect(watch, &Watch::events, watch, [&, api](const auto &events, qint64 revision) {
        for (const Event &event : events) {
            constexpr const char *kinds[] = {"put", "delete", "expire"};
            QString line = QLatin1StringView(kinds[int(event.kind)]) + u' ' + event.entry.key;
            if (event.directory)
                line += u'/';
            if (event.kind == Event::Kind::Put)
                line += '='_L1 + QString::fromUtf8(event.entry.value);
            lines.append(line + u" @%1"_s.arg(event.entry.modRevision));
        }
        if (api == Api::V3)
            lines.append(u"told %1"_s.arg(revision));
        else // as many at once as came in one piece
            QCOMPARE(revision, events.last().entry.modRevision);
    });
    QObject::connect(watch, &Watch::ended, watch, [&, watch](const WatchEnd &end) {
        QCOMPARE(end.error.endpoint, watch->endpoint().toString());
        lines.append(textOf(end));
    });
}

void TestWatch::compareInAllPieces(Api api, const QByteArray &body, Then then,
                                   const QStringList &expected)
{
    struct Run
    {
        FakeServer server;
        std::unique_ptr<Transport> transport;
        Told told;
    };
    // Bytes in a write, and in an HTTP chunk.
    constexpr std::pair<int, int> pieces[] = {{0, 0}, {0, 1}, {0, 100000}, {1, 0},
                                              {2, 3}, {3, 7}, {7, 100000}, {64, 100}};
    std::vector<std::unique_ptr<Run>> runs;
    for (const auto &[written, chunk] : pieces) {
        auto &run = *runs.emplace_back(std::make_unique<Run>());
        const bool whole = body.endsWith(FakeServer::streamEnd);
        const QByteArray lines = body.chopped(whole ? strlen(FakeServer::streamEnd) : 0);
        FakeServer::Answer answer = FakeServer::stream(lines, then, chunk);
        if (whole)
            answer.bytes += FakeServer::streamEnd;
        answer.chunk = written;
        run.server.on("/watch", answer);
        run.transport = std::make_unique<Transport>(to(run.server));
        listen(run.told, *run.transport, run.server, api);
    }
    // A reset may overtake what was sent before it, but not half of it.
    const auto told = [&](const Run &run) {
        const QStringList &lines = run.told.lines;
        const bool cut = then == Then::Reset && lines.size() < expected.size() && !lines.isEmpty()
                         && lines.last() == expected.last()
                         && lines.first(lines.size() - 1) == expected.first(lines.size() - 1);
        return (cut ? expected : lines).join(u'\n');
    };
    for (const auto &run : runs)
        QTRY_COMPARE(told(*run), expected.join(u'\n'));
    QTest::qWait(10); // and nothing after it
    for (const auto &run : runs) {
        QCOMPARE(told(*run), expected.join(u'\n'));
        run->told.watch.reset();
    }
}

// ---- v3

/// A "result" as the gateway of 3.4 sends it.
static QByteArray v3Line(qint64 revision, const QByteArray &more)
{
    return R"({"result":{"header":{"cluster_id":"14841639068965178418","member_id":)"
           R"("10276657743932975437",)"
           + (revision > 0 ? "\"revision\":\"" + QByteArray::number(revision) + "\"," : "")
           + R"("raft_term":"2"})" + more + "}}\n";
}

static QByteArray v3Put(const QByteArray &key, qint64 revision, const QByteArray &value = "{}")
{
    return R"({"kv":{"key":")" + key.toBase64() + R"(","create_revision":"5","mod_revision":")"
           + QByteArray::number(revision) + R"(","version":"2","value":")" + value.toBase64()
           + R"(","lease":"7587869"}})";
}

static QByteArray v3Delete(const QByteArray &key, qint64 revision)
{
    return R"({"type":"DELETE","kv":{"key":")" + key.toBase64() + R"(","mod_revision":")"
           + QByteArray::number(revision) + "\"}}";
}

static QByteArray v3Events(qint64 revision, const QByteArrayList &events, bool fragment = false)
{
    return v3Line(revision, QByteArray(fragment ? R"(,"fragment":true)" : "") + R"(,"events":[)"
                                + events.join(',') + ']');
}

void TestWatch::v3_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<Then>("then");
    QTest::addColumn<QStringList>("told");
    const auto row = [](const char *tag, const QByteArray &body, Then then,
                        const QStringList &told) { QTest::newRow(tag) << body << then << told; };
    const QByteArray created = v3Line(13, R"(,"created":true)");
    const QByteArray a = "s/a", b = "s/\xc3\xbc";
    const QByteArray event = v3Events(17, {v3Put(a, 17)});
    const QStringList told{u"opened 13"_s, u"put s/a={} @17"_s, u"told 17"_s};
    const auto end = [&](const char *text) {
        return QStringList{u"opened 13"_s, QString::fromLatin1(text)};
    };

    row("nothing but its head", "", Then::KeepOpen, {});
    row("created", created, Then::KeepOpen, {u"opened 13"_s});
    row("created and an event", created + event, Then::KeepOpen, told);
    row("a transaction, a delete, empty and long values",
        created + v3Events(17, {v3Put(a, 17, ""), v3Put(b, 17, QByteArray(3000, 'x'))})
            + v3Events(18, {v3Delete(a, 18), v3Put(b, 18), v3Delete(b, 19)}),
        Then::KeepOpen,
        {u"opened 13"_s, u"put s/a= @17"_s, u"put s/ü="_s + QString(3000, u'x') + u" @17"_s,
         u"told 17"_s, u"delete s/a @18"_s, u"put s/ü={} @18"_s, u"delete s/ü @19"_s,
         u"told 19"_s});
    row("3.6: blanks, numbers, other base64",
        R"({"result": {"header":{"cluster_id":"1", "member_id":"2", "revision":"13"},  "created":true}})"
        "\n"
        R"({"result":{"header":{"cluster_id":"1", "revision":17}, "events":[{"kv":{"key":"cy_DvA", )"
        R"("mod_revision":17, "value":"e30"}}, {"type":"DELETE",  "kv":{"key":"cy9h", "mod_revision":"17"}}]}})"
        "\n",
        Then::KeepOpen, {u"opened 13"_s, u"put s/ü={} @17"_s, u"delete s/a @17"_s, u"told 17"_s});
    row("fragments",
        created + v3Events(20, {v3Put(a, 19), v3Put(a, 20)}, true)
            + v3Events(20, {v3Put(b, 20)}, true) + v3Events(20, {v3Delete("s/c", 20)}),
        Then::KeepOpen,
        {u"opened 13"_s, u"put s/a={} @19"_s, u"put s/a={} @20"_s, u"put s/ü={} @20"_s,
         u"delete s/c @20"_s, u"told 20"_s});
    row("fragments without their end", created + v3Events(20, {v3Put(a, 20)}, true), Then::Reset,
        end("broken Unreachable: "));
    row("it catches up: the header is ahead", created + v3Events(50, {v3Put(a, 17)}),
        Then::KeepOpen, told);
    row("progress", created + v3Line(99, ""), Then::KeepOpen, {u"opened 13"_s, u"told 99"_s});

    row("compacted", created + v3Line(0, R"(,"canceled":true,"compact_revision":"25")"),
        Then::KeepOpen, end("compacted NotFound: the history up to revision 25 was compacted"));
    const auto refused = [](const QByteArray &reason) {
        return v3Line(13, R"(,"watch_id":"-1","created":true,"canceled":true,"cancel_reason":")"
                              + reason + '"');
    };
    for (const auto &[reason, told] :
         {std::pair("rpc error: code = PermissionDenied desc = etcdserver: permission denied",
                    "refused Denied: "),
          std::pair("rpc error: code = Unauthenticated desc = etcdserver: invalid auth token",
                    "refused LoginRefused: "),
          std::pair("rpc error: code = InvalidArgument desc = etcdserver: user name is empty",
                    "refused LoginRequired: "),
          std::pair("rpc error: code = InvalidArgument desc = etcdserver: revision of auth store "
                    "is old",
                    "refused LoginRefused: "),
          std::pair("mvcc: watcher range is empty", "refused InvalidArgument: ")}) {
        row(reason, refused(reason), Then::KeepOpen,
            {QString::fromLatin1(told) + QLatin1StringView(reason)});
    }
    row("canceled, and nothing says why", created + event + v3Line(18, R"(,"canceled":true)"),
        Then::KeepOpen, told + QStringList{u"broken Unavailable: the node canceled the watch"_s});

    const QByteArray noLeader34 =
        R"({"error":{"grpc_code":14,"http_code":503,"message":"etcdserver: no leader","http_status":"Service Unavailable"}})";
    const QByteArray noLeader36 = R"({"error":{"code":14,  "message":"etcdserver: no leader"}})";
    const QString noLeader = u"broken NoLeader: etcdserver: no leader"_s;
    row("3.4: no leader, no line feed", created + event + noLeader34 + FakeServer::streamEnd,
        Then::Close, told + QStringList{noLeader});
    row("3.6: no leader", created + event + noLeader36 + '\n', Then::KeepOpen,
        told + QStringList{noLeader});
    row("an error first", noLeader36 + '\n', Then::Close, {noLeader});
    row("the node goes",
        created
            + R"({"error":{"grpc_code":14,"http_code":503,"message":"transport is closing","http_status":"Service Unavailable"}})"
            + FakeServer::streamEnd,
        Then::Close, end("broken Unavailable: transport is closing"));
    row("the node goes, 3.5",
        created
            + R"({"error":{"grpc_code":1,"http_code":499,"message":"grpc: the client connection is closing","http_status":""}})"
            + FakeServer::streamEnd,
        Then::Close, end("broken Unavailable: grpc: the client connection is closing"));
    row("the server's deadline",
        created + R"({"error":{"grpc_code":4,"message":"context deadline exceeded"}})"
            + FakeServer::streamEnd,
        Then::Close, end("broken Unavailable: context deadline exceeded"));
    row("the login has run out",
        created + R"({"error":{"grpc_code":16,"message":"etcdserver: invalid auth token"}})" + '\n',
        Then::KeepOpen, end("refused LoginRefused: etcdserver: invalid auth token"));

    const QString over = u"broken Unreachable: "_s;
    const QString closed = u"broken Unreachable: "_s; // in Qt's words
    row("its end", created + event + FakeServer::streamEnd, Then::KeepOpen,
        told + QStringList{over});
    row("closed", created + event, Then::Close, told + QStringList{closed});
    row("reset", created + event, Then::Reset, told + QStringList{closed});
    row("reset amid a line", created + event + event.left(60), Then::Reset,
        told + QStringList{closed});
    row("closed amid a line", created + event + event.chopped(1).chopped(1), Then::Close,
        told + QStringList{closed});
    row("its end amid a line", created + event + event.left(200) + FakeServer::streamEnd,
        Then::Close, told + QStringList{over});
    row("a line without its line feed", created + event.chopped(1) + FakeServer::streamEnd,
        Then::Close, told + QStringList{over});
    row("nothing, and its end", FakeServer::streamEnd, Then::Close, {over});

    for (const QByteArray garbage : {"<html><body>Welcome</body></html>", "{}", "[1,2]", "null",
                                     R"({"result":{}})", R"({"result":{"header":{}})", "\x1f\x8b"})
        row("garbage: " + garbage, created + event + garbage + '\n', Then::KeepOpen,
            told + QStringList{u"broken Protocol: not a line of a watch"_s});
}

void TestWatch::v3()
{
    QFETCH(QByteArray, body);
    QFETCH(Then, then);
    QFETCH(QStringList, told);
    compareInAllPieces(Api::V3, body, then, told);
}

// ---- v2

static QByteArray v2Line(const QByteArray &action, qint64 index, const QByteArray &node,
                         const QByteArray &key = "/services/a")
{
    return R"({"action":")" + action + R"(","node":{"key":")" + key + "\"," + node
           + R"("modifiedIndex":)" + QByteArray::number(index) + R"(,"createdIndex":4},)"
           + R"("prevNode":{"key":")" + key
           + R"(","value":"old","expiration":"2026-11-22T12:11:19.162689577Z","modifiedIndex":3,)"
           + R"("createdIndex":3}})" + '\n';
}

void TestWatch::v2_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<Then>("then");
    QTest::addColumn<QStringList>("told");
    const auto row = [](const char *tag, const QByteArray &body, Then then,
                        const QStringList &told) { QTest::newRow(tag) << body << then << told; };
    const QByteArray value = R"("value":"{\"name\":\"w\u00fc\"}",)";
    const QByteArray event = v2Line("set", 5, R"("value":"{}",)");
    const QString opened = u"opened 0"_s;
    const QStringList told{opened, u"put services/a={} @5"_s};

    row("nothing but its head", "", Then::KeepOpen, {opened});
    row("all that writes",
        v2Line("set", 5, value) + v2Line("create", 6, value) + v2Line("update", 7, value)
            + v2Line("compareAndSwap", 8, value) + v2Line("set", 9, R"("value":"",)"),
        Then::KeepOpen,
        {opened, uR"(put services/a={"name":"wü"} @5)"_s, uR"(put services/a={"name":"wü"} @6)"_s,
         uR"(put services/a={"name":"wü"} @7)"_s, uR"(put services/a={"name":"wü"} @8)"_s,
         u"put services/a= @9"_s});
    row("all that ends",
        v2Line("delete", 5, "") + v2Line("compareAndDelete", 6, "") + v2Line("expire", 7, ""),
        Then::KeepOpen,
        {opened, u"delete services/a @5"_s, u"delete services/a @6"_s, u"expire services/a @7"_s});
    row("directories, the watched one told twice",
        v2Line("set", 5, R"("dir":true,)") + v2Line("expire", 6, R"("dir":true,)")
            + v2Line("delete", 7, R"("dir":true,)") + v2Line("delete", 7, R"("dir":true,)"),
        Then::KeepOpen,
        {opened, u"put services/a/= @5"_s, u"expire services/a/ @6"_s, u"delete services/a/ @7"_s,
         u"delete services/a/ @7"_s});
    row("no node before it, and blank lines",
        "\n"
        R"({"action":"set","node":{"key":"/services/a","value":"{}","expiration":"2026-11-22T12:11:19.162689577Z","ttl":10,"modifiedIndex":5,"createdIndex":5}})"
        "\n\r\n",
        Then::KeepOpen, told);

    row("its end", event + FakeServer::streamEnd, Then::Close,
        told + QStringList{u"broken Unreachable: "_s});
    row("closed", event, Then::Close, told + QStringList{u"broken Unreachable: "_s});
    row("reset amid a line", event + event.left(50), Then::Reset,
        told + QStringList{u"broken Unreachable: "_s});
    row("its end amid a line", event + event.left(50) + FakeServer::streamEnd, Then::Close,
        told + QStringList{u"broken Unreachable: "_s});
    row("the history is over",
        event
            + R"({"errorCode":401,"message":"The event in requested index is outdated and cleared","cause":"the requested history has been cleared [139/33]","index":1138})"
            + '\n',
        Then::KeepOpen,
        told
            + QStringList{
                u"compacted InvalidArgument: The event in requested index is outdated and cleared (the requested history has been cleared [139/33])"_s});
    row("raft", event + R"({"errorCode":300,"message":"Raft Internal Error","index":0})" + '\n',
        Then::KeepOpen, told + QStringList{u"broken Unavailable: Raft Internal Error"_s});
    for (const QByteArray garbage : {"<html><body>Welcome</body></html>", "{}", "[1,2]", "null",
                                     R"({"node":{}})", R"({"action":"set","node":{"key":"/a")"})
        row("garbage: " + garbage, event + garbage + '\n', Then::KeepOpen,
            told + QStringList{u"broken Protocol: not an event of a stream"_s});
}

void TestWatch::v2()
{
    QFETCH(QByteArray, body);
    QFETCH(Then, then);
    QFETCH(QStringList, told);
    compareInAllPieces(Api::V2, body, then, told);
}

// ---- both

void TestWatch::answersOtherThanStreams_data()
{
    QTest::addColumn<FakeServer::Answer>("answer");
    QTest::addColumn<QString>("v3");
    QTest::addColumn<QString>("v2"); // empty: the same
    const auto row = [](const char *tag, const FakeServer::Answer &answer, const char *v3,
                        const char *v2 = "") {
        QTest::newRow(tag) << answer << QString::fromLatin1(v3) << QString::fromLatin1(v2);
    };
    const auto reply = [](int status, const QByteArray &body) {
        return FakeServer::reply(status, body);
    };
    row("silence", FakeServer::hang(), "broken Timeout: no answer in time");
    row("half a head", {"HTTP/1.1 200 OK\r\nConte"}, "broken Timeout: no answer in time");
    row("half a refusal", {reply(401, "Unauthorized").bytes.chopped(3)},
        "broken Timeout: no answer in time");
    row("reset", FakeServer::reset(), "broken Unreachable: ");
    row("drop", FakeServer::drop(), "broken Unreachable: ");
    row("not HTTP", {"SSH-2.0-OpenSSH_9.2\r\n", Then::Close}, "broken Unreachable: ");
    row("off or gone", FakeServer::reply(404, "404 page not found\n", "text/plain"),
        "broken NotServed: 404 page not found");
    row("not for this host", FakeServer::reply(421, "Misdirected Request\n", "text/plain"),
        "broken Protocol: Misdirected Request");
    row("a proxy", FakeServer::reply(502, "<html>Bad Gateway</html>", "text/html"),
        "broken Unavailable: <html>Bad Gateway</html>");
    row("a proxy that wants a login", FakeServer::reply(401, "<html></html>", "text/html"),
        "broken Protocol: <html></html>");
    row("elsewhere",
        FakeServer::reply(307, "", "text/plain", "Location: http://127.0.0.1:1/watch\r\n"),
        "broken Protocol: ");
    row("no leader, 3.4",
        reply(
            503,
            R"({"error":{"grpc_code":14,"http_code":503,"message":"etcdserver: no leader","http_status":"Service Unavailable"}})"),
        "broken NoLeader: etcdserver: no leader");
    row("no leader, 3.6",
        reply(503, R"({"error": {"code":14,  "message":"etcdserver: no leader"}})"
                   "\n"),
        "broken NoLeader: etcdserver: no leader");
    row("an old token",
        reply(401, R"({"error":{"code":16,"message":"etcdserver: invalid auth token"}})"),
        "refused LoginRefused: etcdserver: invalid auth token");
    row("no user", reply(400, R"({"error":{"code":3,"message":"etcdserver: user name is empty"}})"),
        "refused LoginRequired: etcdserver: user name is empty");
    row("no right", reply(403, R"({"code":7,"message":"etcdserver: permission denied"})"),
        "refused Denied: etcdserver: permission denied");
    row("v2: no right",
        reply(
            401,
            R"({"errorCode":110,"message":"The request requires user authentication","cause":"Insufficient credentials","index":0})"),
        "refused LoginRefused: The request requires user authentication (Insufficient "
        "credentials)");
    row("v2: the history is over",
        reply(
            400,
            R"({"errorCode":401,"message":"The event in requested index is outdated and cleared","cause":"","index":1138})"),
        "compacted InvalidArgument: The event in requested index is outdated and cleared");
    row("200, and HTML", FakeServer::reply(200, "<html></html>\n", "text/html"),
        "broken Protocol: not a line of a watch",
        "opened 0\nbroken Protocol: not an event of a stream");
}

void TestWatch::answersOtherThanStreams()
{
    QFETCH(FakeServer::Answer, answer);
    QFETCH(QString, v3);
    QFETCH(QString, v2);
    FakeServer server;
    server.on("/watch", answer);
    Transport transport(to(server));
    Told toldV3, toldV2;
    listen(toldV3, transport, server, Api::V3);
    listen(toldV2, transport, server, Api::V2);
    QTRY_COMPARE(toldV3.lines.join(u'\n'), v3);
    QTRY_COMPARE(toldV2.lines.join(u'\n'), v2.isEmpty() ? v3 : v2);
}

void TestWatch::endlessLine_data()
{
    QTest::addColumn<Api>("api");
    QTest::newRow("v2") << Api::V2;
    QTest::newRow("v3") << Api::V3;
}

void TestWatch::endlessLine()
{
    QFETCH(Api, api);
    FakeServer server;
    server.on("/watch", FakeServer::reply(200, QByteArray(LineSplitter::longestLine + 1, 'x')));
    Transport transport(to(server));
    Told told;
    listen(told, transport, server, api);
    QTRY_VERIFY_WITH_TIMEOUT(told.lines.join(u'\n').contains("has no end"_L1), 30000);
    QVERIFY(told.lines.last().startsWith("broken Protocol"_L1));
}

void TestWatch::endsWhenItIsDeleted()
{
    FakeServer server;
    server.on("/watch", FakeServer::stream(v3Line(13, R"(,"created":true)")));
    Transport transport(to(server));
    Told told;
    listen(told, transport, server, Api::V3);
    QTRY_COMPARE(told.lines, QStringList{u"opened 13"_s});
    QCOMPARE(server.streams("/watch"), 1);
    told.watch.reset();
    QTRY_COMPARE(server.streams("/watch"), 0);
    QCOMPARE(told.lines.size(), 1);
}

QTEST_GUILESS_MAIN(TestWatch)
#include "tst_watch.moc"
