// SPDX-License-Identifier: MIT
#include "error.h"

#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using Code = Error::Code;

Q_DECLARE_METATYPE(EtcdRegistry::Error)

class TestError : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void perCode_data();
    void perCode();
    void invalidArgument();
    void quotesNodes_data();
    void quotesNodes();
    void noSecrets_data();
    void noSecrets();
    void saysWhatToDo_data();
    void saysWhatToDo();
    void httpStatusWithoutDetail();
};

void TestError::perCode_data()
{
    QTest::addColumn<Code>("code");
    QTest::addColumn<bool>("retryable");
    QTest::addColumn<QString>("words");
    QTest::newRow("NotFound") << Code::NotFound << false << u"no longer"_s;
    QTest::newRow("Taken") << Code::Taken << false << u"take it over"_s;
    QTest::newRow("Conflict") << Code::Conflict << false << u"changed"_s;
    QTest::newRow("LoginRequired") << Code::LoginRequired << false << u"user:password@"_s;
    QTest::newRow("LoginRefused") << Code::LoginRefused << false << u"password"_s;
    QTest::newRow("PermissionDenied") << Code::PermissionDenied << false << u"may not"_s;
    QTest::newRow("Unreachable") << Code::Unreachable << true << u"Can't connect"_s;
    QTest::newRow("Timeout") << Code::Timeout << true << u"No answer in time"_s;
    QTest::newRow("Unavailable") << Code::Unavailable << true << u"can't serve"_s;
    QTest::newRow("NoLeader") << Code::NoLeader << true << u"no leader"_s;
    QTest::newRow("Tls") << Code::Tls << true << u"ca, cert and key"_s;
    QTest::newRow("OutOfSpace") << Code::OutOfSpace << false << u"no room"_s;
    QTest::newRow("TooLarge") << Code::TooLarge << false << u"1.5 MiB"_s;
    QTest::newRow("NotServed") << Code::NotServed << false << u"api=auto"_s;
    QTest::newRow("OtherCluster") << Code::OtherCluster << true << u"another cluster"_s;
    QTest::newRow("Protocol") << Code::Protocol << true << u"not etcd's"_s;
}

/// Each says what, where and why in one line.
void TestError::perCode()
{
    QFETCH(Code, code);
    QFETCH(QString, words);
    const Error error{
        .code = code, .endpoint = u"http://10.0.0.1:2379"_s, .detail = u"a\nreason."_s};
    QTEST(error.retryable(), "retryable");
    const auto message = error.message();
    QVERIFY2(message.contains(words), qPrintable(message));
    QVERIFY2(message.contains(u"http://10.0.0.1:2379"_s), qPrintable(message));
    QVERIFY2(message.contains(u"(a reason)"_s), qPrintable(message));
    QVERIFY(!message.contains(u'\n'));
    QVERIFY(message.endsWith(u'.'));

    const auto bare = Error{.code = code}.message();
    QVERIFY2(bare.contains(u"the cluster"_s), qPrintable(bare));
    QVERIFY2(!bare.contains(u'%') && !bare.contains(u"()"_s), qPrintable(bare));
}

void TestError::invalidArgument()
{
    const Error error{.code = Code::InvalidArgument, .detail = u"The port is 0."_s};
    QCOMPARE(error.message(), u"The port is 0."_s);
    QVERIFY(!error.retryable());

    const Error said{.code = Code::InvalidArgument, .endpoint = u"http://h:1"_s, .detail = u"no"_s};
    QCOMPARE(said.message(), u"http://h:1 refuses the request (no)."_s);
}

void TestError::quotesNodes_data()
{
    QTest::addColumn<QString>("said");
    QTest::addColumn<QString>("quoted");
    QTest::newRow("nothing") << QString() << QString();
    QTest::newRow("blanks") << u" a \n b\t"_s << u"a b"_s;
    QTest::newRow("as long as may be") << QString(20, u'x') << QString(20, u'x');
    QTest::newRow("longer") << QString(21, u'x') << QString(19, u'x') + u'\u2026';
    QTest::newRow("for a terminal") << u"\x1b[31mred\a"_s << u"\ufffd[31mred\ufffd"_s;
    QTest::newRow("from right to left") << u"a\u202eb\u2066"_s << u"a\ufffdb\ufffd"_s;
    QTest::newRow("not in two bytes") << u"\U0001F600"_s << u"\U0001F600"_s;
}

void TestError::quotesNodes()
{
    QFETCH(QString, said);
    QTEST(quotable(said, 20), "quoted");
}

void TestError::noSecrets_data()
{
    QTest::addColumn<QString>("text");
    QTest::newRow("URL") << u"http://root:hunter@10.0.0.1:2379"_s;
    QTest::newRow("in a sentence") << u"Error transferring https://root:hunter@h/v3/kv - refused"_s;
    QTest::newRow("an @ in it") << u"http://root:hunt@hunter@h"_s;
}

void TestError::noSecrets()
{
    QFETCH(QString, text);
    for (int code = 0; code <= int(Code::Protocol); ++code) {
        const Error error{.code = Code(code), .endpoint = text, .detail = text};
        const auto message = error.message();
        QVERIFY2(!message.contains(u"hunt"_s), qPrintable(message));
        QVERIFY2(!error.reason().contains(u"hunt"_s), qPrintable(error.reason()));
    }
}

void TestError::saysWhatToDo_data()
{
    QTest::addColumn<Error>("error");
    QTest::addColumn<QString>("words");
    const auto row = [](const char *tag, Error error, const QString &words) {
        error.endpoint = u"http://h:1"_s;
        QTest::newRow(tag) << error << words;
    };
    row("a right on all", {.code = Code::PermissionDenied}, u"the right on services/."_s);
    row("a right on a namespace", {.code = Code::PermissionDenied, .nameSpace = u"shop/eu"_s},
        u"the right on services/shop/eu/."_s);
    row("hostile namespace", {.code = Code::PermissionDenied, .nameSpace = u"a\u202e\n%1%2"_s},
        u"on services/a\ufffd %1%2/."_s);
    row("v2's only refusal", {.code = Code::LoginRefused, .etcdCode = 110, .nameSpace = u"shop"_s},
        u"Check both, and the right on services/shop/."_s);
    row("v3's password", {.code = Code::LoginRefused, .etcdCode = 3}, u". Check both."_s);
    row("a common name", {.code = Code::Tls, .httpStatus = 400},
        u"takes no certificate with a common name"_s);
    row("a page", {.code = Code::Protocol, .httpStatus = 404, .detail = u"<html>no</html>"_s},
        u"a web server or a proxy, not etcd (HTTP status 404)"_s);
    row("Go's https",
        {.code = Code::Protocol,
         .httpStatus = 400,
         .detail = u"Client sent an HTTP request to an HTTPS server."_s},
        u"wants https"_s);
    row("nginx's https",
        {.code = Code::Protocol,
         .httpStatus = 400,
         .detail = u"<html> <head><title>400 The plain HTTP request was sent to HTTPS port"_s},
        u"wants https (HTTP status 400)"_s);
    row("a status", {.code = Code::Protocol, .httpStatus = 401}, u"(HTTP status 401)"_s);
    row("a learner",
        {.code = Code::NotServed,
         .httpStatus = 503,
         .etcdCode = 14,
         .detail = u"etcdserver: rpc not supported for learner"_s},
        u"is a learner"_s);
}

void TestError::saysWhatToDo()
{
    QFETCH(Error, error);
    QFETCH(QString, words);
    QVERIFY2(error.message().contains(words), qPrintable(error.message()));
}

void TestError::httpStatusWithoutDetail()
{
    const auto message = Error{.code = Code::Unavailable, .httpStatus = 503}.message();
    QVERIFY2(message.contains(u"503"_s), qPrintable(message));
}

QTEST_GUILESS_MAIN(TestError)
#include "tst_error.moc"
