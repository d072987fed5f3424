// SPDX-License-Identifier: MIT
#include "etcderror.h"
#include "gatewayjson.h"
#include "storev2.h"
#include "storev3.h"
#include "transport.h"

#include <QDateTime>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

/// What the stores make of recorded answers, among them those of etcd versions that are not
/// installed here.
class TestStores : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void errors_data();
    void errors();
    void tellsOfTheRequest();
    void keysThatAreNoText_data();
    void keysThatAreNoText();
    void listsV2();
    void timesV2_data();
    void timesV2();
    void directoriesV2();
    void emptyV2();
    void pagesV3_data();
    void pagesV3();
    void notJson();

private:
    static HttpReply reply(int status, const QByteArray &body, const QByteArray &index = {})
    {
        return {status, index, body, QUrl(u"http://10.0.0.1:2379"_s), BootClock::now()};
    }
};

void TestStores::errors_data()
{
    using Code = Error::Code;
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<Code>("code");
    QTest::addColumn<QString>("detail");
    const auto row = [](const char *tag, int status, const char *body, Code code,
                        const char *detail) {
        QTest::newRow(tag) << status << QByteArray(body) << code << QString::fromLatin1(detail);
    };
    row("v2 no key", 404,
        R"({"errorCode":100,"message":"Key not found","cause":"/services/ns","index":6})",
        Code::NotFound, "Key not found (/services/ns)");
    row("v2 off", 404, "404 page not found\n", Code::NotServed, "404 page not found");
    row("v2 login", 401,
        R"({"errorCode":110,"message":"The request requires user authentication",)"
        R"("cause":"Insufficient credentials","index":0})",
        Code::LoginRefused, "The request requires user authentication (Insufficient credentials)");
    row("v2 raft", 500, R"({"errorCode":300,"message":"Raft Internal Error","cause":"","index":0})",
        Code::Unavailable, "Raft Internal Error");
    row("v2 election", 503, R"({"message":"During election"})", Code::Unavailable,
        "During election");
    row("3.4 lease", 404,
        R"({"error":"etcdserver: requested lease not found","message":"etcdserver: requested lease not found","code":5})",
        Code::NotFound, "etcdserver: requested lease not found");
    row("3.6 lease", 404, R"({"code": 5, "message": "etcdserver: requested lease not found"})",
        Code::NotFound, "etcdserver: requested lease not found");
    row("code 9 upstream", 400, R"({"error":"x","message":"lease already exists","code":9})",
        Code::Conflict, "lease already exists");
    row("code 9 Debian", 412, R"({"error":"x","message":"lease already exists","code":9})",
        Code::Conflict, "lease already exists");
    row("3.4 stream", 503,
        R"({"error":{"grpc_code":14,"http_code":503,"message":"etcdserver: no leader","http_status":"Service Unavailable"}})",
        Code::NoLeader, "etcdserver: no leader");
    row("3.4 stream, status 200", 200,
        R"({"error":{"grpc_code":14,"http_code":503,"message":"etcdserver: no leader"}})",
        Code::NoLeader, "etcdserver: no leader");
    row("3.6 stream", 200, R"({"error":{"code":14, "message":"etcdserver: no leader"}})",
        Code::NoLeader, "etcdserver: no leader");
    row("no token", 400, R"({"code":3,"message":"etcdserver: user name is empty"})",
        Code::LoginRequired, "etcdserver: user name is empty");
    row("old token", 401, R"({"code":16,"message":"etcdserver: invalid auth token"})",
        Code::LoginRefused, "etcdserver: invalid auth token");
    row("wrong password", 400,
        R"({"code":3,"message":"etcdserver: authentication failed, invalid user ID or password"})",
        Code::LoginRefused, "etcdserver: authentication failed, invalid user ID or password");
    row("no right", 403, R"({"code":7,"message":"etcdserver: permission denied"})",
        Code::PermissionDenied, "etcdserver: permission denied");
    row("no space", 429, R"({"code":8,"message":"etcdserver: mvcc: database space exceeded"})",
        Code::OutOfSpace, "etcdserver: mvcc: database space exceeded");
    row("too many", 429, R"({"code":8,"message":"etcdserver: too many requests"})",
        Code::Unavailable, "etcdserver: too many requests");
    row("too large for gRPC", 429,
        R"-({"code":8,"message":"grpc: received message larger than max (3 vs. 2)"})-",
        Code::TooLarge, "grpc: received message larger than max (3 vs. 2)");
    row("too large for etcd", 400, R"({"code":3,"message":"etcdserver: request is too large"})",
        Code::TooLarge, "etcdserver: request is too large");
    row("a learner", 503, R"({"code":14,"message":"etcdserver: rpc not supported for learner"})",
        Code::NotServed, "etcdserver: rpc not supported for learner");
    row("deadline", 500, R"({"code":2,"message":"context deadline exceeded"})", Code::Unavailable,
        "context deadline exceeded");
    row("CN", 400,
        "CommonName of client sending a request against gateway will be ignored and not used as "
        "expected\n",
        Code::Tls,
        "CommonName of client sending a request against gateway will be ignored and not used as "
        "expected");
    row("a proxy", 502, "<html>Bad Gateway</html>", Code::Unavailable, "<html>Bad Gateway</html>");
}

void TestStores::errors()
{
    QFETCH(int, status);
    QFETCH(QByteArray, body);
    const Error error = errorFromReply(reply(status, body));
    QTEST(error.code, "code");
    QTEST(error.detail, "detail");
    QCOMPARE(error.httpStatus, status);
    QCOMPARE(error.endpoint, u"http://10.0.0.1:2379"_s);
}

/// What etcd has no code for: v2 answers to no login as to a wrong one, and nothing tells sizes.
void TestStores::tellsOfTheRequest()
{
    HttpReply refused = reply(401, R"({"errorCode":110,"message":"The request requires user"})");
    QCOMPARE(errorFromReply(refused).code, Error::Code::LoginRefused);
    refused.anonymous = true;
    refused.nameSpace = u"shop"_s;
    QCOMPARE(errorFromReply(refused).code, Error::Code::LoginRequired);
    QCOMPARE(errorFromReply(refused).nameSpace, u"shop"_s);

    HttpReply large = reply(400, R"({"code":3,"message":"etcdserver: request is too large"})");
    large.requestSize = 4 * 1024 * 1024;
    QVERIFY(errorFromReply(large).message().contains(u"request is too large; this has 3.00 MiB"_s));
}

/// A key may have any bytes, and each of them is one of its own.
void TestStores::keysThatAreNoText_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("key");
    const auto row = [](const QByteArray &bytes, const QString &key) {
        QTest::newRow(bytes.toPercentEncoding()) << bytes << key;
    };
    row("", u""_s);
    row("services/web/1", u"services/web/1"_s);
    row("\xc3\xa4\xf0\x9f\x98\x80", u"\u00e4\U0001f600"_s);
    row("\xef\xbf\xbd", u"\ufffd"_s);
    row("a\xff", u"a"_s + QChar(0xdcff));
    row("\xc3/\xef\xbf\xbd", QString(QChar(0xdcc3)) + u"/\ufffd"_s);
    row("\xf0\x9f\x98\x80\x80", u"\U0001f600"_s + QChar(0xdc80));
    row("\xed\xb3\xbf", QString(QChar(0xdced)) + QChar(0xdcb3) + QChar(0xdcbf));
}

void TestStores::keysThatAreNoText()
{
    QFETCH(QByteArray, bytes);
    QTEST(GatewayJson::keyFrom(bytes), "key");
    QCOMPARE(GatewayJson::bytesOf(GatewayJson::keyFrom(bytes)), bytes);
}

void TestStores::listsV2()
{
    const auto listing = StoreV2::decode(reply(200, R"({"action":"get","node":{"key":"/services",
        "dir":true,"nodes":[{"key":"/services/empty","dir":true},{"key":"/services/ns","dir":true,
        "nodes":[{"key":"/services/ns/a","value":"ü","modifiedIndex":7,"createdIndex":4},
        {"key":"/services/ns/b","value":"","modifiedIndex":8,"createdIndex":8}]}]}})",
                                               "9"));
    QVERIFY(listing);
    QCOMPARE(listing->revision, 9);
    const QList<Entry> expected{
        {.key = u"services/ns/a"_s, .value = "ü", .createRevision = 4, .modRevision = 7},
        {.key = u"services/ns/b"_s, .value = "", .createRevision = 8, .modRevision = 8}};
    QCOMPARE(listing->entries, expected);
}

void TestStores::timesV2_data()
{
    QTest::addColumn<int>("expiresIn"); // ms, by the server's clock
    QTest::addColumn<int>("ttl");
    QTest::addColumn<int>("left"); // ms
    QTest::newRow("clocks agree") << 8300 << 9 << 8300;
    QTest::newRow("server is an hour ahead") << 3608300 << 9 << 9000;
    QTest::newRow("server is an hour behind") << -3591700 << 9 << 9000;
    QTest::newRow("the clock of the server is a little ahead") << 10900 << 10 << 10000;
    QTest::newRow("time is up, and no quorum removes it") << -6000 << -6 << -6000;
}

void TestStores::timesV2()
{
    QFETCH(int, expiresIn);
    QFETCH(int, ttl);
    QFETCH(int, left);
    const QString expiration =
        QDateTime::currentDateTimeUtc().addMSecs(expiresIn).toString(u"yyyy-MM-ddTHH:mm:ss.zzz"_s)
        + "162577Z"_L1;
    const QString body =
        uR"({"action":"get","node":{"key":"/services/a","value":"{}","expiration":"%1","ttl":%2,
        "modifiedIndex":1,"createdIndex":1}})"_s.arg(expiration)
            .arg(ttl);
    const auto listing = StoreV2::decode(reply(200, body.toUtf8()));
    QVERIFY(listing);
    QCOMPARE(listing->entries.size(), 1);
    QVERIFY(listing->entries.first().hasTtl);
    QVERIFY(std::chrono::abs(*listing->entries.first().timeLeft - left * 1ms) < 100ms);
    QVERIFY(!listing->entries.first().granted);
}

void TestStores::directoriesV2()
{
    const auto listing = StoreV2::decode(reply(200, R"({"action":"get","node":{"key":"/services",
        "dir":true,"nodes":[{"key":"/services/web","dir":true,"expiration":"2026-01-01T00:00:00Z",
        "ttl":15,"nodes":[{"key":"/services/web/a","value":"{}","expiration":"2026-01-01T00:00:00Z",
        "ttl":600,"modifiedIndex":1},{"key":"/services/web/b","value":"{}","modifiedIndex":2}]},
        {"key":"/services/web-2/a","value":"{}","modifiedIndex":3}]}})"));
    QVERIFY(listing);
    QCOMPARE(listing->directories.size(), 1);
    QCOMPARE(listing->directories.value(u"services/web"_s), 15s);
    QCOMPARE(listing->entries.size(), 3);
    QCOMPARE(listing->entries.at(0).directoryLeft, 15s);
    QCOMPARE(listing->entries.at(0).timeLeft, 600s);
    QCOMPARE(listing->entries.at(1).directoryLeft, 15s);
    QCOMPARE(listing->entries.at(2).directoryLeft, std::nullopt);
}

void TestStores::emptyV2()
{
    const auto listing = StoreV2::decode(reply(
        404, R"({"errorCode":100,"message":"Key not found","cause":"/services","index":6})", "6"));
    QVERIFY(listing);
    QVERIFY(listing->entries.isEmpty());
    const auto off = StoreV2::decode(reply(404, "404 page not found\n"));
    QVERIFY(!off); // which is not an empty registry
}

void TestStores::pagesV3_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::newRow("3.4") << QByteArray(
        R"({"header":{"cluster_id":"1","revision":"9007199254740993","raft_term":"2"},"kvs":[{"key":"c2VydmljZXMv8J+agC9+",)"
        R"("create_revision":"5","mod_revision":"8","version":"4","value":"eyJhIjoifj8/In0=","lease":"7587869444440000001"}],)"
        R"("more":true,"count":"2"})");
    QTest::newRow("3.6: spaces, URL-safe and unpadded base64, numbers") << QByteArray(
        R"({"header": {"cluster_id":"1",  "revision":"9007199254740993"}, "kvs": [ {"key": "c2VydmljZXMv8J-agC9-", )"
        R"("create_revision": 5, "mod_revision": "8", "version":"4", "value":"eyJhIjoifj8_In0", "lease":7587869444440000001 } ], )"
        R"("more": true, "count":"2"})");
}

void TestStores::pagesV3()
{
    QFETCH(QByteArray, body);
    bool more = false;
    const auto page = StoreV3::decodePage(reply(200, body), &more);
    QVERIFY(page);
    QVERIFY(more);
    QCOMPARE(page->revision, 9007199254740993);
    const QList<Entry> expected{{.key = u"services/\U0001F680/~"_s,
                                 .value = R"({"a":"~??"})",
                                 .createRevision = 5,
                                 .modRevision = 8,
                                 .lease = 7587869444440000001,
                                 .hasTtl = true}};
    QCOMPARE(page->entries, expected);

    const auto none = StoreV3::decodePage(reply(200, R"({"header":{"revision":"3"}})"), &more);
    QVERIFY(none);
    QVERIFY(none->entries.isEmpty());
    QVERIFY(!more);
}

void TestStores::notJson()
{
    bool more = false;
    for (const QByteArray body :
         {"", "<html></html>", "[1]", "{\"kvs\":[", "null", "\n", "\n\xff{}"}) {
        const auto v3 = StoreV3::decodePage(reply(200, body), &more);
        QVERIFY(!v3);
        QCOMPARE(v3.error().code, Error::Code::Protocol);
        const auto v2 = StoreV2::decode(reply(200, body));
        QVERIFY(!v2);
        QCOMPARE(v2.error().code, Error::Code::Protocol);
    }
}

QTEST_APPLESS_MAIN(TestStores)
#include "tst_stores.moc"
