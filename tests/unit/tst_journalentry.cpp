// SPDX-License-Identifier: MIT
#include "journalexport.h"

#include <QTemporaryDir>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using Kind = JournalEntry::Kind;
using What = JournalEntry::What;

/// What entries are, in memory and in files.
class TestJournalEntry : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void differences_data();
    void differences();
    void differencesAreBounded();
    void entriesSurviveTheFile();
    void exports();
};

void TestJournalEntry::differences_data()
{
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<QByteArray>("after");
    QTest::addColumn<QString>("text");
    const auto row = [](const char *name, const QByteArray &before, const QByteArray &after,
                        const QString &text) { QTest::newRow(name) << before << after << text; };
    const QString sameFields = u"the same fields, written differently"_s;
    row("changed", R"({"weight":10})", R"({"weight":5})", u"weight 10 → 5"_s);
    row("added", R"({"a":1})", R"({"a":1,"zone":"eu"})", u"zone added \"eu\""_s);
    row("removed", R"({"a":1,"tags":[]})", R"({"a":1})", u"tags removed"_s);
    row("old order, then new", R"({"d":1,"b":1,"c":1})", R"({"z":0,"c":2,"a":0,"d":2})",
        u"d 1 → 2, b removed, c 1 → 2, z added 0, a added 0"_s);
    row("order only", R"({"a":1,"b":2})", R"({"b":2,"a":1})", sameFields);
    row("white space only", R"({"a":{"b":1}})", "{ \"a\": {\"b\":  1}\n}", sameFields);
    row("escaped name", R"({"\u0061":1})", R"({"x":0,"a":2})", u"a 1 → 2, x added 0"_s);
    row("all digits", R"({"n":9007199254740993})", R"({"n":9007199254740992})",
        u"n 9007199254740993 → 9007199254740992"_s);
    row("digits of a fraction", R"({"n":1.0})", R"({"n":1.00})", u"n 1.0 → 1.00"_s);
    row("another type", R"({"n":"1"})", R"({"n":1})", u"n \"1\" → 1"_s);
    row("nested", R"({"m":{"a":1,"b":2}})", R"({"m":{"a": 1,"b":3}})",
        u"m {\"a\":1,\"b\":2} → {\"a\":1,\"b\":3}"_s);
    row("duplicate fields", R"({"a":1,"a":2,"a":3})", R"({"a":1,"a":5})", u"a 2 → 5, a removed"_s);
    row("more of a duplicate, elsewhere", R"({"a":1})", R"({"b":0,"a":1,"a":2})",
        u"b added 0, a added 2"_s);
    row("unicode", R"({"größe":"ü"})", R"({"größe":"日本"})", u"größe \"ü\" → \"日本\""_s);
    row("empty name", R"({"":1})", R"({"":2})", u" 1 → 2"_s);
    row("no object any more", R"({"a":1})", "hello", u"no JSON object any more: hello"_s);
    row("an object now", "[1]", R"({"a":1})", u"a JSON object now; it was: [1]"_s);
    row("never an object", "hello", "", u"no JSON object: hello → "_s);
    row("emptied", R"({"a":1})", "", u"no JSON object any more: "_s);
}

void TestJournalEntry::differences()
{
    QFETCH(QByteArray, before);
    QFETCH(QByteArray, after);
    QFETCH(QString, text);
    QCOMPARE(differenceText(documentDifference(before, after)), text);
    QCOMPARE(documentDifference(after, after), Difference());
}

void TestJournalEntry::differencesAreBounded()
{
    // Long values begin shortly before they differ, and no character is cut in two.
    const QByteArray same = QByteArray("ü").repeated(1000);
    const Difference difference =
        documentDifference("{\"a\":\"" + same + "x\"}", "{\"a\":\"" + same + "y\"}");
    QCOMPARE(differenceText(difference), u"a …üüüüüx\" → …üüüüüy\""_s);
    const Difference whole = documentDifference("x", same);
    QVERIFY(whole.fields.first().after.isValidUtf8());
    QVERIFY(whole.fields.first().after.size() < 100);

    QByteArray many("{\"x\":0"), others("{\"x\":0");
    for (int i = 0; i < 20'000; ++i) {
        many += ",\"k" + QByteArray::number(i) + "\":1";
        others += ",\"k" + QByteArray::number(19'999 - i) + "\":2";
    }
    const Difference bounded = documentDifference(many + '}', others + '}');
    QVERIFY(bounded.fields.size() < 20);
    QCOMPARE(bounded.fields.size() + bounded.more, 20'000);
    QVERIFY(differenceText(bounded).endsWith(u" more"));
}

void TestJournalEntry::entriesSurviveTheFile()
{
    const auto time = QDateTime::fromMSecsSinceEpoch(1'790'000'000'007).toUTC();
    QList<JournalEntry> entries{
        {.time = time, .kind = Kind::Joined, .key = u"k"_s, .instance = u"a\"\\\n\u0001ü😀"_s},
        {.time = time, .kind = Kind::Left, .key = u"k"_s, .ours = true, .duration = 41s},
        {.time = time.addMSecs(999), .kind = Kind::Changed, .key = u"k"_s},
        {.time = time, .kind = Kind::Flapping, .key = u"k"_s, .count = 4},
        {.time = time,
         .kind = Kind::Watch,
         .what = What::CutOff,
         .error = Error{.code = Error::Code::Tls,
                        .httpStatus = 1,
                        .etcdCode = 2,
                        .endpoint = u"e"_s,
                        .detail = u"d"_s}}};
    entries[2].difference = documentDifference(R"({"a":1,"b":"","":0})", R"({"b":"ü\"","c":null})");
    entries[2].difference.more = 2;
    entries.append(entries[2]);
    entries.last().difference = documentDifference("", R"({"a":1})");
    for (const JournalEntry &entry : std::as_const(entries)) {
        const QByteArray line = entry.toJson();
        QVERIFY(!line.contains('\n'));
        const auto back = JournalEntry::fromJson(line);
        QVERIFY2(back.has_value(), line.constData());
        QVERIFY2(*back == entry, line.constData());
        QCOMPARE(back->text(), entry.text());
    }
    QVERIFY(entries.first().toJson().startsWith(
        R"({"time":"2026-09-21T14:13:20.007Z","kind":"joined")"));
    for (int what = 0; what <= int(What::NotWritten); ++what) {
        const JournalEntry entry{.time = time, .kind = Kind::Watch, .what = What(what)};
        QCOMPARE(int(JournalEntry::fromJson(entry.toJson())->what), what);
    }
    for (int kind = 0; kind < JournalEntry::kindCount; ++kind) {
        const JournalEntry entry{.time = time, .kind = Kind(kind)};
        QCOMPARE(int(JournalEntry::fromJson(entry.toJson())->kind), kind);
        QCOMPARE(kindName(Kind(kind)), kindWord(Kind(kind))); // in English
    }
    for (const QByteArray &bad :
         {QByteArray("{"), QByteArray("[]"), QByteArray("{\"kind\":\"joined\"}"),
          QByteArray("{\"time\":\"2026-01-01T00:00:00.000Z\",\"kind\":\"unheard of\"}")})
        QVERIFY(!JournalEntry::fromJson(bad));
}

void TestJournalEntry::exports()
{
    const QList<JournalEntry> entries{{.time = QDateTime::fromMSecsSinceEpoch(0).toUTC(),
                                       .kind = Kind::Joined,
                                       .nameSpace = u"shop"_s,
                                       .service = u"or,\"ders"_s,
                                       .key = u"k"_s,
                                       .instance = u"a:80"_s}};
    QCOMPARE(journalAs(u"csv"_s, entries),
             "\"time\",\"kind\",\"namespace\",\"service\",\"instance\",\"key\",\"what\"\r\n"
             "\"1970-01-01T00:00:00.000Z\",\"joined\",\"shop\",\"or,\"\"ders\",\"a:80\",\"k\","
             "\"a:80 joined\"\r\n");
    QCOMPARE(journalAs(u"JSONL"_s, entries), entries.first().toJson() + '\n');
    QVERIFY(journalAs(u"txt"_s, entries)
                .endsWith("joined    shop/or,\"ders             a:80 joined\n"));

    const QTemporaryDir folder;
    QCOMPARE(exportJournal(folder.filePath(u"out.jsonl"_s), entries), QString());
    QFile file(folder.filePath(u"out.jsonl"_s));
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.readAll(), entries.first().toJson() + '\n');
    QVERIFY(exportJournal(folder.filePath(u"none/out.txt"_s), entries).contains(u"out.txt"));
}

QTEST_GUILESS_MAIN(TestJournalEntry)
#include "tst_journalentry.moc"
