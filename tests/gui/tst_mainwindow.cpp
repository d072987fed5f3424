// SPDX-License-Identifier: MIT
#include "mainwindow.h"

#include "closedialog.h"
#include "etcdcluster.h"
#include "fill.h"
#include "filterfield.h"
#include "heldpanel.h"
#include "inspectdialog.h"
#include "instancepanel.h"
#include "joindialog.h"
#include "journalpanel.h"
#include "leavedialog.h"
#include "servicetree.h"
#include "session.h"
#include "startpage.h"
#include "statusline.h"
#include "tableview.h"
#include "theme.h"

#include <QApplication>
#include <QClipboard>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSettings>
#include <QSignalSpy>
#include <QStackedWidget>
#include <QTemporaryDir>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

constexpr int patience = 10000;

QPushButton *buttonIn(const QWidget *widget, const QString &text)
{
    const auto buttons = widget->findChildren<QPushButton *>();
    for (QPushButton *button : buttons) {
        if (button->text().remove(u'&').startsWith(text))
            return button;
    }
    return nullptr;
}

QString textIn(const QWidget *widget)
{
    QString text;
    for (const QLabel *label : widget->findChildren<QLabel *>()) {
        if (label->isVisible())
            text += label->text() + u'\n';
    }
    return text;
}

} // namespace

class TestMainWindow : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void cleanupTestCase();

    void saysThatNobodyAnswers();
    void livesALife_data();
    void livesALife();
    void followsTheUserOnly();
    void keepsItsPlace();
    void filtersAndCounts();
    void copiesAs();
    void goesStaleAndRecovers();
    void pausesWithABacklog();
    void followsTheJournal();
    void asksBeforeClosing();
    void remembersWithoutPasswords();

private:
    template <typename Widget>
    Widget *the() const
    {
        return m_window->findChild<Widget *>();
    }
    TableView *table() const { return the<InstancePanel>()->table(); }
    QAction *action(const char *name) const
    {
        return m_window->findChild<QAction *>(QString::fromLatin1(name));
    }
    /// Connects, and counts from then on the resets of every model that is shown.
    void connectTo(const QString &connection);
    QString textAt(int row, int column) const
    {
        return table()->model()->index(row, column).data().toString();
    }
    /// Until the table has so many rows.
    bool shows(const QString &key) const
    {
        return std::ranges::any_of(m_window->session()->rows(),
                                   [&](const Row &row) { return row.instance->key == key; });
    }
    bool waitForRows(int rows)
    {
        return QTest::qWaitFor([=, this] { return table()->model()->rowCount() == rows; },
                               patience);
    }
    void choose(const QString &nameSpace, const QString &service)
    {
        the<ServiceTree>()->setScope({nameSpace, service});
    }
    void focusTable();
    void join(const QString &nameSpace, const QString &name, int port, const QString &ttl);

    EtcdCluster m_cluster;
    QTemporaryDir m_folder;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<MainWindow> m_window;
    int m_resets = 0;
};

void TestMainWindow::initTestCase()
{
    Theme::apply(*qApp, Theme::Scheme::Light);
    QVERIFY2(m_cluster.start(), qPrintable(m_cluster.error()));
}

void TestMainWindow::init()
{
    m_settings =
        std::make_unique<QSettings>(m_folder.filePath(u"settings.ini"_s), QSettings::IniFormat);
    m_settings->clear();
    m_settings->setValue("journal/folder"_L1, m_folder.filePath(u"journal"_s));
    m_window = std::make_unique<MainWindow>(*m_settings);
    m_window->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
    m_resets = 0;
}

void TestMainWindow::cleanup()
{
    m_window.reset();
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
}

void TestMainWindow::cleanupTestCase()
{
    QVERIFY(m_folder.remove());
}

void TestMainWindow::connectTo(const QString &connection)
{
    QSignalSpy connected(m_window.get(), &MainWindow::connected);
    Q_EMIT the<StartPage>()->connectRequested(connection);
    QVERIFY(connected.wait(patience));
    const auto views = m_window->findChildren<QTreeView *>();
    for (const QTreeView *view : views) {
        if (view->model() && view->isVisible())
            connect(view->model(), &QAbstractItemModel::modelReset, this, [this] { ++m_resets; });
    }
}

void TestMainWindow::focusTable()
{
    m_window->activateWindow();
    QTRY_COMPARE(QApplication::activeWindow(), m_window.get());
    table()->setFocus();
}

void TestMainWindow::join(const QString &nameSpace, const QString &name, int port,
                          const QString &ttl)
{
    action("joinAction")->trigger();
    auto *dialog = the<JoinDialog>();
    QVERIFY(dialog);
    const QPointer<JoinDialog> open = dialog;
    const auto type = [&](const QString &field, const QString &text) {
        auto *edit = dialog->findChild<QLineEdit *>(field);
        QVERIFY2(edit, qPrintable(field));
        edit->clear();
        QTest::keyClicks(edit, text);
    };
    type(u"name"_s, name);
    type(u"nameSpace"_s, nameSpace);
    type(u"hostname"_s, u"10.9.8.7"_s);
    type(u"port"_s, QString::number(port));
    type(u"ttl"_s, ttl);
    QPushButton *button = buttonIn(dialog, u"Join"_s);
    QVERIFY(button && button->isEnabled());
    QTest::mouseClick(button, Qt::LeftButton);
    QVERIFY2(QTest::qWaitFor([&] { return !open || !open->isVisible(); }, patience),
             qPrintable(open ? textIn(open) : QString()));
}

void TestMainWindow::saysThatNobodyAnswers()
{
    QSignalSpy failed(m_window.get(), &MainWindow::connectingFailed);
    QElapsedTimer timer;
    timer.start();
    Q_EMIT the<StartPage>()->connectRequested(u"http://127.0.0.1:1"_s);
    QVERIFY(failed.wait(6000));
    QVERIFY(timer.elapsed() < 5500);
    QVERIFY(!m_window->session());
    QVERIFY2(textIn(the<StartPage>()).contains(u"127.0.0.1:1"_s),
             qPrintable(textIn(the<StartPage>())));

    // and again
    auto *retry = the<StartPage>()->findChild<QPushButton *>(u"retryButton"_s);
    QVERIFY(retry && retry->isVisible());
}

void TestMainWindow::livesALife_data()
{
    QTest::addColumn<QString>("api");
    QTest::newRow("v2") << u"v2"_s;
    QTest::newRow("v3") << u"v3"_s;
}

void TestMainWindow::livesALife()
{
    QFETCH(QString, api);
    if (api == u"v2" && !m_cluster.servesV2())
        QSKIP("This etcd does not serve the v2 API");
    connectTo(m_cluster.connectionString(u"/life?api="_s + api));
    QVERIFY(buttonIn(the<InstancePanel>(), u"Join the first service"_s)->isVisible());
    join(u"life/eu"_s, u"web"_s, 8080, u"2"_s);
    join(u"life/eu"_s, u"web"_s, 8081, u"2"_s);

    // In the tree, and in the table
    QVERIFY(waitForRows(2));
    choose(u"life/eu"_s, u"web"_s);
    QCOMPARE(the<ServiceTree>()->currentIndex().data().toString(), u"web"_s);
    QCOMPARE(table()->model()->rowCount(), 2);
    QTRY_COMPARE(the<HeldPanel>()->findChild<TableView *>()->model()->rowCount(), 2);

    // Listings of v3 don't tell the time that is left, so it is asked for
    QTRY_VERIFY(textAt(0, InstanceModel::LivesOn).endsWith(u" s"_s));
    QTRY_VERIFY(textAt(0, InstanceModel::LastBeat).endsWith(u" s"_s));

    // Its heartbeat keeps it for longer than its TTL
    QTest::qWait(3000);
    QCOMPARE(table()->model()->rowCount(), 2);

    // Inspect it
    focusTable();
    table()->setCurrentIndex(table()->model()->index(0, 0));
    const QString first = the<InstancePanel>()->selectedRows().first().instance->key;
    QTest::keyClick(table(), Qt::Key_Return);
    const QPointer<InspectDialog> inspector = the<InspectDialog>();
    QVERIFY(inspector);
    QCOMPARE(inspector->key(), first);
    QVERIFY(inspector->findChild<QPlainTextEdit *>()->toPlainText().contains(u"\"port\": 8080"_s));

    // Pause its beat, and see it expire
    auto *held = the<HeldPanel>();
    auto *heldTable = held->findChild<TableView *>();
    heldTable->setCurrentIndex(heldTable->model()->index(0, 0));
    QTest::mouseClick(buttonIn(held, u"Pause beat"_s), Qt::LeftButton);
    QTRY_COMPARE(heldTable->model()->index(0, 0).data().toString(), u"Paused"_s);
    QVERIFY(waitForRows(1));
    QVERIFY(textIn(inspector).contains(u"gone"_s, Qt::CaseInsensitive));
    QVERIFY(the<InstancePanel>()->selectedRows().isEmpty()); // no other in its place
    QCOMPARE(heldTable->model()->rowCount(), 2);

    // It comes back with its beat
    QTest::mouseClick(buttonIn(held, u"Resume beat"_s), Qt::LeftButton);
    QVERIFY(waitForRows(2));

    // Leave
    delete inspector;
    focusTable();
    table()->selectAll();
    QTest::keyClick(table(), Qt::Key_Delete);
    auto *leaving = the<LeaveDialog>();
    QVERIFY(leaving);
    QTest::mouseClick(buttonIn(leaving, u"Leave"_s), Qt::LeftButton);
    QVERIFY(waitForRows(0));
    QTRY_COMPARE(heldTable->model()->rowCount(), 0);
    QCOMPARE(m_resets, 0);
}

/// What the tree shows as chosen is what the user chose, even if it goes and comes back.
void TestMainWindow::followsTheUserOnly()
{
    for (const QString &key : {u"services/a/one/1"_s, u"services/a/two/2"_s})
        QVERIFY(m_cluster.put(Api::V3, key, "{}"));
    connectTo(m_cluster.connectionString(u"/a?api=v3"_s));
    auto *tree = the<ServiceTree>();
    tree->setFocus(); // chooses nothing by itself
    QVERIFY(!tree->scope().nameSpace);
    QCOMPARE(table()->model()->rowCount(), 2);

    const QModelIndex one = tree->model()->index(0, 0, tree->model()->index(0, 0));
    QTest::mouseClick(tree->viewport(), Qt::LeftButton, {}, tree->visualRect(one).center());
    QCOMPARE(tree->scope(), (Scope{u"a"_s, u"one"_s}));
    QCOMPARE(table()->model()->rowCount(), 1);

    QVERIFY(m_cluster.remove(Api::V3, u"services/a/one/1"_s));
    QVERIFY(waitForRows(0));
    QCOMPARE(tree->scope(), (Scope{u"a"_s, u"one"_s}));
    QVERIFY(!tree->selectionModel()->hasSelection());
    QVERIFY(textIn(the<InstancePanel>()).contains(u"No instance of a / one"_s));

    QVERIFY(m_cluster.put(Api::V3, u"services/a/one/1"_s, "{}"));
    QVERIFY(waitForRows(1));
    QCOMPARE(tree->currentIndex().data().toString(), u"one"_s);
    QVERIFY(tree->selectionModel()->hasSelection());
    QCOMPARE(m_resets, 0);
}

void TestMainWindow::keepsItsPlace()
{
    const QString connection = m_cluster.connectionString(u"/load?api=v3"_s);
    QVERIFY(fill(ConnectionString::parse(connection).value(), Api::V3, 400));
    connectTo(connection);
    QVERIFY(waitForRows(400));
    auto *tree = the<ServiceTree>();
    tree->collapse(tree->model()->index(0, 0));
    table()->sortByColumn(3, Qt::AscendingOrder); // by port
    table()->setCurrentIndex(table()->model()->index(200, 0));
    table()->scrollTo(table()->model()->index(210, 0), QAbstractItemView::PositionAtTop);
    const auto keyAt = [](const QModelIndex &index) {
        return index.data(InstanceModel::KeyRole).toString();
    };
    const QString selected = keyAt(table()->currentIndex());
    const QString top = keyAt(table()->indexAt({0, 0}));
    QVERIFY(!top.isEmpty());

    for (int round = 0; round < 5; ++round) {
        // Others come and go above and below
        const Service service{
            .name = u"new"_s, .nameSpace = u"load"_s, .hostname = u"h"_s, .port = round + 1};
        const Layout::Record record = Layout::encode(service).value();
        const QString gone = keyAt(table()->model()->index(round, 0));
        QVERIFY(m_cluster.put(Api::V3, record.key, record.value));
        QVERIFY(m_cluster.remove(Api::V3, gone));
        QTRY_VERIFY(shows(record.key) && !shows(gone));
        QCOMPARE(keyAt(table()->currentIndex()), selected);
        QCOMPARE(the<InstancePanel>()->selectedRows().size(), 1);
        QCOMPARE(keyAt(table()->indexAt({0, 0})), top);
        QVERIFY(!tree->isExpanded(tree->model()->index(0, 0)));
    }
    QCOMPARE(m_resets, 0);
}

void TestMainWindow::filtersAndCounts()
{
    connectTo(m_cluster.connectionString(u"/load?api=v3"_s));
    auto *filter = m_window->findChild<FilterField *>();
    QTest::keyClick(m_window.get(), Qt::Key_Slash);
    QVERIFY(filter->hasFocus());
    QTest::keyClicks(filter, u"nothing like this"_s);
    QVERIFY(waitForRows(0));
    auto *clear = buttonIn(the<InstancePanel>(), u"Clear the filter"_s);
    QVERIFY(clear->isVisible());
    QTest::mouseClick(clear, Qt::LeftButton);
    QVERIFY(filter->text().isEmpty());
    QTRY_VERIFY(table()->model()->rowCount() > 100);
    QTest::keyClicks(filter, u"/(/"_s);
    QTRY_VERIFY(filter->property("invalid").toBool());
    QVERIFY(table()->model()->rowCount() > 100);
    QCOMPARE(m_resets, 0);
}

void TestMainWindow::copiesAs()
{
    QVERIFY(m_cluster.put(Api::V3, u"services/copy/web/x"_s, R"({"name":"web"})"));
    connectTo(m_cluster.connectionString(u"/copy?api=v3"_s));
    QVERIFY(waitForRows(1));
    auto *menu = m_window->findChild<QMenu *>(u"copyAsMenu"_s);
    QVERIFY(!menu->menuAction()->isEnabled());
    table()->setCurrentIndex(table()->model()->index(0, 0));
    QVERIFY(menu->menuAction()->isEnabled());
    QStringList copied;
    for (QAction *format : menu->actions()) {
        format->trigger();
        copied += QGuiApplication::clipboard()->text();
    }
    QCOMPARE(copied.size(), 5);
    QVERIFY(copied[2].contains("etcdctl"_L1) && copied[2].contains("'services/copy/web/x'"_L1));
    copied.removeDuplicates();
    QCOMPARE(copied.size(), 5);
}

void TestMainWindow::goesStaleAndRecovers()
{
    EtcdCluster cluster;
    QVERIFY2(cluster.start(), qPrintable(cluster.error()));
    QVERIFY(cluster.put(Api::V3, u"services/a/b/c"_s, "{}"));
    connectTo(cluster.connectionString(u"?api=v3"_s));
    QVERIFY(cluster.kill(0));
    auto *line = the<StatusLine>();
    auto *retry = buttonIn(line, u"Retry"_s);
    QTRY_VERIFY_WITH_TIMEOUT(retry->isVisible(), patience);
    QVERIFY(textIn(line).contains(u"Stale since"_s));
    QCOMPARE(table()->model()->rowCount(), 1); // what was seen stays in sight
    QVERIFY(cluster.restart(0));
    QTest::mouseClick(retry, Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(textIn(line).contains(u"Live"_s), patience);
    QVERIFY(!retry->isVisible());
    QCOMPARE(m_resets, 0);
}

/// Changes wait, are counted, and are shown when the view goes on.
void TestMainWindow::pausesWithABacklog()
{
    connectTo(m_cluster.connectionString(u"/paused?api=v3"_s));
    action("pauseAction")->trigger();
    for (int i = 1; i <= 3; ++i)
        QVERIFY(m_cluster.put(Api::V3, u"services/paused/web/%1"_s.arg(i), "{}"));
    auto *line = the<StatusLine>();
    QTRY_VERIFY_WITH_TIMEOUT(textIn(line).contains(u"Paused, 3 changes wait"_s), patience);
    QCOMPARE(table()->model()->rowCount(), 0);
    QTest::mouseClick(buttonIn(line, u"Resume"_s), Qt::LeftButton);
    QVERIFY(waitForRows(3));
    QVERIFY(textIn(line).contains(u"Live"_s));
    QCOMPARE(m_resets, 0);
}

/// An entry of the journal leads to the instance that it speaks of, and the filter field keeps what
/// is being typed meanwhile.
void TestMainWindow::followsTheJournal()
{
    connectTo(m_cluster.connectionString(u"/told?api=v3"_s));
    m_window->findChild<FilterField *>()->setText(u"we"_s);
    QVERIFY(m_cluster.put(Api::V3, u"services/told/web/1"_s, "{}"));
    QVERIFY(m_cluster.put(Api::V3, u"services/told/web/2"_s, "{}"));
    QVERIFY(m_cluster.put(Api::V3, u"services/told/web/2"_s, R"({"weight":2})"));
    QVERIFY(waitForRows(2));
    auto *journal = the<JournalPanel>();
    auto *entries = journal->findChild<TableView *>();
    QTRY_VERIFY(entries->model()->rowCount() >= 4);
    QVERIFY(entries->model()->index(0, JournalModel::Text).data().toString().contains(u"weight"_s));
    entries->setCurrentIndex(entries->model()->index(0, 0));
    QTRY_COMPARE(the<InstancePanel>()->selectedRows().size(), 1);
    QCOMPARE(the<InstancePanel>()->selectedRows().first().instance->key, u"services/told/web/2"_s);
    QCOMPARE(m_window->findChild<FilterField *>()->text(), u"we"_s);
    QCOMPARE(m_resets, 0);
}

void TestMainWindow::asksBeforeClosing()
{
    connectTo(m_cluster.connectionString(u"/closing?api=v3"_s));
    join(u"closing"_s, u"web"_s, 80, u"60"_s);
    QVERIFY(waitForRows(1));
    const QString key = table()->model()->index(0, 0).data(InstanceModel::KeyRole).toString();

    QVERIFY(!m_window->close());
    auto *dialog = the<CloseDialog>();
    QVERIFY(dialog && dialog->isVisible());
    dialog->reject(); // neither
    QVERIFY(m_window->isVisible());
    QVERIFY(m_cluster.get(Api::V3, key));

    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    QVERIFY(!m_window->close());
    QVERIFY(the<CloseDialog>());
    Q_EMIT the<CloseDialog>()->leaveChosen();
    QTRY_VERIFY(!m_window->isVisible());
    QVERIFY(!m_cluster.get(Api::V3, key));
}

void TestMainWindow::remembersWithoutPasswords()
{
    QString connection = m_cluster.connectionString(u"/?api=v3"_s);
    connectTo(connection.replace(u"://"_s, u"://someone:secret@"_s));
    const QStringList recent = m_settings->value("recent"_L1).toStringList();
    QCOMPARE(recent.size(), 1);
    QVERIFY(recent[0].contains(u"someone"_s));
    QVERIFY(!recent[0].contains(u"secret"_s));
}

QTEST_MAIN(TestMainWindow)
#include "tst_mainwindow.moc"
