// SPDX-License-Identifier: MIT
#include "documentview.h"
#include "factsview.h"
#include "fieldmessage.h"
#include "theme.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QScrollBar>
#include <QTest>
#include <QTextBlock>
#include <QTextLayout>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

class TestDocumentView : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Theme::apply(*qApp, Theme::Scheme::Light); }

    void factsKeepTheSelection()
    {
        FactsView view;
        view.setFacts({{u"Key"_s, u"a"_s}, {u"Left"_s, u"3 s"_s}});
        QVERIFY(view.find(u"a"_s));
        view.setFacts({{u"Key"_s, u"a"_s}, {u"Left"_s, u"2 s"_s}});
        QCOMPARE(view.textCursor().selectedText(), u"a"_s);
        QVERIFY(view.toPlainText().contains(u"2 s"));
        QVERIFY(!view.toPlainText().contains(u"3 s"));
    }

    void documentKeepsOrderAndDigits()
    {
        DocumentView view;
        view.setDocument(R"({"z":9007199254740993,"a":[1.50,{}],"m":"\u00fc"})");
        QCOMPARE(view.toPlainText(),
                 u"{\n  \"z\": 9007199254740993,\n  \"a\": [\n    1.50,\n    {}\n  ],\n"
                 "  \"m\": \"\\u00fc\"\n}"_s);
        view.setDocument("[1,2]");
        QCOMPARE(view.toPlainText(), u"[\n  1,\n  2\n]"_s);
    }

    void documentShowsWhateverThereIs_data()
    {
        QTest::addColumn<QByteArray>("document");
        QTest::addColumn<QString>("shown");
        QTest::newRow("empty") << QByteArray() << QString();
        QTest::newRow("text") << QByteArray("hello\n  you") << u"hello\n  you"_s;
        QTest::newRow("two values") << QByteArray("1,\"b\":2") << u"1,\"b\":2"_s;
        QTest::newRow("cut off") << QByteArray("{\"a\":") << u"{\"a\":"_s;
        QTest::newRow("control characters")
            << QByteArray("a\0b\x1b[31m\r", 9) << u"a\\x00b\\x1b[31m\\x0d"_s;
        QTest::newRow("not UTF-8") << QByteArray("a\xff\xfe z") << u"a\ufffd\ufffd z"_s;
    }
    void documentShowsWhateverThereIs()
    {
        QFETCH(QByteArray, document);
        QFETCH(QString, shown);
        DocumentView view;
        view.setDocument(document);
        QCOMPARE(view.toPlainText(), shown);
        QVERIFY(view.isReadOnly());
    }

    void documentKeepsItsPlace()
    {
        QByteArray json = "{\"a\":0";
        for (int i = 0; i < 100; ++i)
            json += ",\"k" + QByteArray::number(i) + "\":1";
        json += '}';
        DocumentView view;
        view.resize(300, 200);
        view.show();
        view.setDocument(json);
        view.find(u"k50"_s);
        view.verticalScrollBar()->setValue(20);
        view.setDocument(json);
        QCOMPARE(view.textCursor().selectedText(), u"k50"_s);
        QCOMPARE(view.verticalScrollBar()->value(), 20);
    }

    void documentIsColored()
    {
        DocumentView view;
        view.setDocument("{\"key\":\"text: \\\"1\\\"\",\"n\":-1.5e3,\"w\":[true,null]}");
        const auto colorAt = [&view](const QString &text) {
            const QTextCursor cursor = view.document()->find(text);
            for (const auto &range : cursor.block().layout()->formats()) {
                const int at = cursor.selectionStart() - cursor.block().position();
                if (range.start <= at && at < range.start + range.length)
                    return range.format.foreground().color();
            }
            return QColor();
        };
        const auto matches = [&] {
            const QPalette palette = view.palette();
            return colorAt(u"key"_s) == Theme::color(Theme::Role::JsonKey, palette)
                   && colorAt(u"text"_s) == Theme::color(Theme::Role::JsonString, palette)
                   && colorAt(u"1\\\""_s) == Theme::color(Theme::Role::JsonString, palette)
                   && colorAt(u"1.5"_s) == Theme::color(Theme::Role::JsonNumber, palette)
                   && colorAt(u"null"_s) == Theme::color(Theme::Role::JsonWord, palette);
        };
        QVERIFY(matches());
        Theme::apply(*qApp, Theme::Scheme::Dark);
        QVERIFY(Theme::isDark(view.palette()));
        QTRY_VERIFY(matches());
        Theme::apply(*qApp, Theme::Scheme::Light);
        QTRY_VERIFY(matches());
    }

    void messagesFollowTheScheme()
    {
        FieldMessage message;
        message.say(FieldMessage::Kind::Error, u"No."_s);
        const auto matches = [&message] {
            return message.palette().color(QPalette::WindowText)
                   == Theme::color(Theme::Role::Error, message.palette());
        };
        QVERIFY(matches());
        Theme::apply(*qApp, Theme::Scheme::Dark);
        QVERIFY(Theme::isDark(message.palette()));
        QVERIFY(matches());
        Theme::apply(*qApp, Theme::Scheme::Light);
        QVERIFY(matches());
    }

    void documentOfAMegabyte_data()
    {
        QTest::addColumn<QByteArray>("document");
        QTest::newRow("one string") << QByteArray("{\"a\":\"" + QByteArray(1'000'000, 'x') + "\"}");
        QTest::newRow("no JSON") << QByteArray(1'000'000, '\xff');
        QTest::newRow("half a million values")
            << QByteArray("[1" + QByteArray(",1").repeated(500'000) + ']');
    }
    /// A line of a megabyte takes Qt most of a minute to lay out.
    void documentOfAMegabyte()
    {
        QFETCH(QByteArray, document);
        DocumentView view;
        view.resize(600, 400);
        view.show();
        QElapsedTimer timer;
        timer.start();
        view.setDocument(document);
        view.grab();
        QVERIFY2(timer.elapsed() < 5000, qPrintable(QString::number(timer.elapsed())));
        QString text = view.toPlainText();
        text.remove(u'\n');
        QVERIFY(text.size() >= 1'000'000);
    }
};

QTEST_MAIN(TestDocumentView)
#include "tst_documentview.moc"
