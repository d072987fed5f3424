// SPDX-License-Identifier: MIT
#include "hostile.h"

#include <limits>

namespace EtcdRegistry {

using Answer = FakeServer::Answer;
using Then = FakeServer::Then;

namespace {

constexpr qint64 MiB = 1024 * 1024;

Answer ok(const QByteArray &body)
{
    return FakeServer::reply(200, body);
}

Answer raw(const QByteArray &bytes, Then then = Then::KeepOpen)
{
    return {bytes, then};
}

/// These bytes, and then the piece for ever, or so many times.
Answer andThen(const QByteArray &bytes, const QByteArray &piece,
               std::chrono::milliseconds every = 0ms, qint64 times = -1)
{
    return {.bytes = bytes,
            .then = Then::Close,
            .more = [piece, left = times]() mutable { return left-- == 0 ? QByteArray() : piece; },
            .every = every};
}

const QByteArray plainHead = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
const QByteArray openHead = plainHead + "\r\n"; ///< the answer ends with the connection
const QByteArray chunkedHead = plainHead + "Transfer-Encoding: chunked\r\n\r\n";

/// Qt reads heads, and the sizes of chunks, a byte for each system call, and until it has it does
/// not look up: with more it would be busy for seconds.
const QByteArray someHead(2000, '0');

QByteArray chunk(const QByteArray &bytes)
{
    return QByteArray::number(bytes.size(), 16) + "\r\n" + bytes + "\r\n";
}

QByteArray filler(char c = 'x', qsizetype size = 64 * 1024)
{
    return QByteArray(size, c);
}

Answer announced(qint64 size, const QByteArray &status = "200 OK")
{
    return andThen("HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\nContent-Length: "
                       + QByteArray::number(size) + "\r\n\r\n",
                   filler());
}

Answer announcedAndSent(qint64 size, char c)
{
    return andThen(plainHead + "Content-Length: " + QByteArray::number(size) + "\r\n\r\n",
                   filler(c), 0ms, size / filler().size());
}

/// At a pace that a network has, 200 MB/s: Qt reads on as long as there is something to read, so
/// one who is faster than it could make it read more than it is told to.
Answer endless(const QByteArray &begin = {}, const QByteArray &piece = filler())
{
    const QByteArray pieces = chunk(piece).repeated(200'000 / piece.size() + 1);
    return andThen(chunkedHead + (begin.isEmpty() ? begin : chunk(begin)), pieces, 1ms);
}

/// A JSON text around many of the same pieces.
QByteArray around(const QByteArray &begin, const QByteArray &piece, int times,
                  const QByteArray &end)
{
    return begin + piece.repeated(times) + end;
}

const QByteArray rude = R"(\u001b[31m\u0007\u202e\u2028)" + filler('y', 300'000);

QByteArray v2Listing(const QByteArray &nodes)
{
    return R"({"action":"get","node":{"key":"/services","dir":true,"nodes":[)" + nodes + "]}}";
}

Answer v2Listed(const QByteArray &nodes, const QByteArray &index = "10")
{
    return FakeServer::reply(200, v2Listing(nodes), "application/json",
                             "X-Etcd-Index: " + index + "\r\n");
}

QByteArray v3Page(const QByteArray &revision, const QByteArray &kvs, const QByteArray &more = {})
{
    return R"({"header":{"cluster_id":"1","revision":)" + revision + R"(},"kvs":[)" + kvs + "]"
           + more + "}";
}

Answer lines(const QByteArray &body)
{
    return FakeServer::stream(body);
}

/// v2: what an event says of a node.
QByteArray v2Event(const QByteArray &node)
{
    return R"({"action":"set","node":)" + node + "}\n";
}

} // namespace

static QList<HostileAnswer> answers;

static void row(const QByteArray &operation, const QByteArray &tag, const Answer &answer,
                const QByteArray &expected, int mostMiB = 64)
{
    Q_ASSERT(operations().contains(operation));
    answers.append({operation, tag, answer, QString::fromUtf8(expected), mostMiB});
}

static void rowsOfAnyOperation()
{
    for (const auto &[name, operation] : operations()) {
        // Whatever they get they go on, or it is no answer with a beginning and an end.
        if (name.contains("watch") || name.contains("check") || name == "members"
            || name.startsWith("node") || name == "transport")
            continue;
        const bool v2 = operation.api == Api::V2;
        const auto is = [&, name = name](const char *other) { return name == other; };
        // A service of discovery that names nobody, and peers that name no member.
        const QByteArray notEtcds = name.startsWith("discover") ? "Unreachable" : "Protocol";
        const auto each = [&, name = name](const char *tag, const Answer &answer,
                                           const QByteArray &expected) {
            // A renewal counts, whatever becomes of the look at the keys.
            row(name, tag, answer,
                is("v3 time to live") && !expected.startsWith('=') ? "=beaten" : expected);
        };
        each("HTML", FakeServer::reply(200, "<html>Welcome</html>", "text/html"), notEtcds);
        each("no body", ok(""), notEtcds);
        each("an array", ok("[]"), notEtcds);
        each("null", ok("null"), notEtcds);
        each("wrong types",
             ok(R"({"header":[],"node":7,"result":"x","etcdserver":1,"token":{},)"
                R"("kvs":"x","TTL":[1],"keys":{},"action":null})"),
             is("v3 time to live") ? "=put again" : notEtcds);
        each("deep", ok(filler('[', 100'000)), notEtcds);
        each("deep objects", ok(QByteArray(R"({"a":)").repeated(20'000)), notEtcds);
        each("not UTF-8", ok("{\"header\":{},\"action\":\"\xff\xc0\"}\xfe"), notEtcds);
        each("100 MB announced",
             announced(100 * MiB, is("v2 list") || is("v3 list") ? "404 Not Found" : "200 OK"),
             is("discovered peer") ? "Unreachable" : "Protocol");
        each("redirect",
             FakeServer::reply(307, "", "text/plain", "Location: http://127.0.0.1:1/\r\n"),
             is("discovered peer") ? "Unreachable" : "Protocol");
        each("rude",
             FakeServer::reply(400, v2 ? R"({"errorCode":9999,"message":")" + rude
                                             + R"(","cause":")" + rude + "\"}"
                                       : R"({"code":3,"message":")" + rude + "\"}"),
             is("discovered peer") ? "Unreachable"
             : is("version")       ? "Protocol"
             : is("v3 revoke")     ? "=left" // by deletion then
                                   : "InvalidArgument");
        each("a rude status",
             raw("HTTP/1.1 418 \x1b[31m" + filler('z', 5000) + "\x07\r\nContent-Length: 0\r\n\r\n"),
             is("discovered peer") ? "Unreachable"
                                   : "Protocol|Unreachable"); // by the version of Qt
    }
}

static void rowsOfHttp()
{
    const auto each = [](const char *tag, const Answer &answer, const QByteArray &expected) {
        row("transport", tag, answer, expected);
    };
    each("endless", endless(), "Protocol");
    each("endless without chunks", andThen(openHead, filler(), 1ms), "Protocol");
    each("endless error", andThen("HTTP/1.1 503 No\r\n\r\n", filler(), 1ms), "Protocol");
    each("longer than a number holds",
         raw(plainHead + "Content-Length: 99999999999999999999\r\n\r\n{}"),
         "Protocol|Timeout|=200, 2 bytes");
    each("as long as a number holds", announced(std::numeric_limits<qint64>::max()), "Protocol");
    each("negative length", raw(plainHead + "Content-Length: -5\r\n\r\n{}", Then::Close),
         "Unreachable|Timeout|=200, 2 bytes");
    each("two lengths", raw(plainHead + "Content-Length: 2\r\nContent-Length: 900\r\n\r\n{}"),
         "Timeout|Unreachable|=200, 2 bytes");
    each("shorter than announced", raw(plainHead + "Content-Length: 900\r\n\r\n{}", Then::Close),
         "Unreachable");
    each("longer than announced", raw(plainHead + "Content-Length: 2\r\n\r\n{}{}{}{}"),
         "=200, 2 bytes");
    each("chunk without a size", raw(chunkedHead + "zz\r\n{}\r\n"),
         "Unreachable|Timeout|=200, 0 bytes");
    each("negative chunk", raw(chunkedHead + "-5\r\n{}\r\n0\r\n\r\n"),
         "Unreachable|Timeout|=200, 0 bytes");
    each("huge chunk", raw(chunkedHead + "7fffffffffffffff\r\n{}\r\n"), "Timeout|Unreachable");
    each("endless chunk size", andThen(chunkedHead, someHead, 5ms), "Unreachable|Timeout|Protocol");
    each("endless trailer", andThen(chunkedHead + "2\r\n{}\r\n0\r\n", "X-More: x\r\n"),
         "Unreachable|Timeout|=200, 2 bytes");
    each("endless status", andThen("HTTP/1.1 200 ", someHead, 5ms), "Unreachable|Timeout");
    each("endless header", andThen("HTTP/1.1 200 OK\r\nX-Long: ", someHead, 5ms),
         "Unreachable|Timeout");
    each("endless headers", andThen("HTTP/1.1 200 OK\r\n", "X-More: x\r\n"), "Unreachable|Timeout");
    each("huge header",
         raw("HTTP/1.1 200 OK\r\nX-Long: " + filler('h', 100'000)
             + "\r\nContent-Length: 2\r\n\r\n{}"),
         "Unreachable|Timeout|=200, 2 bytes");
    each("10,000 headers",
         raw("HTTP/1.1 200 OK\r\n" + QByteArray("X: y\r\n").repeated(10'000)
             + "Content-Length: 2\r\n\r\n{}"),
         "Unreachable|Timeout|=200, 2 bytes");
    each("endless 100 Continue", andThen({}, "HTTP/1.1 100 Continue\r\n\r\n", 1ms),
         "Unreachable|Timeout");
    each("NUL bytes", raw(filler('\0', 1000), Then::Close), "Unreachable");
    each("TLS alert", raw("\x15\x03\x01\x00\x02\x02\x46", Then::Close), "Unreachable");
    each("HTTP 0.9", raw("{}\n", Then::Close), "Unreachable");
    each("HTTP/9.9", raw("HTTP/9.9 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
         "Unreachable|Timeout|=200, 2 bytes");
    each("status 0", raw("HTTP/1.1 000 No\r\nContent-Length: 2\r\n\r\n{}"), "Unreachable|Timeout");
    each("status 999", FakeServer::reply(999, "{}"), "Unavailable");
    each("status minus", raw("HTTP/1.1 -20 No\r\nContent-Length: 2\r\n\r\n{}", Then::Close),
         "Unreachable|Timeout");
    each("a byte a while", andThen(plainHead + "Content-Length: 900\r\n\r\n", "x", 50ms),
         "Timeout");
    each("a byte of the head a while", andThen("HTTP/1.1 200 OK\r\nX-Long: ", "x", 50ms),
         "Timeout");
    each("gzip that is none",
         raw(plainHead + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"), "=200, 2 bytes");
    each("redirect to itself", FakeServer::reply(301, "", "text/plain", "Location: /any\r\n"),
         "=301, 0 bytes");
    each("wants a password",
         FakeServer::reply(401, "", "text/plain", "WWW-Authenticate: Basic realm=\"\x1b[31m\"\r\n"),
         "=401, 0 bytes");
    each("wants a proxy's password",
         FakeServer::reply(407, "", "text/plain", "Proxy-Authenticate: Basic realm=\"x\"\r\n"),
         "=407, 0 bytes|Unreachable");
    each("cookies",
         FakeServer::reply(200, "{}", "text/plain",
                           ("Set-Cookie: a=" + filler('c', 400) + "\r\n").repeated(50)),
         "=200, 2 bytes");
}

static void rowsOfV2()
{
    const auto list = [](const char *tag, const Answer &answer, const QByteArray &expected,
                         int mostMiB = 64) { row("v2 list", tag, answer, expected, mostMiB); };
    const QByteArray sound = R"({"key":"/services/web/a","value":"{}","modifiedIndex":5})";
    list("a node without a key", v2Listed(R"({"value":"{}"},)" + sound), "=1 instances");
    list("a key that is a number", v2Listed(R"({"key":7,"value":"{}"},)" + sound),
         "=1 instances|=2 instances");
    list("a value that is an object", v2Listed(R"({"key":"/services/b","value":{"a":1}},)" + sound),
         "=1 instances");
    list("values that are no strings",
         v2Listed(R"({"key":"/services/b","value":7},{"key":"/services/c","value":null},)"
                  R"({"key":"/services/d","value":t})"),
         "Protocol");
    list("a value that is a number",
         v2Listed(R"({"key":"/s/b","value":7},{"key":"/s/c","value":null})"),
         "=2 instances|=0 instances");
    list("names that end in a backslash", v2Listed(R"({"key":"/services/b\","value":"{}"})"),
         "Protocol");
    list("half a surrogate", v2Listed(R"({"key":"/services/\ud800","value":"\udfff\u0000"})"),
         "=1 instances");
    list("huge numbers",
         v2Listed(R"({"key":"/services/a","value":"{}","ttl":9223372036854775807,)"
                  R"("expiration":"9999-12-31T23:59:59.999Z","modifiedIndex":9223372036854775807,)"
                  R"("createdIndex":99999999999999999999999})",
                  "9223372036854775807"),
         "=1 instances");
    list("negative numbers",
         v2Listed(
             R"({"key":"/services/a","value":"{}","ttl":-9223372036854775808,)"
             R"("expiration":"-0001-01-01T00:00:00.000Z","modifiedIndex":-1,"createdIndex":-7})",
             "-9223372036854775808"),
         "=0 instances|=1 instances");
    list("fractions",
         v2Listed(R"({"key":"/services/a","value":"{}","ttl":1e308,"modifiedIndex":0.5})"),
         "=1 instances");
    list("the same key twice", v2Listed(sound + ',' + sound), "=1 instances|=2 instances");
    list("no index", ok(v2Listing(sound)), "=1 instances");
    list("a rude index", v2Listed(sound, filler('9', 5000)), "=1 instances");
    list("many fields", ok(around(R"({"action":"get")", R"(,"a":1)", 2'000'000, "}")), "Protocol");
    list("many levels of nodes", v2Listed(QByteArray(R"({"nodes":[)").repeated(400)), "Protocol");
    list("100 MB of blanks", announcedAndSent(100 * MiB, ' '), "Protocol", 300);
    list("endless nodes",
         endless(R"({"action":"get","node":{"nodes":[)", (sound + ',').repeated(1000)), "Protocol",
         500);
    list("a million keys too many",
         ok(around(R"({"action":"get","node":{"nodes":[{})", R"(,{"key":"/a","value":""})",
                   1'100'000, "]}}")),
         "Protocol", 800);
    list("a byte a while", andThen(openHead + v2Listing(sound).left(50), " ", 50ms), "Timeout");
    list("no byte", raw(plainHead + "Content-Length: 900\r\n\r\n"), "Timeout");
    list("endless error", andThen("HTTP/1.1 500 No\r\n\r\n", filler(), 1ms), "Protocol", 500);
    list("an error of wrong types",
         FakeServer::reply(404, R"({"errorCode":{},"message":[],"cause":7})"), "InvalidArgument");
    list("an error without words", FakeServer::reply(403, R"({"errorCode":107})"),
         "InvalidArgument");
    list("a code as a text",
         FakeServer::reply(404, R"({"errorCode":"100","message":"Key not found"})"),
         "InvalidArgument");
    list("a code of another world", FakeServer::reply(404, R"({"errorCode":1e99,"message":"?"})"),
         "InvalidArgument");

    row("v2 join", "a byte a while", andThen(plainHead + "Content-Length: 900\r\n\r\n", "x", 50ms),
        "Timeout");
    row("v2 beat", "gone", FakeServer::reply(404, R"({"errorCode":100,"message":"Key not found"})"),
        "=put again|InvalidArgument|NotFound|Timeout");
    row("v2 beat", "endless", endless(), "Protocol");
    row("v2 remove", "nothing there", FakeServer::reply(404, R"({"errorCode":100})"),
        "=was not there");

    const auto watch = [](const char *tag, const Answer &answer, const QByteArray &expected) {
        row("v2 watch", tag, answer, expected, 300);
    };
    const QByteArray good = FakeEtcd::putV2("web/b", 12);
    watch("HTML", FakeServer::reply(200, "<html></html>\n", "text/html"), "Protocol");
    watch("wrong types",
          lines(R"({"action":[],"node":"x","prevNode":7})"
                "\n"),
          "Protocol");
    watch("a node of nothing", lines("{\"action\":\"set\",\"node\":{}}\n"), "Protocol");
    watch("not UTF-8", lines("{\"action\":\"set\",\"node\":{\"key\":\"\xff\"}}\n"), "Protocol");
    watch("deep", lines(filler('[', 100'000) + '\n'), "Protocol");
    watch("huge numbers",
          lines(v2Event(R"({"key":"/services/c","value":"{}","ttl":9223372036854775807,)"
                        R"("expiration":"x","modifiedIndex":9223372036854775807})")),
          "=web/a={}|=c={} web/a={}");
    watch("negative numbers",
          lines(v2Event(R"({"key":"/services/c","value":"{}","ttl":-5,)"
                        R"("modifiedIndex":-5})")),
          "=web/a={}|=c={} web/a={}");
    watch("empty lines for ever", endless({}, filler('\n')), "=web/a={}");
    watch("a line without an end", endless(), "Protocol");
    watch("a byte a while", andThen(chunkedHead, chunk("x"), 50ms), "=web/a={}");
    watch("a rude error", lines(R"({"errorCode":400,"message":")" + rude + "\"}\n"),
          "InvalidArgument");
    watch("endless refusal", andThen("HTTP/1.1 400 No\r\n\r\n", filler(), 1ms), "Protocol");
    watch("redirect", FakeServer::reply(307, "", "text/plain", "Location: http://127.0.0.1:1/\r\n"),
          "Protocol");
    watch("ends at once", FakeServer::stream({}, Then::Close), "Unreachable");
    row("v2 check", "a huge index",
        FakeServer::reply(404, R"({"errorCode":100})", "application/json",
                          "X-Etcd-Index: 9223372036854775807\r\n"),
        "=web/a={}");
    row("v2 check", "a negative index",
        FakeServer::reply(404, R"({"errorCode":100})", "application/json", "X-Etcd-Index: -1\r\n"),
        "=web/a={}");
    row("v2 check", "endless", endless(), "=web/a={}");
}

static void rowsOfV3()
{
    const auto list = [](const char *tag, const Answer &answer, const QByteArray &expected,
                         int mostMiB = 64) { row("v3 list", tag, answer, expected, mostMiB); };
    const QByteArray sound = FakeEtcd::kv("web/a", 5, "{}");
    list("no revision", ok(R"({"header":{"cluster_id":"1"},"kvs":[]})"), "Protocol");
    list("revision 0", ok(v3Page("\"0\"", sound)), "Protocol");
    list("a negative revision", ok(v3Page("\"-5\"", sound)), "Protocol");
    list("a huge revision", ok(v3Page("\"9223372036854775807\"", sound)), "=1 instances");
    list("a revision beyond numbers", ok(v3Page("\"99999999999999999999\"", sound)), "Protocol");
    list("a revision in words", ok(v3Page(R"("five")", sound)), "Protocol");
    list("a number as a number", ok(v3Page("5", sound)), "=1 instances");
    list("more for ever", ok(v3Page("\"5\"", sound, R"(,"more":true)")), "Protocol");
    list("more of nothing", ok(v3Page("\"5\"", "", R"(,"more":true)")), "=0 instances");
    list("bad base64", ok(v3Page("\"5\"", R"({"key":"***","value":"%%%"})")), "=0 instances");
    list("wrong types in a kv",
         ok(v3Page("\"5\"", R"({"key":7,"value":[],"lease":{}},7,null,"x")")),
         "=0 instances|=1 instances");
    list("negative numbers",
         ok(v3Page(
             "\"5\"",
             R"({"key":"c2VydmljZXMvYQ==","mod_revision":"-5","lease":"-9223372036854775808"})")),
         "=1 instances");
    list("a key that is not UTF-8", ok(v3Page("\"5\"", R"({"key":"//79/A==","value":"/w=="})")),
         "=1 instances");
    list("an error with status 200", ok(R"({"error":{"grpc_code":2,"message":"no"}})"),
         "Protocol|Unavailable");
    list("endless kvs", endless(v3Page("\"5\"", "").chopped(2), (sound + ',').repeated(1000)),
         "Protocol", 500);
    list("a byte a while", andThen(openHead, " ", 50ms), "Timeout");
    {
        // A page of its own each time, with keys that no one has had before.
        Answer pages = ok("");
        pages.bytes.clear();
        pages.more = [sent = 0, last = 0]() mutable {
            if (sent++ % 2 == 1)
                return QByteArray();
            ++last;
            return ok(v3Page("\"5\"",
                             FakeEtcd::kv("web/" + QByteArray::number(1'000'000 + last), 5, "{}"),
                             R"(,"more":true)"))
                .bytes;
        };
        list("more and more", pages, "Protocol");
    }

    row("v3 grant", "no time", ok(R"({"header":{},"ID":"7"})"), "Protocol");
    row("v3 grant", "negative time", ok(R"({"header":{},"ID":"7","TTL":"-10"})"), "Protocol");
    row("v3 grant", "time for ever", ok(R"({"header":{},"ID":"7","TTL":"9223372036854775807"})"),
        "=joined");
    row("v3 grant", "a byte a while", andThen(plainHead + "Content-Length: 900\r\n\r\n", "x", 50ms),
        "Timeout");
    row("v3 renewal", "expired", ok(R"({"result":{"header":{},"ID":"7"}})"), "=put again");
    row("v3 renewal", "negative time",
        ok(R"({"result":{"header":{},"TTL":"-9223372036854775808"}})"), "=put again");
    row("v3 renewal", "time for ever",
        ok(R"({"result":{"header":{},"TTL":"9223372036854775807"}})"), "=beaten");
    row("v3 renewal", "time in words", ok(R"({"result":{"header":{},"TTL":"ten"}})"), "=put again");
    row("v3 renewal", "an error line", ok(R"({"error":{"grpc_code":14,"message":"no leader"}})"),
        "NoLeader");
    row("v3 time to live", "no keys", ok(R"({"header":{},"TTL":"9","grantedTTL":"10"})"),
        "=put again");
    row("v3 time to live", "keys for ever",
        endless(R"({"header":{},"keys":[)", QByteArray(R"("YQ==",)").repeated(1000)), "=beaten");
    row("v3 time to live", "keys in quotes",
        ok(around(R"({"header":{},"keys":[)", R"("","\"",)", 100'000, R"(""]})")), "=put again");
    row("v3 put", "a byte a while", andThen(plainHead + "Content-Length: 900\r\n\r\n", "x", 50ms),
        "Timeout");
    row("v3 put", "no lease",
        FakeServer::reply(404, R"({"code":5,"message":"requested lease not found"})"), "NotFound");
    row("v3 login", "no token", ok(R"({"header":{}})"), "Protocol");
    row("v3 login", "a token of two lines", ok(R"({"header":{},"token":"a\r\nX-Evil: b"})"),
        "Protocol");
    row("v3 login", "a huge token", ok(R"({"header":{},"token":")" + filler('t', 10 * MiB) + "\"}"),
        "Protocol");
    row("v3 login", "refused again",
        FakeServer::reply(401, R"({"code":16,"message":"invalid auth token"})"), "LoginRefused");

    const auto watch = [](const char *tag, const Answer &answer, const QByteArray &expected) {
        row("v3 watch", tag, answer, expected, 300);
    };
    const QByteArray begin = FakeEtcd::created(5);
    watch("HTML", FakeServer::reply(200, "<html></html>\n", "text/html"), "Protocol");
    watch("wrong types",
          lines(begin
                + R"({"result":{"header":{"cluster_id":1,"revision":[]},"events":"x"}})"
                  "\n"),
          "=web/a={}");
    watch("an event of nothing", lines(begin + FakeEtcd::lineV3(6, R"(,"events":[{}])")),
          "=web/a={}");
    watch("not UTF-8", lines(begin + "{\"result\":\"\xff\"}\n"), "Protocol");
    watch("deep", lines(begin + filler('[', 100'000) + '\n'), "Protocol");
    // Once it was checked against a list "c" has gone again.
    watch("huge revision", lines(begin + FakeEtcd::putV3("c", std::numeric_limits<qint64>::max())),
          "Protocol|=c={} web/a={}|=web/a={}");
    watch("negative revision", lines(begin + FakeEtcd::putV3("c", -5)), "=web/a={}");
    watch("a store that is younger", lines(FakeEtcd::created(-7)), "=web/a={}");
    watch("never created", lines(""), "Timeout");
    watch("created for ever", endless({}, begin.repeated(100)), "=web/a={}");
    watch("a line without an end", endless(begin), "Protocol");
    watch("a fragment without an end",
          endless(begin, FakeEtcd::lineV3(6, R"(,"fragment":true,"events":[{"kv":)"
                                                 + FakeEtcd::kv("big", 6, filler()) + "}]")),
          "Protocol");
    watch("compacted each time",
          lines(begin + FakeEtcd::lineV3(5, R"(,"canceled":true,"compact_revision":"9")")),
          "NotFound");
    watch("canceled each time", lines(begin + FakeEtcd::lineV3(5, R"(,"canceled":true)")),
          "Unavailable");
    watch("rudely refused", lines(FakeEtcd::refusal(rude)), "InvalidArgument");
    watch("a rude error", lines(R"({"error":{"grpc_code":3,"message":")" + rude + "\"}}\n"),
          "InvalidArgument");
    watch("endless refusal", andThen("HTTP/1.1 400 No\r\n\r\n", filler(), 1ms), "Protocol");
    watch("a byte of a refusal a while", andThen("HTTP/1.1 400 No\r\n\r\n", "x", 50ms), "Timeout");
    watch("redirect", FakeServer::reply(307, "", "text/plain", "Location: http://127.0.0.1:1/\r\n"),
          "Protocol");
    watch("endless chunk size", andThen(chunkedHead + chunk(begin), someHead, 5ms),
          "Unreachable|Protocol|=web/a={}");
    row("v3 check", "HTML", FakeServer::reply(200, "<html></html>"), "=web/a={}");
    row("v3 check", "another store", ok(v3Page("\"-1\"", "", R"(,"count":"-7")")),
        "Protocol|=web/a={}");
}

static void rowsOfTheCluster()
{
    row("version", "a byte a while", andThen(plainHead + "Content-Length: 900\r\n\r\n", "x", 50ms),
        "Timeout");
    row("version", "a rude version", ok(R"({"etcdserver":"3.4.23)" + rude + "\"}"), "=v3 3.4.23*");
    row("version", "a version beyond numbers", ok(R"({"etcdserver":"99999999999999999999.1"})"),
        "Protocol");
    row("version", "a negative version", ok(R"({"etcdserver":"-3.4"})"), "Protocol");

    const auto members = [](const char *tag, const Answer &answer) {
        row("members", tag, answer, "=1 instances");
    };
    const auto with = [](const QByteArray &urls) {
        return ok(R"({"header":{},"members":[{"ID":"2","clientURLs":[)" + urls + "]}]}");
    };
    members("HTML", FakeServer::reply(200, "<html></html>"));
    members("wrong types",
            ok(R"({"members":[7,null,[],{"clientURLs":"x"},{"clientURLs":[7,{}]}]})"));
    members("no URLs", with(R"("","x","http://","//","http:///x","::::")"));
    members("URLs of other kinds", with(R"("file:///etc/passwd","data:,x","qrc:/x","unix://a:1")"));
    members("rude URLs", with("\"http://\\u001b[31m\",\"http://" + filler('h', 100'000) + "/\""));
    members("nobody's", with(R"("http://127.0.0.1:1","http://127.0.0.1:1","https://127.0.0.1:1")"));
    members("with a password", with(R"("http://a:b@127.0.0.1:1/c?d#e")"));
    members("a hundred thousand", with(R"("http://127.0.0.1:1")" + [] {
                QByteArray more;
                for (int i = 0; i < 100'000; ++i)
                    more += R"(,"http://127.1.)" + QByteArray::number(i / 250) + '.'
                            + QByteArray::number(i % 250 + 1) + ":1\"";
                return more;
            }()));
    members("endless", endless(R"({"members":[{"clientURLs":[)",
                               QByteArray(R"("http://127.0.0.1:1",)").repeated(1000)));
    members("hangs", FakeServer::hang());

    row("node version", "HTML", FakeServer::reply(200, "<html></html>"), "Protocol");
    row("node version", "rude", ok(R"({"etcdserver":"3.4.23)" + rude + "\"}"), "=3.4.23*");
    row("node version", "endless", endless(), "Protocol");
    row("node version", "a rude error", FakeServer::reply(500, R"({"message":")" + rude + "\"}"),
        "Protocol");
    row("node status", "wrong types", ok(R"({"header":"x","leader":{}})"), "=3.4.23");
    row("node status", "nobody leads", ok(R"({"header":{"member_id":""},"leader":""})"), "=3.4.23");
    row("node status", "endless", endless(), "=3.4.23");

    const auto discovered = [](const char *tag, const QByteArray &values,
                               const QByteArray &expected) {
        row("discovery", tag, ok(R"({"node":{"nodes":[)" + values + "]}}"), expected);
    };
    discovered("values of wrong types", R"({"value":7},{"value":["a"]},7,null)", "Unreachable");
    discovered("no URLs", R"({"value":"a=,b=,,,==,c"})", "Unreachable");
    discovered("URLs of other kinds", R"({"value":"a=file:///etc/passwd,b=data:,c=qrc:/x"})",
               "Unreachable");
    discovered("many that are not there",
               R"({"value":")" + QByteArray("a=http://127.0.0.1:1,").repeated(100'000) + "\"}",
               "Unreachable");
    row("discovery", "a byte a while", andThen(openHead, "x", 50ms), "Timeout");
    row("discovery", "endless", endless(), "Protocol");
    row("discovered peer", "hangs", FakeServer::hang(), "Unreachable");
    row("discovered peer", "URLs of other kinds",
        ok(R"([{"clientURLs":["file:///x","","http://"]}])"), "Unreachable");
    row("discovered peer", "nobody's", ok(R"([{"clientURLs":["http://127.0.0.1:1"]}])"),
        "Unreachable");
}

QList<HostileAnswer> hostileAnswers()
{
    answers.clear();
    rowsOfAnyOperation();
    rowsOfHttp();
    rowsOfV2();
    rowsOfV3();
    rowsOfTheCluster();
    return answers;
}

} // namespace EtcdRegistry
