// SPDX-License-Identifier: MIT
#include "factsview.h"
#include "fieldmessage.h"
#include "startpage.h"
#include "theme.h"
#include "widgets.h"

#include <QApplication>
#include <QSignalSpy>
#include <QTest>
#include <QTreeWidget>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

namespace {

/// All that is written anywhere in a window, except in fields that the user fills in.
QString shownTexts(const QWidget &window)
{
    QStringList texts{window.windowTitle()};
    for (const QWidget *widget : window.findChildren<QWidget *>()) {
        texts += widget->toolTip();
        texts += widget->accessibleDescription();
        if (const auto *label = qobject_cast<const QLabel *>(widget))
            texts += label->text();
        if (const auto *facts = qobject_cast<const FactsView *>(widget))
            texts += facts->toPlainText();
        if (const auto *button = qobject_cast<const QAbstractButton *>(widget))
            texts += button->text();
    }
    return texts.join(u'\n');
}

} // namespace

class TestStartPage : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Theme::apply(*qApp, Theme::Scheme::Light); }

    void startValidates_data()
    {
        QTest::addColumn<QString>("typed");
        QTest::addColumn<int>("kind");
        QTest::addColumn<QString>("text"); // of the message, or else of what was understood
        using Kind = FieldMessage::Kind;
        const auto row = [](const char *tag, const QString &typed, Kind kind, const QString &text) {
            QTest::newRow(tag) << typed << int(kind) << text;
        };
        row("nothing", u""_s, Kind::Help, u""_s);
        row("nodes", u"10.0.0.1:2379, 10.0.0.2"_s, Kind::Help,
            u"http://10.0.0.1:2379, http://10.0.0.2:4001"_s);
        row("namespace", u"localhost/shop/eu/"_s, Kind::Help, u"shop/eu"_s);
        row("no namespace", u"localhost"_s, Kind::Help, u"the whole registry"_s);
        row("api", u"localhost?api=v3"_s, Kind::Help, u"v3"_s);
        row("login", u"ops:hunter2@localhost"_s, Kind::Help, u"ops, with a password"_s);
        row("discovery", u"https://discovery.etcd.io/0123abcd"_s, Kind::Help,
            u"those that https://discovery.etcd.io/0123abcd names"_s);
        row("port", u"localhost:99999"_s, Kind::Error, u"1 to 65535"_s);
        row("protocol", u"ftp://localhost"_s, Kind::Error, u"ftp"_s);
        row("unknown option", u"localhost?refesh=true"_s, Kind::Warning, u"refesh"_s);
    }
    void startValidates()
    {
        QFETCH(QString, typed);
        QFETCH(int, kind);
        QFETCH(QString, text);

        StartPage page;
        page.show();
        QSignalSpy requested(&page, &StartPage::connectRequested);
        QTest::keyClicks(child(page, u"connectionField"_s), typed);
        const auto *message = child<FieldMessage>(page, u"connectionMessage"_s);
        QCOMPARE(int(message->kind()), kind);
        const auto *understood = child<FactsView>(page, u"understood"_s);
        const bool isGood = !typed.isEmpty() && message->kind() != FieldMessage::Kind::Error;
        QCOMPARE(understood->isVisible(), isGood);
        QCOMPARE(child<QLabel>(page, u"examples"_s)->isVisible(), !isGood);
        const QString said =
            message->text().isEmpty() ? understood->toPlainText() : message->text();
        QVERIFY2(said.contains(text), qPrintable(said));

        QTest::keyClick(child(page, u"connectionField"_s), Qt::Key_Return);
        QCOMPARE(requested.size(), isGood ? 1 : 0);
        if (isGood)
            QCOMPARE(requested.first().first().toString(), typed);
        else
            QVERIFY(message->isVisible());
    }

    void startNeverShowsThePassword_data()
    {
        QTest::addColumn<QString>("typed");
        QTest::newRow("good") << u"https://ops:hunter2@localhost/shop?refesh=1"_s;
        QTest::newRow("bad port") << u"ops:hunter2@localhost:x"_s;
        QTest::newRow("slash in it") << u"ops:hunter2/x@localhost"_s;
        QTest::newRow("no host yet") << u"ops:hunter2@"_s;
    }
    void startNeverShowsThePassword()
    {
        QFETCH(QString, typed);
        StartPage page;
        page.show();
        auto *field = child(page, u"connectionField"_s);
        for (qsizetype i = typed.indexOf(u'@') + 1; i <= typed.size(); ++i) {
            field->setText(typed.first(i));
            QTest::keyClick(field, Qt::Key_Return);
            QVERIFY2(!shownTexts(page).contains(u"hunter2"), qPrintable(shownTexts(page)));
            page.showError(u"It failed."_s);
        }
    }

    void startTriesAgain()
    {
        StartPage page;
        page.show();
        QSignalSpy connecting(&page, &StartPage::connectRequested);
        QSignalSpy demo(&page, &StartPage::demoRequested);
        child(page, u"connectionField"_s)->setText(u"localhost"_s);
        auto *connectButton = child<QPushButton>(page, u"connectButton"_s);
        connectButton->click();
        QCOMPARE(connecting.size(), 1);
        QCOMPARE(connectButton->text(), u"Connecting..."_s);
        QVERIFY(!connectButton->isEnabled());
        page.showError(u"Can't connect."_s);
        QVERIFY(connectButton->isEnabled());
        QCOMPARE(child<QLabel>(page, u"outcome"_s)->text(), u"Can't connect."_s);
        auto *retry = child<QPushButton>(page, u"retryButton"_s);
        QVERIFY(retry->isVisible());
        retry->click();
        QCOMPARE(connecting.size(), 2);
        QVERIFY(!retry->isVisible());
        page.setBusy(false);

        child<QPushButton>(page, u"demoButton"_s)->click();
        QCOMPARE(demo.size(), 1);
        page.showError(u"No etcd."_s);
        retry->click();
        QCOMPARE(demo.size(), 2);
        QCOMPARE(connecting.size(), 2);

        page.setConnecting(u"elsewhere/shop"_s); // asked for on the command line, say
        QVERIFY(!connectButton->isEnabled());
        page.showError(u"Can't connect."_s);
        retry->click();
        QCOMPARE(connecting.last().first().toString(), u"elsewhere/shop"_s);
        page.setStartingDemo();
        page.showError(u"No etcd."_s);
        retry->click();
        QCOMPARE(demo.size(), 3);
    }

    void startRecent()
    {
        StartPage page;
        page.setRecent({u"http://a:4001"_s, u"http://ops@b:4001/shop"_s, u"http://c:4001"_s});
        page.resize(1024, 700);
        page.show();
        QVERIFY(QTest::qWaitForWindowExposed(&page));
        QSignalSpy connecting(&page, &StartPage::connectRequested);
        QSignalSpy removed(&page, &StartPage::recentRemoved);
        auto *recent = child<QTreeWidget>(page, u"recent"_s);
        const auto click = [recent](int row, int column) {
            const auto index = recent->model()->index(row, column);
            QTest::mouseClick(recent->viewport(), Qt::LeftButton, {},
                              recent->visualRect(index).center());
        };
        click(2, 0);
        QCOMPARE(connecting.takeFirst().first().toString(), u"http://c:4001"_s);
        page.setBusy(false);

        click(1, 0); // its password is not known, so it has to be asked for
        QCOMPARE(connecting.size(), 0);
        auto *field = child(page, u"connectionField"_s);
        QTest::keyClicks(field, u"pw"_s);
        QTest::keyClick(field, Qt::Key_Return);
        QCOMPARE(connecting.takeFirst().first().toString(), u"http://ops:pw@b:4001/shop"_s);
        page.setBusy(false);

        click(0, 1);
        QCOMPARE(removed.takeFirst().first().toString(), u"http://a:4001"_s);
        QCOMPARE(connecting.size(), 0);
        QCOMPARE(recent->topLevelItemCount(), 2);
        recent->setCurrentItem(recent->topLevelItem(1));
        QTest::keyClick(recent, Qt::Key_Delete);
        QCOMPARE(removed.takeFirst().first().toString(), u"http://c:4001"_s);
        QCOMPARE(recent->topLevelItemCount(), 1);
    }
};

QTEST_MAIN(TestStartPage)
#include "tst_startpage.moc"
