// SPDX-License-Identifier: MIT
#include "mainwindow.h"

#include "closedialog.h"
#include "connectionbutton.h"
#include "etcdcluster.h"
#include "fill.h"
#include "filterfield.h"
#include "heldpanel.h"
#include "inspectdialog.h"
#include "instancepanel.h"
#include "joindialog.h"
#include "journalpanel.h"
#include "leaveandexit.h"
#include "leavedialog.h"
#include "nodespanel.h"
#include "noticebar.h"
#include "scenariodialog.h"
#include "servicetree.h"
#include "session.h"
#include "startpage.h"
#include "statechips.h"
#include "statusline.h"
#include "tableview.h"
#include "theme.h"

#include <QAccessible>
#include <QApplication>
#include <QClipboard>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QProcess>
#include <QPushButton>
#include <QScrollBar>
#include <QSettings>
#include <QSignalSpy>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabWidget>
#include <QTcpServer>
#include <QTemporaryDir>
#include <QTest>
#include <QToolBar>

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
    void staysUntilAnotherIsThere();
    void asksBeforeItTakesAKey();
    void asksBeforeDisconnecting();
    void cancelsConnecting();
    void choosesOnce();
    void hasRoomForLongNames();
    void namesEveryControl();
    void tabReachesEveryControl();
    void takesNoKeysFromTextFields();
    void namesANodeOfAnotherCluster();
    void endsTheDemoThatDied();
    void endsWhateverIsHeld_data();
    void endsWhateverIsHeld();

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

    QVERIFY(!QFileInfo::exists(m_folder.filePath(u"journal"_s))); // nothing was seen

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
    QVERIFY(m_window->findChild<QLineEdit *>(u"connectionField"_s)->text().isEmpty());
    m_window.reset();
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    const QStringList journals = QDir(m_folder.filePath(u"journal"_s)).entryList(QDir::Files);
    QVERIFY(!journals.isEmpty());
    QVERIFY2(!journals.join(u' ').contains(u"someone"_s), qPrintable(journals.join(u' ')));
}

/// A new connection takes the place of the former one when it is there, and not before.
void TestMainWindow::staysUntilAnotherIsThere()
{
    QVERIFY(m_cluster.put(Api::V3, u"services/first/web/1"_s, "{}"));
    connectTo(m_cluster.connectionString(u"/first?api=v3"_s));
    QVERIFY(waitForRows(1));
    const QPointer<Session> first = m_window->session();
    const auto showsTheTable = [&] { return the<InstancePanel>() && table()->isVisible(); };

    action("connectAction")->trigger();
    QCOMPARE(m_window->session(), first.data());
    QVERIFY(the<StartPage>()->isVisible());
    auto *field = m_window->findChild<QLineEdit *>(u"connectionField"_s);
    QCOMPARE(m_window->focusWidget(), field);
    QTest::keyClick(field, Qt::Key_Escape); // back
    QVERIFY(showsTheTable());
    QCOMPARE(m_window->focusWidget(), table());

    action("connectAction")->trigger();
    QSignalSpy failed(m_window.get(), &MainWindow::connectingFailed);
    Q_EMIT the<StartPage>()->connectRequested(u"http://127.0.0.1:1"_s);
    QVERIFY(failed.wait(patience));
    QCOMPARE(m_window->session(), first.data());
    auto *back = m_window->findChild<QPushButton *>(u"backButton"_s);
    QVERIFY(back->isVisible());
    QTest::mouseClick(back, Qt::LeftButton);
    QVERIFY(showsTheTable());

    action("connectAction")->trigger();
    QVERIFY(m_cluster.put(Api::V3, u"services/first/other/2"_s, "{}"));
    connectTo(m_cluster.connectionString(u"/second?api=v3"_s));
    QVERIFY(m_window->session() != first.data());
    QTRY_VERIFY(!first);
    QTRY_COMPARE(m_window->findChildren<InstancePanel *>().size(), 1);
    QVERIFY(!m_window->findChild<QPushButton *>(u"backButton"_s)->isVisible());
    QVERIFY(textIn(the<StatusLine>()).contains(u"v3 store"_s));
}

/// Joining over a live key of somebody else asks first, and writes nothing meanwhile.
void TestMainWindow::asksBeforeItTakesAKey()
{
    const Service theirs{.name = u"web"_s,
                         .nameSpace = u"taken"_s,
                         .document = R"({"owner":"prod"})",
                         .hostname = u"10.9.8.7"_s,
                         .port = 80};
    const Layout::Record record = Layout::encode(theirs).value();
    QVERIFY(m_cluster.put(Api::V3, record.key, record.value));
    connectTo(m_cluster.connectionString(u"/taken?api=v3"_s));
    QVERIFY(waitForRows(1));
    action("joinAction")->trigger();
    const QPointer<JoinDialog> dialog = the<JoinDialog>();
    const auto type = [&](const QString &field, const QString &text) {
        dialog->findChild<QLineEdit *>(field)->setText(text);
    };
    type(u"name"_s, u"web"_s);
    type(u"nameSpace"_s, u"taken"_s);
    type(u"hostname"_s, u"10.9.8.7"_s);
    type(u"port"_s, u"80"_s);
    QTest::mouseClick(buttonIn(dialog, u"Join 1"_s), Qt::LeftButton);
    auto *takeOver = buttonIn(dialog, u"Take over"_s);
    QTRY_VERIFY_WITH_TIMEOUT(takeOver->isVisible(), patience);
    QVERIFY2(textIn(dialog).contains(u"owner removed"_s), qPrintable(textIn(dialog)));
    QCOMPARE(m_cluster.get(Api::V3, record.key), record.value);
    QVERIFY(m_window->session()->registry().registrations().isEmpty());

    auto *elsewhere = buttonIn(dialog, u"Join on port 81"_s);
    QVERIFY(elsewhere && elsewhere->isVisible());
    QTest::mouseClick(elsewhere, Qt::LeftButton);
    QVERIFY(waitForRows(2));
    QCOMPARE(m_cluster.get(Api::V3, record.key), record.value);
}

void TestMainWindow::asksBeforeDisconnecting()
{
    connectTo(m_cluster.connectionString(u"/first?api=v3"_s));
    const QPointer<Session> session = m_window->session();
    action("disconnectAction")->trigger();
    QVERIFY(the<CloseDialog>() && the<CloseDialog>()->isVisible());
    the<CloseDialog>()->reject();
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    QCOMPARE(m_window->session(), session.data());
    action("disconnectAction")->trigger();
    QTest::mouseClick(buttonIn(the<CloseDialog>(), u"Disconnect"_s), Qt::LeftButton);
    QVERIFY(!m_window->session());
    QVERIFY(the<StartPage>()->isVisible());
    QCOMPARE(m_window->focusWidget(), m_window->findChild<QLineEdit *>(u"connectionField"_s));
    QTRY_VERIFY(!session);
}

void TestMainWindow::cancelsConnecting()
{
    QTcpServer silent;
    QVERIFY(silent.listen(QHostAddress::LocalHost));
    auto *field = m_window->findChild<QLineEdit *>(u"connectionField"_s);
    auto *cancel = m_window->findChild<QPushButton *>(u"cancelButton"_s);
    QSignalSpy failed(m_window.get(), &MainWindow::connectingFailed);
    QSignalSpy connected(m_window.get(), &MainWindow::connected);
    for (const bool byKey : {false, true}) {
        field->setText(u"127.0.0.1:%1"_s.arg(silent.serverPort()));
        QTest::keyClick(field, Qt::Key_Return);
        QVERIFY(cancel->isVisible());
        QCOMPARE(m_window->focusWidget(), cancel);
        if (byKey)
            QTest::keyClick(cancel, Qt::Key_Escape);
        else
            QTest::mouseClick(cancel, Qt::LeftButton);
        QVERIFY(!cancel->isVisible());
        QVERIFY(field->isEnabled());
        QCOMPARE(m_window->focusWidget(), field);
    }
    QTest::qWait(300);
    QCOMPARE(m_window->findChildren<InstancePanel *>().size(), 0);
    QCOMPARE(failed.size() + connected.size(), 0);
}

/// What the command line said is for the first connection.
void TestMainWindow::choosesOnce()
{
    QVERIFY(m_cluster.put(Api::V3, u"services/first/web/1"_s, "{}"));
    m_window->chooseWhenConnected(u"first/web"_s);
    connectTo(m_cluster.connectionString(u"?api=v3"_s));
    QCOMPARE(the<ServiceTree>()->scope(), (Scope{u"first"_s, u"web"_s}));
    connectTo(m_cluster.connectionString(u"/?api=v3"_s));
    QTRY_COMPARE(m_window->findChildren<ServiceTree *>().size(), 1);
    QCOMPARE(the<ServiceTree>()->scope(), Scope());
}

void TestMainWindow::hasRoomForLongNames()
{
    m_window->resize(1024, 700);
    connectTo(m_cluster.connectionString(
        u"/production/eu-central-1/shop/a-rather-long-name-of-a-namespace?api=v3"_s));
    QTest::qWait(50);
    auto *bar = m_window->findChild<QToolBar *>();
    QVERIFY(m_window->findChild<FilterField *>()->isVisible());
    QVERIFY(m_window->findChild<StateChips *>()->isVisible());
    for (QAction *each : bar->actions())
        QVERIFY(bar->widgetForAction(each)->isVisible());
    QVERIFY(m_window->findChild<ConnectionButton *>()->accessibleName().contains(u"shop"_s));
}

/// Each control can be told by who can't see it, and each button has a key.
void TestMainWindow::namesEveryControl()
{
    QStringList missing;
    const auto walk = [&](const QWidget *window) {
        for (QWidget *each : window->findChildren<QWidget *>()) {
            const QString name = each->objectName();
            const bool internal =
                name.startsWith(u"qt_") || each->inherits("QLineEditIconButton")
                || (each->parentWidget() && each->parentWidget()->inherits("QTabBar"));
            if (!each->isVisible() || each->window() != window || internal)
                continue;
            const auto *button = qobject_cast<QAbstractButton *>(each);
            if (each->focusPolicy() == Qt::NoFocus && !button)
                continue;
            QAccessibleInterface *face = QAccessible::queryAccessibleInterface(each);
            const QString what = u"%1 %2 in %3: "_s.arg(
                QLatin1StringView(each->metaObject()->className()), name, window->windowTitle());
            if (!each->inherits("QTabBar") && !qobject_cast<const QSplitter *>(each)
                && (!face || face->text(QAccessible::Name).isEmpty()))
                missing += what + u"name"_s;
            if (button && button->shortcut().isEmpty())
                missing += what + u"key of "_s + button->text();
        }
    };
    m_window->resize(1280, 800);
    walk(m_window.get());
    QVERIFY(m_cluster.put(Api::V3, u"services/first/web/1"_s, "{}"));
    connectTo(m_cluster.connectionString(u"/first?api=v3"_s));
    join(u"first"_s, u"held"_s, 80, u"60"_s);
    QVERIFY(waitForRows(m_window->session()->rows().size() > 1 ? table()->model()->rowCount() : 2));
    auto *tabs = m_window->findChild<QTabWidget *>();
    table()->setCurrentIndex(table()->model()->index(0, 0));
    for (int i = 0; i < tabs->count(); ++i) {
        tabs->setCurrentIndex(i);
        walk(m_window.get());
        if (QKeySequence::mnemonic(tabs->tabText(i)).isEmpty())
            missing += tabs->tabText(i);
    }
    const auto walkDialogs = [&] {
        for (QDialog *dialog : m_window->findChildren<QDialog *>()) {
            if (dialog->isVisible()) {
                walk(dialog);
                dialog->deleteLater();
            }
        }
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    };
    for (const char *name : {"joinAction", "joinLikeAction", "inspectAction", "leaveAction",
                             "disconnectAction", "aboutAction"}) {
        action(name)->trigger();
        QVERIFY2(!m_window->findChildren<QDialog *>().isEmpty(), name);
        walkDialogs();
    }
    action("editScenarioAction")->trigger();
    auto *scenario = the<ScenarioDialog>();
    walk(scenario);
    scenario->findChild<QPlainTextEdit *>()->insertPlainText(u" "_s);
    scenario->reject();
    auto *box = scenario->findChild<QMessageBox *>();
    QVERIFY(box && box->isVisible());
    walk(box);
    QVERIFY2(missing.isEmpty(), qPrintable(missing.join(u'\n')));
    QTest::mouseClick(buttonIn(box, u"Discard"_s), Qt::LeftButton);
}

void TestMainWindow::tabReachesEveryControl()
{
    m_window->resize(1280, 800);
    QVERIFY(m_cluster.put(Api::V3, u"services/first/web/1"_s, "{}"));
    connectTo(m_cluster.connectionString(u"/first?api=v3"_s));
    QVERIFY(QTest::qWaitFor([this] { return table()->model()->rowCount() > 0; }, patience));
    table()->setCurrentIndex(table()->model()->index(0, 0));
    focusTable();
    QSet<QWidget *> reached;
    for (int i = 0; i < 60; ++i) {
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
        reached.insert(QApplication::focusWidget());
    }
    QStringList missed;
    for (QWidget *each : m_window->findChildren<QWidget *>()) {
        if (each->window() == m_window.get() && each->isVisible() && each->isEnabled()
            && (each->focusPolicy() & Qt::TabFocus) && !each->focusProxy()
            && !each->objectName().startsWith(u"qt_") && !reached.contains(each))
            missed +=
                QLatin1StringView(each->metaObject()->className()) + u' ' + each->objectName();
    }
    QVERIFY2(missed.isEmpty(), qPrintable(missed.join(u'\n')));
}

/// A key that edits text does nothing else while one types in another field.
void TestMainWindow::takesNoKeysFromTextFields()
{
    QSet<QKeySequence> editing;
    for (int key = QKeySequence::Copy; key <= QKeySequence::Backspace; ++key) {
        const auto standard = QKeySequence::StandardKey(key);
        static const QSet<int> others{
            QKeySequence::Find,   QKeySequence::Open,      QKeySequence::New,
            QKeySequence::Print,  QKeySequence::Refresh,   QKeySequence::Quit,
            QKeySequence::Close,  QKeySequence::Save,      QKeySequence::Replace,
            QKeySequence::ZoomIn, QKeySequence::AddTab,    QKeySequence::Italic,
            QKeySequence::Bold,   QKeySequence::Underline, QKeySequence::FullScreen};
        if (others.contains(key))
            continue;
        for (const QKeySequence &each : QKeySequence::keyBindings(standard))
            editing.insert(each);
    }
    editing.insert(QKeySequence(u"Ctrl+Backspace"_s));
    for (const QAction *each : m_window->findChildren<QAction *>()) {
        if (each->shortcutContext() == Qt::WidgetShortcut)
            continue;
        for (const QKeySequence &key : each->shortcuts())
            QVERIFY2(!editing.contains(key), qPrintable(each->text() + u' ' + key.toString()));
    }
}

void TestMainWindow::namesANodeOfAnotherCluster()
{
    EtcdCluster other;
    QVERIFY2(other.start(), qPrintable(other.error()));
    const QUrl stranger = other.endpoints().first();
    connectTo(m_cluster.endpoints().first().toString() + u',' + stranger.toString()
              + u"/?api=v3"_s);
    auto *notice = the<NoticeBar>();
    QTRY_VERIFY_WITH_TIMEOUT(notice->isVisible(), patience);
    QVERIFY2(textIn(notice).contains(stranger.authority() + u" belongs to another cluster"_s),
             qPrintable(textIn(notice)));
    QTest::mouseClick(buttonIn(notice, u"Show the nodes"_s), Qt::LeftButton);
    QVERIFY(!notice->isVisible());
    QVERIFY(the<NodesPanel>()->isVisible());
    QTest::qWait(6000); // it is told once
    QVERIFY(!notice->isVisible());
}

void TestMainWindow::endsTheDemoThatDied()
{
    QSignalSpy connected(m_window.get(), &MainWindow::connected);
    m_window->startDemo();
    QVERIFY(connected.wait(30000));
    const int port = m_window->session()->connection().endpoints.first().port();
    QProcess list;
    list.start(u"pgrep"_s, {u"-f"_s, u"^[^ ]*etcd --name.*:%1"_s.arg(port)});
    QVERIFY(list.waitForFinished());
    const QString etcd = QString::fromUtf8(list.readAll()).trimmed();
    QVERIFY(!etcd.isEmpty() && !etcd.contains(u'\n'));
    QSignalSpy failed(m_window.get(), &MainWindow::connectingFailed);
    QProcess::execute(u"kill"_s, {u"-9"_s, etcd});
    QVERIFY(failed.wait(patience));
    QVERIFY(the<StartPage>()->isVisible());
    QVERIFY(!m_window->session());
    QVERIFY(textIn(the<StartPage>()).contains(u"has ended"_s));
    QTest::qWait(100);
}

void TestMainWindow::endsWhateverIsHeld_data()
{
    QTest::addColumn<bool>("unsaved");
    QTest::newRow("held") << false;
    QTest::newRow("and a scenario that is not saved") << true;
}

/// A signal ends the program although leaving fails, and windows would ask.
void TestMainWindow::endsWhateverIsHeld()
{
    QFETCH(bool, unsaved);
    EtcdCluster cluster;
    QVERIFY2(cluster.start(), qPrintable(cluster.error()));
    connectTo(cluster.connectionString(u"/held?api=v3"_s));
    join(u"held"_s, u"web"_s, 80, u"60"_s);
    if (unsaved)
        the<ScenarioDialog>()->findChild<QPlainTextEdit *>()->insertPlainText(u" "_s);
    QVERIFY(cluster.kill(0));
    QElapsedTimer timer;
    timer.start();
    QTimer::singleShot(0, this, [this] { leaveAndExit(m_window->session()); });
    QTimer late;
    connect(&late, &QTimer::timeout, this, [] { QCoreApplication::exit(1); });
    late.start(8000);
    QCOMPARE(QCoreApplication::exec(), 0);
    QVERIFY2(timer.elapsed() < 4500, qPrintable(QString::number(timer.elapsed())));
}

QTEST_MAIN(TestMainWindow)
#include "tst_mainwindow.moc"
