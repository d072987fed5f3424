// SPDX-License-Identifier: MIT
#include "layout.h"

#include <QHostAddress>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

/// What the npm package took for this machine's address when it made the vectors.
const QString vectorAddress = u"10.1.2.3"_s;

struct Vector
{
    QString nameSpace;
    QString name;
    QByteArray document;
    QString key;
    QByteArray value;
};

QList<Vector> vectors()
{
    QFile file(QStringLiteral(TESTS_DIR "/unit/data/vectors.json"));
    if (!file.open(QIODevice::ReadOnly))
        qFatal("%s", qPrintable(file.errorString()));
    QList<Vector> result;
    const auto array = QJsonDocument::fromJson(file.readAll()).array();
    for (const auto &item : array)
        result.append({item["namespace"_L1].toString(), item["name"_L1].toString(),
                       item["document"_L1].toString().toUtf8(), item["key"_L1].toString(),
                       item["value"_L1].toString().toUtf8()});
    return result;
}

QString trimmedSlashes(QString nameSpace)
{
    while (nameSpace.startsWith(u'/'))
        nameSpace.remove(0, 1);
    while (nameSpace.endsWith(u'/'))
        nameSpace.chop(1);
    return nameSpace;
}

Entry entry(const QString &key, const QByteArray &value)
{
    Entry result;
    result.key = key;
    result.value = value;
    return result;
}

const QString hash40 = u"0123456789abcdef0123456789abcdef01234567"_s;

} // namespace

class TestLayout : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void slug_data();
    void slug();
    void prefix_data();
    void prefix();
    void npmWritesTheSame_data();
    void npmWritesTheSame();
    void npmVectorsDecode_data() { npmWritesTheSame_data(); }
    void npmVectorsDecode();
    void encode_data();
    void encode();
    void encodeRefuses_data();
    void encodeRefuses();
    void defaultHostname();
    void decode_data();
    void decode();
    void decodeKeepsWhatEtcdSays();
    void decodeTimes();
    void decodeIsQuick();
};

void TestLayout::slug_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("slug");
    QTest::newRow("empty") << u""_s << u""_s;
    QTest::newRow("kept") << u"azAZ09-"_s << u"azAZ09-"_s;
    QTest::newRow("signs") << u"a/b.c d_e"_s << u"a-b-c-d-e"_s;
    QTest::newRow("letters elsewhere") << u"Größe٣"_s << u"Gr--e-"_s;
    QTest::newRow("two UTF-16 units") << u"🛒"_s << u"--"_s;
    QTest::newRow("nothing collapses") << u"a//b"_s << u"a--b"_s;
}

void TestLayout::slug()
{
    QFETCH(QString, name);
    QTEST(Layout::slug(name), "slug");
}

void TestLayout::prefix_data()
{
    QTest::addColumn<QString>("nameSpace");
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("prefix");
    QTest::newRow("all") << u""_s << u""_s << u"services/"_s;
    QTest::newRow("slash") << u"/"_s << u""_s << u"services/"_s;
    QTest::newRow("namespace") << u"shop/eu"_s << u""_s << u"services/shop/eu/"_s;
    QTest::newRow("slashes") << u"//shop//eu//"_s << u""_s << u"services/shop/eu/"_s;
    QTest::newRow("service") << u"shop"_s << u"my web"_s << u"services/shop/my-web/"_s;
    QTest::newRow("no namespace") << u""_s << u"web"_s << u"services/web/"_s;
}

void TestLayout::prefix()
{
    QFETCH(QString, nameSpace);
    QFETCH(QString, name);
    QTEST(Layout::prefix(nameSpace, name), "prefix");
}

void TestLayout::npmWritesTheSame_data()
{
    QTest::addColumn<Vector>("vector");
    int number = 0;
    for (const auto &vector : vectors()) {
        // The package forgets the brackets of an IPv6 address, and nobody can parse such a URL
        if (!vector.document.contains(R"("hostname":"::1")"))
            QTest::addRow("%d %s", ++number, vector.key.toLatin1().constData()) << vector;
    }
    QVERIFY(number > 80);
}

void TestLayout::npmWritesTheSame()
{
    QFETCH(Vector, vector);
    Service service;
    service.name = vector.name;
    service.nameSpace = vector.nameSpace;
    service.document = vector.document;
    // Given as a default is: an empty, false, null or missing one.
    const auto hostname = QJsonDocument::fromJson(vector.document)["hostname"_L1];
    if (!hostname.isString() || hostname.toString().isEmpty())
        service.hostname = vectorAddress;
    const auto record = Layout::encode(service);
    QVERIFY2(record, record ? "" : qPrintable(record.error().detail));
    QCOMPARE(QString::fromUtf8(record->value), QString::fromUtf8(vector.value));
    QCOMPARE(record->key, vector.key);
}

void TestLayout::npmVectorsDecode()
{
    QFETCH(Vector, vector);
    const auto instance = Layout::decode(entry(vector.key, vector.value), Api::V2, {});
    const auto document = QJsonDocument::fromJson(vector.value).object();
    QCOMPARE(instance.problem, Instance::Problem::None);
    QCOMPARE(instance.service, vector.name);
    QCOMPARE(instance.nameSpace, trimmedSlashes(vector.nameSpace));
    QCOMPARE(instance.url, document["url"_L1].toString());
    QCOMPARE(instance.host, document["host"_L1].toString());
    QCOMPARE(instance.hostname, document["hostname"_L1].toString());
    QCOMPARE(instance.document, vector.value);
}

void TestLayout::encode_data()
{
    QTest::addColumn<Service>("service");
    QTest::addColumn<QByteArray>("value");
    const auto row = [](const char *name, const QByteArray &document, int port,
                        const QString &protocol, const QString &hostname, const QByteArray &value) {
        Service service;
        service.name = u"web"_s;
        service.document = document;
        service.port = port;
        service.protocol = protocol;
        service.hostname = hostname;
        QTest::newRow(name) << service << value;
    };
    row("IPv6", "{}", 80, {}, u"fe80::1"_s,
        R"({"port":80,"name":"web","hostname":"fe80::1","host":"[fe80::1]:80","url":"http://[fe80::1]:80"})");
    row("IPv6 in brackets", "{}", 0, {}, u"[::1]"_s,
        R"({"name":"web","hostname":"[::1]","host":"[::1]","url":"http://[::1]"})");
    row("all of it", "{}", 443, u"https"_s, u"h"_s,
        R"({"port":443,"protocol":"https","name":"web","hostname":"h","host":"h:443","url":"https://h:443"})");
    row("port after the caller's fields", R"({"a":1})", 80, {}, u"h"_s,
        R"({"a":1,"port":80,"name":"web","hostname":"h","host":"h:80","url":"http://h:80"})");
    row("in place", R"({"hostname":"x","protocol":"p","port":1,"a":2})", 80, u"q"_s, u"h"_s,
        R"({"hostname":"h","protocol":"q","port":80,"a":2,"name":"web","host":"h:80","url":"q://h:80"})");
    row("the document's host stays", R"({"host":"x:1"})", 80, {}, u"h"_s,
        R"({"host":"x:1","port":80,"name":"web","hostname":"h","url":"http://x:1"})");
    row("blanks go, numbers stay", "{ \"id\" : 9007199254740993 ,\n\"x\" : 1.50 }", 0, {}, u"h"_s,
        R"({"id":9007199254740993,"x":1.50,"name":"web","hostname":"h","host":"h","url":"http://h"})");
    row("no digit of a port is lost", R"({"port":9007199254740993})", 0, {}, u"h"_s,
        R"({"port":9007199254740993,"name":"web","hostname":"h","host":"h:9007199254740993","url":"http://h:9007199254740993"})");
    row("a port as JavaScript prints it", R"({"port":8.080e3})", 0, {}, u"h"_s,
        R"({"port":8.080e3,"name":"web","hostname":"h","host":"h:8080","url":"http://h:8080"})");
    row("zero in any spelling is none", R"({"port":-0.0e5})", 0, {}, u"h"_s,
        R"({"port":-0.0e5,"name":"web","hostname":"h","host":"h","url":"http://h"})");
    row("of duplicates the last one counts", R"({"port":1,"port":2})", 0, {}, u"h"_s,
        R"({"port":1,"port":2,"name":"web","hostname":"h","host":"h:2","url":"http://h:2"})");
}

void TestLayout::encode()
{
    QFETCH(Service, service);
    const auto record = Layout::encode(service);
    QVERIFY(record);
    QTEST(record->value, "value");
    const auto instance = Layout::decode(entry(record->key, record->value), Api::V3, {});
    QCOMPARE(instance.problem, Instance::Problem::None);
}

void TestLayout::encodeRefuses_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("nameSpace");
    QTest::addColumn<QByteArray>("document");
    QTest::newRow("no name") << u""_s << u""_s << QByteArray("{}");
    QTest::newRow("no document") << u"web"_s << u""_s << QByteArray();
    QTest::newRow("an array") << u"web"_s << u""_s << QByteArray("[]");
    QTest::newRow("a number") << u"web"_s << u""_s << QByteArray("1");
    QTest::newRow("not JSON") << u"web"_s << u""_s << QByteArray("{a:1}");
    QTest::newRow("up") << u"web"_s << u"shop/.."_s << QByteArray("{}");
    QTest::newRow("here") << u"web"_s << u"./shop"_s << QByteArray("{}");
}

void TestLayout::encodeRefuses()
{
    QFETCH(QString, name);
    QFETCH(QString, nameSpace);
    QFETCH(QByteArray, document);
    Service service;
    service.name = name;
    service.nameSpace = nameSpace;
    service.document = document;
    const auto record = Layout::encode(service);
    QVERIFY(!record);
    QCOMPARE(record.error().code, Error::Code::InvalidArgument);
    QVERIFY(record.error().message().size() > 10);
}

void TestLayout::defaultHostname()
{
    const QHostAddress address(Layout::localAddress());
    QCOMPARE(address.protocol(), QAbstractSocket::IPv4Protocol);
    Service service;
    service.name = u"web"_s;
    const auto record = Layout::encode(service);
    QCOMPARE(Layout::decode(entry(record->key, record->value), Api::V2, {}).hostname,
             Layout::localAddress());
}

void TestLayout::decode_data()
{
    using Problem = Instance::Problem;
    QTest::addColumn<QString>("key");
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<Problem>("problem");
    QTest::addColumn<QString>("nameSpace");
    QTest::addColumn<QString>("service");
    const QByteArray document = R"({"name":"my web","url":"http://h"})";
    const auto hash = u"d9e46cf5e8d5a8b8d2b6bd1d43d1f3ea7ad0e08f"_s; // stands for any wrong one
    const auto row = [](const char *name, const QString &key, const QByteArray &value,
                        Problem problem, const QString &nameSpace, const QString &service) {
        QTest::newRow(name) << key << value << problem << nameSpace << service;
    };
    row("wrong hash", u"services/a/b/my-web/"_s + hash, document, Problem::KeyMismatch, u"a/b"_s,
        u"my web"_s);
    row("another name's key", u"services/a/other/"_s + hash, document, Problem::KeyMismatch, u"a"_s,
        u"other"_s);
    row("no hash", u"services/a/my-web/one"_s, document, Problem::KeyShape, u"a"_s, u"my web"_s);
    row("upper-case hash", u"services/my-web/"_s + hash.toUpper(), document, Problem::KeyShape,
        u""_s, u"my web"_s);
    row("no service", u"services/"_s + hash40, document, Problem::KeyShape, u""_s, hash40);
    row("services alone", u"services"_s, document, Problem::KeyShape, u""_s, u"services"_s);
    row("empty segment", u"services/a//my-web/"_s + hash40, document, Problem::KeyShape, u"a/"_s,
        u"my web"_s);
    row("elsewhere", u"config/a/my-web/"_s + hash40, document, Problem::KeyShape, u"config/a"_s,
        u"my web"_s);
    row("empty key", u""_s, document, Problem::KeyShape, u""_s, u""_s);
    for (const auto value :
         {"", "hello", "42", "\"x\"", "[1]", "null", "{\"a\":1", "{\"a\":\"\n\"}",
          "{\"a\":\"\xff\"}", "\n\xff{\"a\":1}", "\n\n", "\n/\n[", "\xff"})
        row(QByteArray("value ") + value, u"services/a/web/"_s + hash40, value,
            Problem::NotAnObject, u"a"_s, u"web"_s);
    row("neither", u"services/a/web/one"_s, "x", Problem::NotAnObject, u"a"_s, u"web"_s);
    row("no fields", u"services/web/"_s + hash40, "{}", Problem::KeyMismatch, u""_s, u"web"_s);
    row("odd types", u"services/web/"_s + hash40, R"({"name":{"a":1},"url":[1],"host":7})",
        Problem::KeyMismatch, u""_s, u"web"_s);
}

void TestLayout::decode()
{
    QFETCH(QString, key);
    QFETCH(QByteArray, value);
    const auto instance = Layout::decode(entry(key, value), Api::V3, {});
    QTEST(instance.problem, "problem");
    QTEST(instance.nameSpace, "nameSpace");
    QTEST(instance.service, "service");
    QCOMPARE(instance.key, key);
    QCOMPARE(instance.document, value);
}

void TestLayout::decodeKeepsWhatEtcdSays()
{
    Entry from = entry(u"services/web/"_s + hash40,
                       R"({"port":9007199254740993,"hostname":"h","host":"h:1","url":"u\u0041"})");
    from.createRevision = 3;
    from.modRevision = 5;
    from.lease = 7;
    const auto observed = Instance::Clock::now();
    const auto instance = Layout::decode(from, Api::V3, observed);
    QCOMPARE(instance.port, u"9007199254740993"_s);
    QCOMPARE(instance.hostname, u"h"_s);
    QCOMPARE(instance.host, u"h:1"_s);
    QCOMPARE(instance.url, u"uA"_s);
    QCOMPARE(instance.api, Api::V3);
    QCOMPARE(instance.createRevision, 3);
    QCOMPARE(instance.modRevision, 5);
    QCOMPARE(instance.lease, 7);
    QVERIFY(instance.observed == observed);
}

void TestLayout::decodeTimes()
{
    const auto observed = Instance::Clock::now();
    Entry from = entry(u"services/web/"_s + hash40, "{}");
    auto instance = Layout::decode(from, Api::V2, observed);
    QVERIFY(!instance.hasTtl && !instance.ttl && !instance.expires);

    from.hasTtl = true;
    instance = Layout::decode(from, Api::V3, observed);
    QVERIFY(instance.hasTtl && !instance.ttl && !instance.expires);

    from.timeLeft = 8s;
    instance = Layout::decode(from, Api::V2, observed);
    QVERIFY(instance.hasTtl);
    QVERIFY(instance.ttl == 8s);
    QVERIFY(instance.expires == observed + 8s);
}

void TestLayout::decodeIsQuick()
{
    Service service;
    service.name = u"orders"_s;
    service.nameSpace = u"shop/eu"_s;
    service.port = 8080;
    service.document = R"({"version":"1.2.3","zone":"eu-1","tags":["a","b"],"weight":10})";
    const auto record = Layout::encode(service);
    const auto from = entry(record->key, record->value);
    QBENCHMARK
    {
        for (int i = 0; i < 1000; ++i)
            QCOMPARE(Layout::decode(from, Api::V3, {}).problem, Instance::Problem::None);
    }
}

QTEST_GUILESS_MAIN(TestLayout)
#include "tst_layout.moc"
