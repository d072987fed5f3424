// SPDX-License-Identifier: MIT
#include "error.h"
#include "hostiletexts.h"
#include "json.h"
#include "options.h"
#include "output.h"
#include "plaintext.h"
#include "table.h"
#include "transfer.h"

#include <QTest>

#include <chrono>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

/// Text of a registry on its way to a person: what the command prints and what errors say shows
/// nothing that it should not, in any of its forms; and JSON means what it meant.
class TestHostileTexts : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void isPlainOrNot();
    void becomesPlain_data() { texts(); }
    void becomesPlain();
    void isBounded();
    void staysAsItIs();
    void prints_data() { texts(); }
    void prints();
    void keepsItsMeaning_data() { texts(); }
    void keepsItsMeaning();
    void exports_data() { texts(); }
    void exports();
    void isToldOfInErrors_data() { texts(); }
    void isToldOfInErrors();
    void fits();
    void alignsNothingLong();

private:
    static void texts()
    {
        QTest::addColumn<QString>("text");
        for (const auto &[tag, text] : hostileTexts())
            QTest::newRow(tag) << text;
    }
};

void TestHostileTexts::isPlainOrNot()
{
    for (const char32_t c :
         {U'a', U' ', U'é', U'\u00a0', U'ש', U'服', U'\u0301', U'\U0001f600', U'€', U'\ufffd'})
        QVERIFY2(isPlain(c), qPrintable(QString::number(c, 16)));
    for (const char32_t c :
         {0x0,    0x9,    0xa,    0x1b,   0x7f,   0x80,   0x85,    0x9b,    0x9f,    0xad,
          0x34f,  0x61c,  0x115f, 0x180e, 0x200b, 0x200c, 0x200d,  0x200e,  0x200f,  0x2028,
          0x2029, 0x202a, 0x202e, 0x2060, 0x2066, 0x2069, 0x206f,  0x3164,  0xd800,  0xdfff,
          0xe000, 0xfe0f, 0xfeff, 0xffa0, 0xfff9, 0xffff, 0xe0001, 0xe0041, 0xf0000, 0x10ffff})
        QVERIFY2(!isPlain(c), qPrintable(QString::number(c, 16)));
}

void TestHostileTexts::becomesPlain()
{
    QFETCH(QString, text);
    QCOMPARE(harmIn(plainText(text)), QString());
    QCOMPARE(harmIn(plainLine(text)), QString());
    QVERIFY(plainLine(text).size() <= longestLine);
    QCOMPARE(harmIn(plainLines(text), true), QString());
    QCOMPARE(plainLines(text).count(u'\n'), text.count(u'\n'));
    if (harmIn(text).isEmpty())
        QCOMPARE(plainText(text), text);
}

void TestHostileTexts::isBounded()
{
    QCOMPARE(plainText(u"abc"_s, 3), u"abc"_s);
    QCOMPARE(plainText(u"abcd"_s, 3), u"ab…"_s);
    QCOMPARE(plainText(u"ab\U0001f600x"_s, 4), u"ab…"_s); // nothing is left of a half
    QCOMPARE(plainText(u"a\nb\u202ec"_s), u"a\ufffdb\ufffdc"_s);
    QCOMPARE(plainLines(u"a\n\tb\r"_s), u"a\n\tb\ufffd"_s);
}

/// What is plain is not even copied.
void TestHostileTexts::staysAsItIs()
{
    const QString name = u"orders"_s;
    QCOMPARE(plainLine(name).constData(), name.constData());
}

void TestHostileTexts::prints()
{
    QFETCH(QString, text);
    using Output = Cli::Options::Output;
    const QList<Instance> instances{hostileInstance(text)};
    Cli::Options options;
    for (const bool verbose : {false, true}) {
        options.verbose = verbose;
        for (const Output output :
             {Output::Default, Output::Names, Output::Table, Output::Json, Output::JsonLines}) {
            options.output = output;
            const QString printed =
                QString::fromUtf8(Cli::text(instances, options, Output::Default));
            QCOMPARE(harmIn(printed, true), QString());
            QCOMPARE(printed.count(u'\t'), 0);
            const bool isTree = verbose && output == Output::Default;
            QCOMPARE(printed.count(u'\n'), isTree ? 6 : output == Output::Table ? 2 : 1);
        }
    }
    options.count = 1;
    for (const Output output : {Output::Default, Output::Json}) {
        options.output = output;
        QCOMPARE(
            harmIn(QString::fromUtf8(Cli::lookups(instances, {{instances[0].key, 1}}, options)),
                   true),
            QString());
    }
}

void TestHostileTexts::keepsItsMeaning()
{
    QFETCH(QString, text);
    const Instance instance = hostileInstance(text);
    const QByteArray array = Cli::jsonArray({instance}).trimmed();
    const auto printed = Json::fields(array.mid(1, array.size() - 2));
    const auto fields = Json::fields(instance.document);
    QVERIFY(printed && fields);
    QCOMPARE(printed->size(), fields->size());
    for (qsizetype i = 0; i < fields->size(); ++i) {
        QCOMPARE((*printed)[i].name, (*fields)[i].name);
        QCOMPARE(Json::text((*printed)[i].value), Json::text((*fields)[i].value));
    }
    for (const char c : array)
        QVERIFY(uchar(c) >= 0x20 && uchar(c) != 0x7f);
}

/// Nothing is cut, and what comes back is what it was.
void TestHostileTexts::exports()
{
    QFETCH(QString, text);
    const Instance instance = hostileInstance(text);
    const QByteArray lines = Cli::toLines({instance});
    if (!instance.key.isValidUtf16()) { // it would be another key there
        QCOMPARE(lines, "");
        return;
    }
    QCOMPARE(lines.count('\n'), 1);
    QCOMPARE(harmIn(QString::fromUtf8(lines), true), QString());
    const auto fields = Json::fields(lines.trimmed());
    QVERIFY(fields);
    QCOMPARE(Json::text(fields->front().value), instance.key);
    const auto document = Json::fields(fields->back().value);
    QVERIFY(document);
    QCOMPARE(document->front().name, text);
    QCOMPARE(Json::text(document->front().value), text);
}

void TestHostileTexts::isToldOfInErrors()
{
    QFETCH(QString, text);
    for (int code = 0; code <= int(Error::Code::Protocol); ++code) {
        const Error error{.code = Error::Code(code), .endpoint = text, .detail = text};
        QCOMPARE(harmIn(error.message()), QString());
        QCOMPARE(harmIn(error.reason()), QString());
        QVERIFY(error.message().size() < 1200);
    }
}

/// It takes as long as what is shown, not as the text.
void TestHostileTexts::fits()
{
    QCOMPARE(Cli::fitted(u"abc"_s, 5), u"abc  "_s);
    QCOMPARE(Cli::fitted(u"abcdef"_s, 5), u"abcd…"_s);
    QCOMPARE(Cli::fitted(u"abcde"_s, 5), u"abcde"_s);
    const QString wide(1 << 19, u'车');
    const auto started = std::chrono::steady_clock::now();
    for (int i = 0; i < 1000; ++i)
        QCOMPARE(Cli::fitted(wide, 7), u"车车车…"_s);
    QVERIFY(std::chrono::steady_clock::now() - started < std::chrono::seconds(5));
}

/// A tree is no wider because one of its fields has a name of a megabyte.
void TestHostileTexts::alignsNothingLong()
{
    QByteArray document = "{\"" + QByteArray(1 << 20, 'x') + "\":1";
    for (int i = 0; i < 1000; ++i)
        document += ",\"f" + QByteArray::number(i) + "\":1";
    Instance instance;
    instance.document = document + '}';
    QVERIFY(Cli::trees({instance}, false).size() < 2 * document.size() + 100'000);
}

QTEST_GUILESS_MAIN(TestHostileTexts)
#include "tst_hostiletexts.moc"
