// SPDX-License-Identifier: MIT
#include "linesplitter.h"

#include <QElapsedTimer>
#include <QTest>

using namespace EtcdRegistry;

class TestLineSplitter : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void splits_data();
    void splits();
    void takesLongLinesInShortTime();
    void tellsWhatIsTooLong();
};

void TestLineSplitter::splits_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArrayList>("lines");
    QTest::addColumn<QByteArray>("rest");
    QTest::newRow("nothing") << QByteArray() << QByteArrayList() << QByteArray();
    QTest::newRow("no end") << QByteArray("abc") << QByteArrayList() << QByteArray("abc");
    QTest::newRow("lines") << QByteArray("a\nbc\n") << QByteArrayList{"a", "bc"} << QByteArray();
    QTest::newRow("empty ones") << QByteArray("\n\na\n\n") << QByteArrayList{"", "", "a", ""}
                                << QByteArray();
    QTest::newRow("a rest") << QByteArray("a\nbc\r\nd") << QByteArrayList{"a", "bc\r"}
                            << QByteArray("d");
}

void TestLineSplitter::splits()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArrayList, lines);
    for (qsizetype chunk = 1; chunk <= text.size() + 1; ++chunk) {
        for (const bool late : {false, true}) { // taken when all is there
            LineSplitter splitter;
            QByteArrayList taken;
            const auto take = [&] {
                while (const auto line = splitter.takeLine())
                    taken.append(*line);
            };
            for (qsizetype at = 0; at < text.size(); at += chunk) {
                splitter.append(text.mid(at, chunk));
                if (!late)
                    take();
            }
            take();
            QCOMPARE(taken, lines);
            QTEST(splitter.takeRest(), "rest");
            QVERIFY(splitter.takeRest().isEmpty());
        }
    }
}

/// As etcd sends a replay of 100,000 events. If each piece were searched from the start of the
/// line, or copied, this would take minutes.
void TestLineSplitter::takesLongLinesInShortTime()
{
    constexpr qsizetype size = 32 * 1024 * 1024;
    const QByteArray piece(1024, 'x');
    LineSplitter splitter;
    QElapsedTimer timer;
    timer.start();
    for (qsizetype at = 0; at < size; at += piece.size()) {
        splitter.append(piece);
        QVERIFY(!splitter.takeLine());
    }
    splitter.append("\nrest");
    QCOMPARE(splitter.takeLine()->size(), size);
    QCOMPARE(splitter.takeRest(), "rest");

    QByteArray many; // and as many short ones at once
    for (int i = 0; i < 1000000; ++i)
        many += "0123456789\n";
    splitter.append(many);
    int lines = 0;
    while (splitter.takeLine())
        ++lines;
    QCOMPARE(lines, 1000000);
    QVERIFY2(timer.elapsed() < 10000, qPrintable(QString::number(timer.elapsed())));
}

void TestLineSplitter::tellsWhatIsTooLong()
{
    LineSplitter splitter;
    splitter.append(QByteArray(LineSplitter::longestLine, 'x'));
    QVERIFY(!splitter.isTooLong());
    splitter.append("x");
    QVERIFY(!splitter.takeLine());
    QVERIFY(splitter.isTooLong());
    splitter.append("\n");
    QVERIFY(splitter.takeLine());
    QVERIFY(!splitter.isTooLong());
}

QTEST_APPLESS_MAIN(TestLineSplitter)
#include "tst_linesplitter.moc"
