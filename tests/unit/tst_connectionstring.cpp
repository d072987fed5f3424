// SPDX-License-Identifier: MIT
#include "connectionstring.h"

#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using Api = ConnectionString::Api;

class TestConnectionString : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void good_data();
    void good();
    void bad_data();
    void bad();
    void login_data();
    void login();
    void options();
    void times_data();
    void times();
    void files();
    void discovery_data();
    void discovery();
    void warnings_data();
    void warnings();
    void passwordIsNotShown();
};

/// The canonical form shows everything but the password.
void TestConnectionString::good_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("canonical");
    const auto row = [](const char *text, const char *canonical) {
        QTest::newRow(text) << QString::fromUtf8(text) << QString::fromUtf8(canonical);
    };
    row("127.0.0.1", "http://127.0.0.1:4001");
    row("127.0.0.1:4001", "http://127.0.0.1:4001");
    row("localhost:2379", "http://localhost:2379");
    row("  localhost  ", "http://localhost:4001");
    row("http://etcd", "http://etcd:4001");
    row("HTTP://Etcd.Example", "http://etcd.example:4001");
    row("https://etcd", "https://etcd:4001");
    row("https://etcd:443", "https://etcd:443");
    row("http://etcd:80", "http://etcd:80");
    row("etcd:1", "http://etcd:1");
    row("etcd: 1", "http://etcd:1");
    row("etcd:65535", "http://etcd:65535");
    row("my_etcd-1", "http://my_etcd-1:4001");
    row("[::1]", "http://[::1]:4001");
    row("[::1]:2379", "http://[::1]:2379");
    row("https://[2001:DB8::0:1]:2379/ns", "https://[2001:db8::1]:2379/ns");
    row("[::ffff:10.0.0.1]:1,a", "http://[::ffff:10.0.0.1]:1,a:4001");
    row("a,b:2379,c", "http://a:4001,b:2379,c:4001");
    row("a, b,   c", "http://a:4001,b:4001,c:4001");
    row("a ,b", "http://a:4001,b:4001");
    row("http://a:1,http://b:2, HTTP://c:3/ns", "http://a:1,b:2,c:3/ns");
    row("http://a:1/,http://b:2/", "http://a:1,b:2");
    row(" http://a:1/ , http://b:2/ ", "http://a:1,b:2");
    row("http://a:1// ,\u00a0http://b:2//", "http://a:1,b:2");
    row("http://a:1,http://b:2/", "http://a:1,b:2");
    row("http://a:1/,http://b:2", "http://a:1,b:2");
    row("a:1/,b:2/", "http://a:1,b:2");
    row("a:1/, b:2/,c/", "http://a:1,b:2,c:4001");
    row("a/,http://b/,c", "http://a:4001,b:4001,c:4001");
    row("http://a:2379/,http://b", "http://a:2379,b:4001");
    row("https://a:1/,https://b:2/", "https://a:1,b:2");
    row("https://a:1/,b:2/,HTTPS://c:3/", "https://a:1,b:2,c:3");
    row("HTTP://a:1/,Http://b:2/", "http://a:1,b:2");
    row("http://[::1]:1/,http://[::2]:2/", "http://[::1]:1,[::2]:2");
    row("http://a:1/,", "http://a:1");
    row("http://a:1/ , ", "http://a:1");
    row("http://a:1/,http://b:2/,", "http://a:1,b:2");
    row("http://a:1/,http://b:2/shop/eu", "http://a:1,b:2/shop/eu");
    row("http://a:1/,http://b:2/?refresh=true", "http://a:1,b:2?refresh=true");
    row("http://a:1/,?api=v3", "http://a:1?api=v3");
    row("https://a/,https://b/?cert=c&key=k,https://d/",
        "https://a:4001,b:4001?cert=c&key=k,https://d/");
    row("http://root:s@a:1/,http://b:2/", "http://root@a:1,b:2");
    row("http://root:s@a:1/,http://root:s@b:2/", "http://root@a:1,b:2");
    row("http://a:1/,http://root:s@b:2/ns", "http://root@a:1,b:2/ns");
    row("root:s,e@a:1/,root:s,e@b:2/, root:s,e@c", "http://root@a:1,b:2,c:4001");
    row("root:hunter@a,root:hunter@b", "http://root@a:4001,b:4001");
    row("root:1%2Ce@a", "http://root@a:4001");
    row("a:4001,a,A", "http://a:4001");
    row("a,b,a:4001,a:1", "http://a:4001,b:4001,a:1");
    row("a/", "http://a:4001");
    row("a//", "http://a:4001");
    row("a/shop", "http://a:4001/shop");
    row("a/shop/", "http://a:4001/shop");
    row("a//shop///eu//", "http://a:4001/shop/eu");
    row("https://a,b/shop/eu/north", "https://a:4001,b:4001/shop/eu/north");
    row("a/..x/.y/z.", "http://a:4001/..x/.y/z.");
    row("a/商店/Größe", "http://a:4001/商店/Größe");
    row("a/my shop", "http://a:4001/my%20shop");
    row("a/my%20shop%2Feu", "http://a:4001/my%20shop/eu");
    row("a/my\u00a0shop%C2%A0", "http://a:4001/my%C2%A0shop%C2%A0");
    row("a/%00%7F", "http://a:4001/%00%7F");
    row("a/50%25%3F%40", "http://a:4001/50%25%3F%40");
    row("a/x%2Cy", "http://a:4001/x%2Cy");
    row("a/10.0.0.1%3A80/[%3A:1]:80", "http://a:4001/10%2E0%2E0%2E1%3A80/[%3A%3A1]%3A80");
    row("a/10%2E0.0.1/a:b/[x]/v1.2", "http://a:4001/10%2E0%2E0%2E1/a:b/[x]/v1.2");
    row("a/my-services/v2.0/keys", "http://a:4001/my-services/v2.0/keys");
    row("a?", "http://a:4001");
    row("a/?", "http://a:4001");
    row("a?refresh=true", "http://a:4001?refresh=true");
    row("a?refresh=1&cache=100", "http://a:4001?refresh=true&cache=100");
    row("a/ns?refresh=false&cache=", "http://a:4001/ns");
    row("a?refresh=&api=&layout=", "http://a:4001");
    row("a/ns?api=v2", "http://a:4001/ns?api=v2");
    row("a?api=v3&api=auto", "http://a:4001");
    row("a?layout=native&api=auto", "http://a:4001");
    row("a?timeout=300&deadline=2000", "http://a:4001?timeout=300&deadline=2000");
    row("a?timeout=1000&deadline=5000&ttl=10&heartbeat=5", "http://a:4001");
    row("a?ttl=30", "http://a:4001?ttl=30");
    row("a?ttl=30&heartbeat=2.5", "http://a:4001?ttl=30&heartbeat=2.5");
    row("a?&&refresh=true&", "http://a:4001?refresh=true");
    row("https://a?ca=/etc/ssl/my%20ca%26co.pem", "https://a:4001?ca=/etc/ssl/my%20ca%26co.pem");
    row("https://a?cert=/c++/c.pem&key=k=1.pem", "https://a:4001?cert=/c++/c.pem&key=k=1.pem");
    row("root@a", "http://root@a:4001");
    row("http://root:hunter@a,b/ns", "http://root@a:4001,b:4001/ns");
    row("us%3Aer%40x:s@a", "http://us%3Aer%40x@a:4001");
    row("https://root:s,e:c@[::1]:1,b", "https://root@[::1]:1,b:4001");
    row("https://discovery.etcd.io/abc", "discovery+https://discovery.etcd.io/abc");
    row("discovery+http://d:8087/a/b?api=v2", "discovery+http://d:8087/a/b?api=v2");
}

void TestConnectionString::good()
{
    QFETCH(QString, text);
    QFETCH(QString, canonical);
    const auto parsed = ConnectionString::parse(text);
    QVERIFY2(parsed, parsed ? "" : qPrintable(parsed.error().detail));
    QVERIFY2(parsed->warnings.isEmpty(), qPrintable(parsed->warnings.join(u' ')));
    QCOMPARE(parsed->toString(), canonical);
    QCOMPARE(parsed->endpoints.isEmpty(), parsed->discovery.isValid());

    auto withoutPassword = *parsed;
    withoutPassword.password.clear();
    const auto again = ConnectionString::parse(canonical);
    QVERIFY(again);
    QVERIFY(*again == withoutPassword);
}

void TestConnectionString::bad_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("words"); // of the message
    const auto row = [](const char *text, const char *words) {
        QTest::newRow(text) << QString::fromUtf8(text) << QString::fromUtf8(words);
    };
    row("", "address of a node");
    row("   ", "address of a node");
    row("ftp://a", "Unknown protocol ftp");
    row("://a", "Unknown protocol");
    row("discovery+ftp://a/t", "Unknown protocol ftp");
    row("http://", "host is missing");
    row("http:///ns", "host is missing");
    row("/ns", "host is missing");
    row("?refresh=true", "host is missing");
    row(":4001", "host is missing");
    row("a,,b", "host is missing");
    row("a,", "host is missing");
    row(",a", "host is missing");
    row("a:0", "from 1 to 65535");
    row("a:65536", "from 1 to 65535");
    row("a:99999999999", "from 1 to 65535");
    row("a:", "from 1 to 65535");
    row("a:x", "from 1 to 65535");
    row("a:-1", "from 1 to 65535");
    row("a:1,b:x", "port of b");
    row("[::1]:0", "port of [::1]");
    row("::1", "in brackets");
    row("fe80::1:2379", "in brackets");
    row("[::1", "in brackets");
    row("::1]", "in brackets");
    row("[::1]2379", "in brackets");
    row("[]", "not a host's");
    row("[hello]", "not a host's");
    row("[1.2.3.4]", "not a host's");
    row("a b", "not a host's");
    row("a..b", "not a host's");
    row("a<b", "not a host's");
    row("http://a,https://b", "one protocol");
    row("http://a:1/,https://b:2/", "one protocol");
    row("a:1/, https://b:2/ns", "one protocol");
    row("https://a,HTTP://b", "one protocol");
    row("http://a/,ftp://b", "one protocol");
    row("a/ns,b", "no comma");
    row("a/ns,b:2379", "no comma");
    row("a/ns/,", "no comma");
    row("http://a/ns,http://b", "only once");
    row("http://a:1/ns/,http://b:2/", "only once");
    row("http://a/ns,http://b/ns", "only once");
    row("http://a/http://b", "protocol stands in the middle");
    row("http://a http://b", "protocol stands in the middle");
    row("http://http://b", "protocol stands in the middle");
    row("a/10.0.0.1:2379", "host stands where");
    row("a/10.0.0.1", "host stands where");
    row("a:1/b:2", "host stands where");
    row("a/ns/b:2/", "host stands where");
    row("a/[::1]:2379", "host stands where");
    row("a/[::1]", "host stands where");
    row("a/::1", "host stands where");
    row("a/fe80::1", "host stands where");
    row("root:hunter@a,eve:hunter@b", "only once");
    row("http://root:hunter@a/,http://eve:hunter@b/", "only once");
    row("a:2379,root:hunter@b:2379", "only once");
    row("a:2379/,root:hunter@b:2379", "only once");
    row("a/./b", "namespace");
    row("a/..", "namespace");
    row("a/x%2F../y", "namespace");
    row("a/50%", "%25");
    row("a/%zz", "%25");
    row("a/b\nc", "line break");
    row(":hunter@a", "name before");
    row("@a", "name before");
    row("root:hunt@er@a", "only once");
    row("a,root:hunter@b", "only once");
    row("root:hunt/er@a", "%2F");
    row("root:1/hunter@a", "%2F");
    row("root:1?hunter@a", "%3F");
    row("root:hunter", "from 1 to 65535");
    row("a?refresh=maybe", "refresh must be true or false");
    row("a?api=v4", "Unknown API v4");
    row("a?layout=micro", "Unknown layout micro");
    row("a?timeout=0", "timeout must be");
    row("a?timeout=-5", "timeout must be");
    row("a?timeout=1s", "milliseconds");
    row("a?timeout=", "timeout must be");
    row("a?timeout=nan", "timeout must be");
    row("a?deadline=0", "deadline must be");
    row("a?deadline=inf", "deadline must be");
    row("a?deadline=-inf", "deadline must be");
    row("a?timeout=300&deadline=200", "shorter than the timeout");
    row("a?ttl=0", "ttl must be");
    row("a?ttl=0.5", "at least 1 second");
    row("a?ttl=1e300", "ttl must be");
    row("a?heartbeat=0", "heartbeat must be");
    row("a?heartbeat=x", "seconds");
    row("https://a?cert=c.pem", "go together");
    row("https://a?key=k.pem", "go together");
    row("https://discovery.etcd.io", "token");
    row("https://discovery.etcd.io/", "token");
    row("discovery+https:///t", "token");
    row("discovery+https://d/t#x", "token");
    row("discovery+https://d/t\"x", "token");
    row("discovery+https://a,b/t", "token");
}

void TestConnectionString::bad()
{
    QFETCH(QString, text);
    QFETCH(QString, words);
    const auto parsed = ConnectionString::parse(text);
    QVERIFY(!parsed);
    QCOMPARE(parsed.error().code, Error::Code::InvalidArgument);
    const auto message = parsed.error().message();
    QVERIFY2(message.contains(words), qPrintable(message));
    QVERIFY2(!message.contains(u"hunt"_s), qPrintable(message));
    QVERIFY2(!message.contains(u'\n') && message.endsWith(u'.'), qPrintable(message));
}

void TestConnectionString::login_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("user");
    QTest::addColumn<QString>("password");
    QTest::newRow("none") << u"a"_s << u""_s << u""_s;
    QTest::newRow("user only") << u"root@a"_s << u"root"_s << u""_s;
    QTest::newRow("both") << u"https://root:hunter@a"_s << u"root"_s << u"hunter"_s;
    QTest::newRow("empty password") << u"root:@a"_s << u"root"_s << u""_s;
    QTest::newRow("colons") << u"root:a:b:@a"_s << u"root"_s << u"a:b:"_s;
    QTest::newRow("escaped") << u"r%40:p%40%2F%3F%25%23@a"_s << u"r@"_s << u"p@/?%#"_s;
    QTest::newRow("scripts") << u"ä:购%F0%9F%9B%92@a"_s << u"ä"_s << u"购🛒"_s;
    QTest::newRow("blanks") << u"my user:my word@a"_s << u"my user"_s << u"my word"_s;
}

void TestConnectionString::login()
{
    QFETCH(QString, text);
    const auto parsed = ConnectionString::parse(text);
    QVERIFY(parsed);
    QTEST(parsed->user, "user");
    QTEST(parsed->password, "password");
    QCOMPARE(parsed->endpoints.front().userInfo(), QString());
    QCOMPARE(parsed->endpoints.front().host(), u"a"_s);
}

void TestConnectionString::options()
{
    const auto parsed =
        ConnectionString::parse(u"a/ns?refresh=true&cache=7&api=v3&layout=native"_s);
    QVERIFY(parsed);
    QVERIFY(parsed->refresh);
    QCOMPARE(parsed->cache, 7);
    QVERIFY(parsed->api == Api::V3);
    QCOMPARE(parsed->layout, u"native"_s);
    QCOMPARE(parsed->nameSpace, u"ns"_s);
    QVERIFY(ConnectionString::parse(u"a?api=v2"_s)->api == Api::V2);
    QVERIFY(ConnectionString::parse(u"a"_s)->api == Api::Auto);
}

void TestConnectionString::times_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QList<qint64>>("milliseconds"); // timeout, deadline, ttl, heartbeat
    const auto row = [](const char *text, const QList<qint64> &milliseconds) {
        QTest::newRow(text) << QString::fromUtf8(text) << milliseconds;
    };
    row("a", {1000, 5000, 10000, 5000});
    row("a?timeout=250", {250, 5000, 10000, 5000});
    row("a?timeout=9000", {9000, 9000, 10000, 5000});
    row("a?deadline=500", {500, 500, 10000, 5000});
    row("a?ttl=3", {1000, 5000, 3000, 1500});
    row("a?ttl=2.5&heartbeat=0.25", {1000, 5000, 2500, 250});
    row("a?ttl=4&heartbeat=3", {1000, 5000, 4000, 2000});
    row("a?heartbeat=1", {1000, 5000, 10000, 1000});
    row("a?heartbeat=60", {1000, 5000, 10000, 5000});
    row("a?ttl=1000000000", {1000, 5000, 1000000000000, 500000000000});
}

void TestConnectionString::times()
{
    QFETCH(QString, text);
    const auto parsed = ConnectionString::parse(text);
    QVERIFY(parsed);
    const QList<qint64> actual{parsed->timeout.count(), parsed->deadline.count(),
                               parsed->ttl.count(), parsed->heartbeat.count()};
    QTEST(actual, "milliseconds");
    QVERIFY(ConnectionString::parse(parsed->toString())->heartbeat == parsed->heartbeat);
}

void TestConnectionString::files()
{
    const auto parsed =
        ConnectionString::parse(u"https://a?ca=ca.pem&cert=c%26.pem&key=k,https://k.pem"_s);
    QVERIFY(parsed);
    QCOMPARE(parsed->caFile, u"ca.pem"_s);
    QCOMPARE(parsed->certFile, u"c&.pem"_s);
    QCOMPARE(parsed->keyFile, u"k,https://k.pem"_s);
    QVERIFY(parsed->warnings.isEmpty());
}

void TestConnectionString::discovery_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QUrl>("url");
    QTest::addColumn<QString>("user");
    QTest::newRow("public") << u"https://discovery.etcd.io/abc"_s
                            << QUrl(u"https://discovery.etcd.io/abc"_s) << u""_s;
    QTest::newRow("options") << u"https://discovery.etcd.io/abc?ca=x.pem"_s
                             << QUrl(u"https://discovery.etcd.io/abc"_s) << u""_s;
    QTest::newRow("own") << u"discovery+https://d:8087/v2/keys/t"_s
                         << QUrl(u"https://d:8087/v2/keys/t"_s) << u""_s;
    QTest::newRow("own, plain") << u"discovery+http://[::1]/t"_s << QUrl(u"http://[::1]/t"_s)
                                << u""_s;
    QTest::newRow("a login is for the nodes")
        << u"discovery+http://root:s@d/t"_s << QUrl(u"http://d/t"_s) << u"root"_s;
}

void TestConnectionString::discovery()
{
    QFETCH(QString, text);
    const auto parsed = ConnectionString::parse(text);
    QVERIFY2(parsed, parsed ? "" : qPrintable(parsed.error().detail));
    QTEST(parsed->discovery, "url");
    QTEST(parsed->user, "user");
    QVERIFY(parsed->endpoints.isEmpty());
    QVERIFY(parsed->warnings.isEmpty());
}

void TestConnectionString::warnings_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QStringList>("words"); // one of each warning
    QTest::newRow("unknown") << u"a?colour=red&x"_s << QStringList{u"colour"_s, u"x"_s};
    QTest::newRow("wrong case") << u"a?Refresh=true"_s << QStringList{u"Refresh"_s};
    QTest::newRow("cache") << u"a?cache=big"_s << QStringList{u"cache"_s};
    QTest::newRow("ca") << u"a?ca=x"_s << QStringList{u"ca"_s};
    QTest::newRow("cert alone") << u"http://a?cert=x"_s << QStringList{u"cert"_s};
    QTest::newRow("key") << u"a/services/shop"_s << QStringList{u"Write /shop behind"_s};
    QTest::newRow("all keys") << u"a/services/"_s << QStringList{u"Leave the namespace out"_s};
    QTest::newRow("v2's URL") << u"a//v2/keys/services/shop/eu"_s
                              << QStringList{u"Write /shop/eu behind"_s};
    QTest::newRow("v2's URL of all") << u"a/v2/keys"_s << QStringList{u"Leave the"_s};
    QTest::newRow("v3's URL") << u"a/v3/services/shop"_s << QStringList{u"Write /shop behind"_s};
    QTest::newRow("v3's URL of keys") << u"a/v3/kv/shop"_s << QStringList{u"/shop behind"_s};
    QTest::newRow("heartbeat") << u"a?ttl=3&heartbeat=2"_s << QStringList{u"1.5 seconds"_s};
}

void TestConnectionString::warnings()
{
    QFETCH(QString, text);
    QFETCH(QStringList, words);
    const auto parsed = ConnectionString::parse(text);
    QVERIFY(parsed);
    QCOMPARE(parsed->warnings.size(), words.size());
    for (qsizetype i = 0; i < words.size(); ++i)
        QVERIFY2(parsed->warnings[i].contains(words[i]), qPrintable(parsed->warnings[i]));
    QCOMPARE(parsed->caFile + parsed->certFile, QString());
}

void TestConnectionString::passwordIsNotShown()
{
    const auto parsed = ConnectionString::parse(u"root:hunter@a/ns?hunter"_s);
    QVERIFY(parsed);
    QCOMPARE(parsed->password, u"hunter"_s);
    QCOMPARE(parsed->toString(), u"http://root@a:4001/ns"_s);
}

QTEST_GUILESS_MAIN(TestConnectionString)
#include "tst_connectionstring.moc"
