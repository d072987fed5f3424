// SPDX-License-Identifier: MIT
#include "browser.h"
#include "detailspanel.h"
#include "fieldmessage.h"
#include "journalmodel.h"
#include "journalpanel.h"
#include "presencestrip.h"
#include "session.h"
#include "signlabel.h"
#include "tableview.h"
#include "theme.h"
#include "widgets.h"

#include <QClipboard>
#include <QMenu>
#include <QScrollBar>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QTextEdit>
#include <QToolButton>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using Kind = JournalEntry::Kind;

namespace {

JournalEntry entry(int number, Kind kind = Kind::Joined)
{
    return {.time = QDateTime::fromMSecsSinceEpoch(1'790'000'000'000 + number * 100).toUTC(),
            .kind = kind,
            .nameSpace = u"shop"_s,
            .service = u"orders"_s,
            .key = u"services/shop/orders/%1"_s.arg(number),
            .instance = u"h%1:80"_s.arg(number)};
}

QList<JournalEntry> entries(int first, int count)
{
    QList<JournalEntry> list;
    for (int i = first; i < first + count; ++i)
        list.append(entry(i));
    return list;
}

/// A panel of five rows and a half.
struct Fixture
{
    Fixture()
    {
        panel.resize(700, 5 * Theme::rowHeight + 13);
        panel.show();
        panel.activateWindow();
        if (!QTest::qWaitForWindowActive(&panel))
            qFatal("no active window");
        table().setFocus();
    }

    TableView &table() { return *panel.findChild<TableView *>(); }
    QScrollBar &bar() { return *table().verticalScrollBar(); }
    /// The one at the top of what is in sight, and how far it is scrolled out.
    std::pair<QString, int> top()
    {
        const QModelIndex index = table().indexAt({0, 0});
        return {model.entry(index.row()).instance, table().visualRect(index).top()};
    }
    /// The button that leads to new entries; empty: it is not there.
    QString newButton()
    {
        for (const QPushButton *each : table().findChildren<QPushButton *>())
            return each->isVisible() ? each->text() : QString();
        return {};
    }
    void click(int row)
    {
        QTest::mouseClick(table().viewport(), Qt::LeftButton, {},
                          table().visualRect(model.index(row, 1)).center());
    }

    JournalModel model;
    JournalPanel panel{model};
};

} // namespace

class TestJournalPanel : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void followsTheNewest();
    void keepsItsPlaceWhileOneReads();
    void keepsItsPlaceUnderThePointer();
    void keepsWhatIsChosenInItsPlace();
    void filters();
    void choosesWhatAnEntrySpeaksOf();
    void choosesOnlyForTheUser();
    void copies();
    void exports();
    void saysWhyThereIsNothing();
    void browserSaysThatItHasGone();
    void detailsShowTheHour();
    void stripTellsTimes();
};

void TestJournalPanel::followsTheNewest()
{
    Fixture fixture;
    fixture.model.append(entries(0, 50));
    fixture.model.append(entries(50, 3));
    QCOMPARE(fixture.top(), std::pair(u"h52:80"_s, 0));
    QCOMPARE(fixture.newButton(), QString());
}

void TestJournalPanel::keepsItsPlaceWhileOneReads()
{
    Fixture fixture;
    fixture.model.append(entries(0, 100));
    fixture.table().doItemsLayout();
    fixture.bar().setValue(10 * Theme::rowHeight + 7);
    const auto top = fixture.top();
    QCOMPARE(top, std::pair(u"h89:80"_s, -7));
    fixture.model.append(entries(100, 400));
    QCOMPARE(fixture.top(), top);
    QCOMPARE(fixture.newButton(), u"↑ 400 new"_s);
    fixture.model.append(entries(500, 12));
    QCOMPARE(fixture.top(), top);
    QCOMPARE(fixture.newButton(), u"↑ 412 new"_s);
    QCoreApplication::processEvents(); // whatever layout was put off
    QCOMPARE(fixture.top(), top);

    QTest::mouseClick(fixture.table().findChild<QPushButton *>(), Qt::LeftButton);
    QCOMPARE(fixture.top(), std::pair(u"h511:80"_s, 0));
    QCOMPARE(fixture.newButton(), QString());
    fixture.model.append(entries(512, 1));
    QCOMPARE(fixture.top(), std::pair(u"h512:80"_s, 0));

    // Scrolling back does it too.
    fixture.bar().setValue(200);
    fixture.model.append(entries(513, 1));
    QCOMPARE(fixture.newButton(), u"↑ 1 new"_s);
    fixture.bar().setValue(0);
    QCOMPARE(fixture.newButton(), QString());
}

void TestJournalPanel::keepsItsPlaceUnderThePointer()
{
    Fixture fixture;
    fixture.model.append(entries(0, 100));
    QTest::mouseMove(fixture.table().viewport(), {50, 50});
    QTest::mouseMove(fixture.table().viewport(), {50, 51});
    QCoreApplication::processEvents();
    fixture.model.append(entries(100, 2));
    QCOMPARE(fixture.top(), std::pair(u"h99:80"_s, 0));
    QCOMPARE(fixture.newButton(), u"↑ 2 new"_s);
    QEvent leave(QEvent::Leave);
    QCoreApplication::sendEvent(fixture.table().viewport(), &leave);
    QCOMPARE(fixture.top(), std::pair(u"h101:80"_s, 0));
    QCOMPARE(fixture.newButton(), QString());
}

void TestJournalPanel::keepsWhatIsChosenInItsPlace()
{
    Fixture fixture;
    fixture.model.append(entries(0, 100));
    fixture.click(1);
    fixture.model.append(entries(100, 2));
    QCOMPARE(fixture.top(), std::pair(u"h99:80"_s, 0));
    QCOMPARE(fixture.table().currentIndex().row(), 3);
    QTest::keyClick(&fixture.table(), Qt::Key_Escape);
    QCOMPARE(fixture.top(), std::pair(u"h101:80"_s, 0));
    QVERIFY(!fixture.table().selectionModel()->hasSelection());
}

void TestJournalPanel::filters()
{
    Fixture fixture;
    QList<JournalEntry> list = entries(0, 30);
    list[3].kind = Kind::Late;
    list[4].kind = Kind::Left;
    fixture.model.append(list);
    auto *kinds = fixture.panel.tools()->findChild<QToolButton *>();
    auto *text = fixture.panel.tools()->findChild<QLineEdit *>();
    const auto toggle = [&](Kind kind) {
        for (QAction *action : kinds->menu()->actions()) {
            if (action->isCheckable() && action->data().toInt() == int(kind))
                action->trigger();
        }
    };
    toggle(Kind::Late);
    QTRY_COMPARE(fixture.model.rowCount(), 1);
    QCOMPARE(kinds->text(), u"late"_s);
    toggle(Kind::Left);
    QTRY_COMPARE(fixture.model.rowCount(), 2);
    text->setText(u"missed"_s);
    QTRY_COMPARE(fixture.model.rowCount(), 1);
    text->setText(u"nothing of this"_s);
    QTRY_COMPARE(fixture.model.rowCount(), 0);
    QPushButton *all = button(fixture.panel, u"Show all"_s);
    QVERIFY(all->isVisible());
    all->click();
    QCOMPARE(fixture.model.rowCount(), 30);
    QCOMPARE(kinds->text(), u"All kinds"_s);
    QVERIFY(fixture.table().isVisible());
}

void TestJournalPanel::choosesWhatAnEntrySpeaksOf()
{
    Fixture fixture;
    QSignalSpy chosen(&fixture.panel, &JournalPanel::chosen);
    fixture.model.append(entries(0, 10));
    fixture.model.append({{.time = entry(0).time, .kind = Kind::Watch}});
    fixture.click(1);
    QCOMPARE(chosen.takeFirst(),
             (QVariantList{u"services/shop/orders/9"_s, u"shop"_s, u"orders"_s}));
    QTest::keyClick(&fixture.table(), Qt::Key_Down);
    QCOMPARE(chosen.takeFirst().first().toString(), u"services/shop/orders/8"_s);
    fixture.click(0); // of no instance
    QCOMPARE(chosen.size(), 0);
    fixture.model.append(entries(10, 5)); // nor is another chosen because it moves
    QCOMPARE(chosen.size(), 0);
}

/// The chosen entry leads somewhere once, and not each time something happens around it.
void TestJournalPanel::choosesOnlyForTheUser()
{
    Fixture fixture;
    fixture.model.append(entries(0, 50));
    fixture.click(1);
    QSignalSpy chosen(&fixture.panel, &JournalPanel::chosen);
    for (int i = 0; i < 20; ++i)
        fixture.model.append(entries(50 + 3 * i, 3));
    fixture.model.setFilter(JournalFilter(u"h4"_s, 0));
    fixture.model.setFilter(JournalFilter({}, 0));
    fixture.model.setFilter(JournalFilter(u"h48"_s, 0));
    fixture.panel.findChild<QLineEdit *>()->setFocus();
    fixture.table().setFocus();
    QTest::qWait(10);
    QCOMPARE(chosen.size(), 0);

    QTest::keyClick(&fixture.table(), Qt::Key_Escape);
    fixture.model.setFilter(JournalFilter({}, 0));
    fixture.click(2);
    QCOMPARE(chosen.size(), 1);
    fixture.click(2); // again: there
    QCOMPARE(chosen.size(), 2);
    QTest::keyClick(&fixture.table(), Qt::Key_Down);
    QCOMPARE(chosen.size(), 3);
}

void TestJournalPanel::copies()
{
    Fixture fixture;
    fixture.model.append(entries(0, 3));
    fixture.table().selectAll();
    QTest::keyClick(&fixture.table(), Qt::Key_C, Qt::ControlModifier);
    const QStringList lines = QGuiApplication::clipboard()->text().split(u'\n');
    QCOMPARE(lines.size(), 4);
    QVERIFY(lines[0].endsWith(u"h0:80 joined"));
    QVERIFY(lines[2].endsWith(u"h2:80 joined"));
}

void TestJournalPanel::exports()
{
    const QTemporaryDir folder;
    Fixture fixture;
    fixture.model.append(entries(0, 3));
    fixture.model.setFilter(JournalFilter(u"!h1"_s));
    const auto *message = fixture.panel.findChild<FieldMessage *>();
    QVERIFY(!message->isVisible());
    fixture.panel.exportTo(folder.filePath(u"no/where.csv"_s));
    QTRY_VERIFY(message->isVisible());
    QCOMPARE(message->kind(), FieldMessage::Kind::Error);
    fixture.panel.exportTo(folder.filePath(u"out.jsonl"_s));
    QTRY_COMPARE(message->kind(), FieldMessage::Kind::Help);
    QVERIFY2(message->text().startsWith(u"2 entries"), qPrintable(message->text()));
    QFile file(folder.filePath(u"out.jsonl"_s));
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.readAll(), entry(0).toJson() + '\n' + entry(2).toJson() + '\n');
}

void TestJournalPanel::saysWhyThereIsNothing()
{
    Fixture fixture;
    QVERIFY(!fixture.table().isVisible());
    QVERIFY(!button(*fixture.panel.tools(), u"Export..."_s)->isEnabled());
    fixture.model.append(entries(0, 1));
    QVERIFY(fixture.table().isVisible());
    QVERIFY(button(*fixture.panel.tools(), u"Export..."_s)->isEnabled());
}

void TestJournalPanel::browserSaysThatItHasGone()
{
    const QTemporaryDir folder;
    QSettings settings(folder.filePath(u"settings"_s), QSettings::IniFormat);
    Session session(connectionTo(u"http://127.0.0.1:1"_s));
    Browser browser(session, settings);
    browser.resize(1000, 700);
    browser.show();
    browser.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&browser));
    session.journal().append({entry(7, Kind::Left)});
    auto *panel = browser.findChild<JournalPanel *>();
    QVERIFY(panel->isVisible());
    auto *table = panel->findChild<TableView *>();
    table->setFocus();
    table->setCurrentIndex(session.journal().index(0, 0));
    const auto *details = browser.findChild<DetailsPanel *>();
    QVERIFY(details->findChild<SignLabel *>()->text().startsWith(u"Gone"));
    QVERIFY(details->findChild<QTextEdit *>()->toPlainText().contains(u"services/shop/orders/7"));
    QCOMPARE(browser.joinTemplate().name, QString()); // the scope is what it was
    QCOMPARE(QApplication::focusWidget(), table);
}

void TestJournalPanel::detailsShowTheHour()
{
    Session session(connectionTo(u"http://127.0.0.1:1"_s));
    Presence presence;
    DetailsPanel details(session, presence);
    details.resize(900, 300);
    details.show();
    const auto facts = [&] { return details.findChild<QTextEdit *>()->toPlainText(); };
    Row row;
    row.instance = std::make_shared<const Instance>(
        Instance{.key = u"k"_s, .document = "{}", .api = Api::V2, .hasTtl = true, .ttl = 10s});
    row.firstSeen = session.now() - 10min;
    row.older = true;
    details.setRow(row);
    QVERIFY(facts().contains(u"not known yet"));
    QVERIFY(facts().contains(u"not since this window connected"));
    row.cadence = 5s;
    row.beats = 3;
    row.changed = session.now();
    details.setRow(row);
    QVERIFY2(facts().contains(u"12 a minute, every 5.0 s"), qPrintable(facts()));
    QVERIFY(!facts().contains(u"not since"));
    const auto *strip = details.findChild<PresenceStrip *>();
    QVERIFY(strip->isVisible());
    QVERIFY2(strip->accessibleDescription().startsWith(u"The last hour: there for "),
             qPrintable(strip->accessibleDescription()));
    QVERIFY(strip->accessibleDescription().contains(u"not known for"));
}

void TestJournalPanel::stripTellsTimes()
{
    PresenceStrip strip;
    strip.resize(360, 14);
    Presence::Steps steps{};
    steps[118] = Presence::Present | Presence::Absent;
    steps[119] = Presence::Late;
    strip.setSteps(steps, QDateTime(QDate(2026, 1, 1), QTime(12, 0)));
    QCOMPARE(strip.textAt(359), u"11:59:30 – 12:00:00: late"_s);
    QCOMPARE(strip.textAt(354), u"11:59:00 – 11:59:30: gone, there"_s);
    QCOMPARE(strip.textAt(0), u"11:00:00 – 11:00:30: not known"_s);
    QCOMPARE(strip.accessibleDescription(),
             u"The last hour: late in 0.5, gone in 0.5, not known for 59 minutes"_s);
    const QImage image = strip.grab().toImage();
    const auto colorAt = [&](int step, int y) { return image.pixelColor(step * 3, y); };
    QCOMPARE(colorAt(119, 2), Theme::color(InstanceState::Late, strip.palette()));
    QCOMPARE(colorAt(118, 2), Theme::color(Theme::Role::Line, strip.palette()));
    QCOMPARE(colorAt(118, 12), Theme::color(InstanceState::Alive, strip.palette()));
}

QTEST_MAIN(TestJournalPanel)
#include "tst_journalpanel.moc"
