// SPDX-License-Identifier: MIT
#include "documentview.h"
#include "fieldmessage.h"
#include "joindialog.h"
#include "theme.h"
#include "widgets.h"

#include <QApplication>
#include <QCheckBox>
#include <QPointer>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

class TestJoinDialog : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Theme::apply(*qApp, Theme::Scheme::Light); }

    void joinRemarks_data()
    {
        QTest::addColumn<QString>("connection");
        QTest::addColumn<QString>("field");
        QTest::addColumn<QString>("typed");
        QTest::addColumn<int>("kind");
        QTest::addColumn<QString>("message");

        using Kind = FieldMessage::Kind;
        const auto row = [](const char *tag, const QString &field, const QString &typed, Kind kind,
                            const QString &message, const QString &connection = u"localhost"_s) {
            QTest::newRow(tag) << connection << field << typed << int(kind) << message;
        };
        const auto good = [&](const char *tag, const QString &field, const QString &typed,
                              const QString &connection = u"localhost"_s) {
            row(tag, field, typed, Kind::Help, {}, connection);
        };
        row("no name", u"name"_s, u""_s, Kind::Error, u"Give the service a name."_s);
        row("blank name", u"name"_s, u"  "_s, Kind::Error, u"Give the service a name."_s);
        good("any name", u"name"_s, u"größe / 1"_s);
        good("no namespace", u"nameSpace"_s, u""_s);
        good("namespace with slashes", u"nameSpace"_s, u"/shop//eu/"_s);
        row("dots", u"nameSpace"_s, u"shop/../x"_s, Kind::Error, u"another path"_s);
        row("hidden", u"nameSpace"_s, u"shop/_eu"_s, Kind::Warning, u"never lists"_s);
        row("hidden in v2", u"nameSpace"_s, u"_eu"_s, Kind::Warning, u"never lists"_s,
            u"localhost?api=v2"_s);
        good("not hidden in v3", u"nameSpace"_s, u"_eu"_s, u"localhost?api=v3"_s);
        good("within", u"nameSpace"_s, u"shop/eu"_s, u"localhost/shop"_s);
        row("outside", u"nameSpace"_s, u"shopping"_s, Kind::Warning, u"Outside shop"_s,
            u"localhost/shop"_s);
        good("host name", u"hostname"_s, u"web-1.example.com"_s);
        good("IPv6", u"hostname"_s, u"[fe80::1]"_s);
        row("bare IPv6", u"hostname"_s, u"fe80::1"_s, Kind::Error, u"[brackets]"_s);
        row("port in host", u"hostname"_s, u"web:80"_s, Kind::Error, u"own field"_s);
        row("URL as host", u"hostname"_s, u"http://web"_s, Kind::Error, u"without protocol"_s);
        good("no port", u"port"_s, u""_s);
        good("last port", u"port"_s, u"65535"_s);
        row("port 0", u"port"_s, u"0"_s, Kind::Error, u"from 1 to 65535"_s);
        row("port 65536", u"port"_s, u"65536"_s, Kind::Error, u"from 1 to 65535"_s);
        row("port word", u"port"_s, u"http"_s, Kind::Error, u"from 1 to 65535"_s);
        good("protocol", u"protocol"_s, u"grpc"_s);
        row("protocol with colon", u"protocol"_s, u"http:"_s, Kind::Error, u"Only a word"_s);
        good("TTL", u"ttl"_s, u"30"_s);
        row("no TTL", u"ttl"_s, u""_s, Kind::Error, u"number of seconds"_s);
        row("TTL word", u"ttl"_s, u"ten"_s, Kind::Error, u"number of seconds"_s);
        row("TTL not a number", u"ttl"_s, u"nan"_s, Kind::Error, u"number of seconds"_s);
        row("TTL 0", u"ttl"_s, u"0"_s, Kind::Error, u"From 1 s"_s);
        row("huge TTL", u"ttl"_s, u"1e9"_s, Kind::Error, u"From 1 s"_s);
        row("fraction", u"ttl"_s, u"2,5"_s, Kind::Warning, u"becomes 3 s"_s);
        row("short TTL", u"ttl"_s, u"1"_s, Kind::Warning, u"no less than 2 s"_s);
        good("short TTL in v2", u"ttl"_s, u"1"_s, u"localhost?api=v2"_s);
        good("heartbeat by itself", u"heartbeat"_s, u""_s);
        good("half the TTL", u"heartbeat"_s, u"5"_s);
        row("more than half the TTL", u"heartbeat"_s, u"5.1"_s, Kind::Error,
            u"At most half the TTL, 5 s"_s);
        row("heartbeat 0", u"heartbeat"_s, u"0"_s, Kind::Error, u"At least 0.1 s"_s);
        row("heartbeat word", u"heartbeat"_s, u"often"_s, Kind::Error, u"number of seconds"_s);
        row("not JSON", u"document"_s, u"{\n  \"a\": 1,\n}"_s, Kind::Error, u"line 3, column 1"_s);
        row("no equals sign", u"document"_s, u"a=1\nb"_s, Kind::Error, u"Line 2"_s);
        row("twice", u"document"_s, u"a=1\na=2"_s, Kind::Error, u"Line 2: a stands above"_s);
    }
    void joinRemarks()
    {
        QFETCH(QString, connection);
        QFETCH(QString, field);
        QFETCH(QString, typed);
        QFETCH(int, kind);
        QFETCH(QString, message);

        JoinDialog dialog(connectionTo(connection));
        dialog.setAttribute(Qt::WA_DeleteOnClose, false);
        QSignalSpy requested(&dialog, &JoinDialog::joinRequested);
        child(dialog, u"name"_s)->setText(u"web"_s);
        child<QWidget>(dialog, field)
            ->setProperty(field == u"document"_s ? "plainText" : "text", typed);

        const auto *remark = child<FieldMessage>(dialog, field + u"Message"_s);
        QCOMPARE(int(remark->kind()), kind);
        QVERIFY2(remark->text().contains(message), qPrintable(remark->text()));
        const bool isError = remark->kind() == FieldMessage::Kind::Error;
        QCOMPARE(child<QWidget>(dialog, field)->property("invalid").toBool(), isError);
        button(dialog, u"Join 1 instance"_s)->click();
        QCOMPARE(requested.size(), isError ? 0 : 1);
    }

    void joinCountRemarks()
    {
        JoinDialog dialog(connectionTo(u"localhost"_s));
        child(dialog, u"name"_s)->setText(u"web"_s);
        auto *count = child<QSpinBox>(dialog, u"count"_s);
        const auto *remark = child<FieldMessage>(dialog, u"countMessage"_s);
        count->setValue(2);
        QVERIFY(remark->text().startsWith(u"Without a port"));
        child(dialog, u"port"_s)->setText(u"65534"_s);
        QCOMPARE(remark->text(), QString());
        count->setValue(3);
        QCOMPARE(remark->text(), u"From port 65534 on there are only 2 ports."_s);
        child(dialog, u"port"_s)->setText(u"80"_s);
        QCOMPARE(remark->text(), QString());
        child<QPlainTextEdit>(dialog, u"document"_s)->setPlainText(u"url=http://web/"_s);
        QVERIFY(remark->text().startsWith(u"The further fields set host or url"));
    }

    void joinSaysNothingBeforeTyping()
    {
        JoinDialog dialog(connectionTo(u"localhost/shop"_s));
        dialog.show();
        const auto *remark = child<FieldMessage>(dialog, u"nameMessage"_s);
        QVERIFY(!remark->isVisible());
        button(dialog, u"Join 1 instance"_s)->click();
        QVERIFY(remark->isVisible());
        QCOMPARE(dialog.focusWidget()->objectName(), u"name"_s);
        QCOMPARE(child(dialog, u"nameSpace"_s)->text(), u"shop"_s);
    }

    void joinPreviewIsWhatIsWritten_data()
    {
        QTest::addColumn<QString>("typed");
        QTest::addColumn<QByteArray>("document");
        QTest::newRow("nothing") << QString() << QByteArray("{}");
        QTest::newRow("rows") << u"z = 2.4.1 \n\na=10\nid=9007199254740993\nok=true"_s
                              << QByteArray(
                                     R"({"z":"2.4.1","a":10,"id":9007199254740993,"ok":true})");
        QTest::newRow("JSON") << u" { \"z\" : [1, 1.50], \"a\" : \"ü\" } "_s
                              << QByteArray(R"({"z":[1,1.50],"a":"ü"})");
    }
    void joinPreviewIsWhatIsWritten()
    {
        QFETCH(QString, typed);
        QFETCH(QByteArray, document);

        JoinDialog dialog(connectionTo(u"localhost/shop"_s));
        child(dialog, u"name"_s)->setText(u" order service "_s);
        child(dialog, u"nameSpace"_s)->setText(u"/shop//eu/"_s);
        child(dialog, u"port"_s)->setText(u"8080"_s);
        child(dialog, u"protocol"_s)->setText(u"https"_s);
        child(dialog, u"ttl"_s)->setText(u"20"_s);
        child(dialog, u"heartbeat"_s)->setText(u"2.5"_s);
        child<QPlainTextEdit>(dialog, u"document"_s)->setPlainText(typed);
        QSignalSpy requested(&dialog, &JoinDialog::joinRequested);
        button(dialog, u"Join 1 instance"_s)->click();

        Service expected;
        expected.name = u"order service"_s;
        expected.nameSpace = u"shop/eu"_s;
        expected.document = document;
        expected.port = 8080;
        expected.protocol = u"https"_s;
        expected.ttl = 20s;
        expected.heartbeat = 2500ms;
        QCOMPARE(requested.takeFirst().first().value<QList<Service>>(), QList<Service>{expected});
        const auto record = Layout::encode(expected).value();
        QCOMPARE(child<QPlainTextEdit>(dialog, u"keyView"_s)->toPlainText(), record.key);
        const auto shown = child<DocumentView>(dialog, u"documentView"_s)->toPlainText().toUtf8();
        QCOMPARE(Json::compact(shown), record.value);
        QCOMPARE(shown, Json::indented(record.value));
    }

    void joinLetsGo_data()
    {
        QTest::addColumn<bool>("rejoins");
        QTest::newRow("put again") << true;
        QTest::newRow("let go") << false;
    }
    void joinLetsGo()
    {
        QFETCH(bool, rejoins);
        auto *dialog = new JoinDialog(connectionTo(u"localhost"_s));
        dialog->setTemplate(
            {.name = u"web"_s,
             .whenTaken = rejoins ? Service::WhenTaken::LetGo : Service::WhenTaken::Rejoin});
        dialog->open();
        QCOMPARE(child<QCheckBox>(*dialog, u"rejoins"_s)->isChecked(), !rejoins);
        child<QCheckBox>(*dialog, u"rejoins"_s)->click();
        QSignalSpy requested(dialog, &JoinDialog::joinRequested);
        button(*dialog, u"Join 1 instance"_s)->click();
        const auto services = requested.takeFirst().first().value<QList<Service>>();
        QCOMPARE(services.first().whenTaken == Service::WhenTaken::Rejoin, rejoins);
        dialog->joined(1, 1);
    }

    void joinSeveral()
    {
        QPointer<JoinDialog> dialog = new JoinDialog(connectionTo(u"localhost?ttl=8"_s));
        dialog->open();
        child(*dialog, u"name"_s)->setText(u"web"_s);
        child(*dialog, u"port"_s)->setText(u"8080"_s);
        child<QSpinBox>(*dialog, u"count"_s)->setValue(3);
        QCOMPARE(child<QLabel>(*dialog, u"others"_s)->text(), u"and 2 more on ports 8081-8082"_s);
        QSignalSpy requested(dialog, &JoinDialog::joinRequested);
        auto *join = button(*dialog, u"Join 3 instances"_s);
        QVERIFY(join);
        join->click();
        const auto services = requested.takeFirst().first().value<QList<Service>>();
        QCOMPARE(services.size(), 3);
        for (int i = 0; i < 3; ++i) {
            QCOMPARE(services[i].port, 8080 + i);
            QCOMPARE(services[i].ttl, 8000ms);
            QCOMPARE(services[i].heartbeat, 4000ms);
        }

        QCOMPARE(join->text(), u"Joining 1 of 3..."_s);
        QVERIFY(!join->isEnabled());
        dialog->reject();
        QVERIFY(dialog->isVisible()); // it has to tell how it went
        dialog->joined(1, 3);
        QCOMPARE(join->text(), u"Joining 2 of 3..."_s);
        dialog->failed(u"No answer."_s);
        QCOMPARE(child<QLabel>(*dialog, u"outcome"_s)->text(), u"1 of 3 joined. No answer."_s);
        QVERIFY(child<QLabel>(*dialog, u"outcome"_s)->isVisible());
        QCOMPARE(child(*dialog, u"name"_s)->text(), u"web"_s);
        QCOMPARE(child(*dialog, u"port"_s)->text(), u"8080"_s);
        QCOMPARE(withoutMnemonic(join->text()), u"Join 2 instances"_s);

        join->click();
        QCOMPARE(requested.takeFirst().first().value<QList<Service>>(), services.mid(1));
        QVERIFY(!child<QLabel>(*dialog, u"outcome"_s)->isVisible());
        QSignalSpy accepted(dialog, &QDialog::accepted);
        dialog->joined(1, 2);
        QCOMPARE(accepted.size(), 0);
        dialog->joined(2, 2);
        QCOMPARE(accepted.size(), 1);
        QTRY_VERIFY(!dialog);
    }

    /// Escape asks before it throws away what was typed, and only then.
    void asksBeforeItDiscards()
    {
        QPointer<JoinDialog> dialog = new JoinDialog(connectionTo(u"localhost"_s));
        dialog->open();
        QTest::keyClick(dialog, Qt::Key_Escape);
        QTRY_VERIFY(!dialog);

        dialog = new JoinDialog(connectionTo(u"localhost"_s));
        dialog->setTemplate({.name = u"web"_s, .hostname = u"h"_s, .port = 80}, 81);
        QCOMPARE(child(*dialog, u"port"_s)->text(), u"81"_s);
        dialog->open();
        QTest::keyClick(dialog, Qt::Key_Escape);
        QTRY_VERIFY(!dialog); // what was given is not typed

        for (const QString &answer : {u"Keep"_s, u"Discard"_s}) {
            if (!dialog)
                dialog = new JoinDialog(connectionTo(u"localhost"_s));
            dialog->open();
            child(*dialog, u"name"_s)->setText(u"web"_s);
            QTest::keyClick(dialog, Qt::Key_Escape);
            QVERIFY(dialog && dialog->isVisible());
            button(*dialog, answer)->click();
            QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
            QCOMPARE(!dialog.isNull(), answer == u"Keep");
        }
    }

    /// Somebody else has the key: what to do is asked in place.
    void asksBeforeItTakesOver()
    {
        JoinDialog dialog(connectionTo(u"localhost"_s));
        dialog.setAttribute(Qt::WA_DeleteOnClose, false);
        dialog.show();
        child(dialog, u"name"_s)->setText(u"web"_s);
        child(dialog, u"port"_s)->setText(u"80"_s);
        QSignalSpy requested(&dialog, &JoinDialog::joinRequested);
        button(dialog, u"Join 1 instance"_s)->click();
        QCOMPARE(requested.takeFirst().last().toBool(), false);
        dialog.taken(u"Somebody else has it."_s, 81);
        QCOMPARE(child<QLabel>(dialog, u"outcome"_s)->text(), u"Somebody else has it."_s);
        QVERIFY(button(dialog, u"Take over"_s)->isVisible());
        button(dialog, u"Take over"_s)->click();
        QCOMPARE(requested.takeFirst().last().toBool(), true);

        dialog.taken(u"Somebody else has it."_s, 81);
        button(dialog, u"Join on port 81"_s)->click();
        const auto again = requested.takeFirst();
        QCOMPARE(again.first().value<QList<Service>>().first().port, 81);
        QCOMPARE(again.last().toBool(), false);
        dialog.taken(u"Somebody else has it."_s, 0);
        QVERIFY(!button(dialog, u"Join on port 0"_s)->isVisible());
        child(dialog, u"port"_s)->setText(u"82"_s); // the question is another one
        QVERIFY(!button(dialog, u"Take over"_s)->isVisible());
    }

    void joinOneMoreLikeThis()
    {
        Service original;
        original.name = u"web"_s;
        original.nameSpace = u"shop"_s;
        original.document = R"({"version":"2","protocol":"https"})";
        original.hostname = u"10.0.3.18"_s;
        original.port = 8081;
        const auto written = Layout::encode(original).value();

        JoinDialog dialog(connectionTo(u"localhost"_s));
        Service like;
        like.nameSpace = u"shop"_s;
        like.document = written.value;
        like.ttl = 9300ms; // as seen in v2: what was left of the real one
        dialog.setTemplate(like);
        QCOMPARE(child(dialog, u"ttl"_s)->text(), u"10"_s);
        QCOMPARE(child(dialog, u"heartbeat"_s)->text(), QString());
        QCOMPARE(child(dialog, u"name"_s)->text(), u"web"_s);
        QCOMPARE(child(dialog, u"hostname"_s)->text(), u"10.0.3.18"_s);
        QCOMPARE(child(dialog, u"port"_s)->text(), u"8081"_s);
        QCOMPARE(child(dialog, u"protocol"_s)->text(), u"https"_s);
        const auto *key = child<QPlainTextEdit>(dialog, u"keyView"_s);
        QCOMPARE(key->toPlainText(), written.key);
        child(dialog, u"port"_s)->setText(u"8082"_s);
        original.port = 8082;
        QCOMPARE(key->toPlainText(), Layout::encode(original).value().key);
    }

    void joinLikeOneWithItsOwnUrl()
    {
        JoinDialog dialog(connectionTo(u"localhost"_s));
        Service like;
        like.document = R"({"name":"web","hostname":"a","host":"a:80","url":"http://proxy/web"})";
        dialog.setTemplate(like);
        const auto written = Layout::encode(like);
        QVERIFY(!written); // the name is only in the document, and goes to its field
        like.name = u"web"_s;
        QCOMPARE(child<QPlainTextEdit>(dialog, u"keyView"_s)->toPlainText(),
                 Layout::encode(like).value().key);
    }
};

QTEST_MAIN(TestJoinDialog)
#include "tst_joindialog.moc"
