// SPDX-License-Identifier: MIT
#include "mainwindow.h"

#include "browser.h"
#include "closedialog.h"
#include "commands.h"
#include "connectionbutton.h"
#include "copyas.h"
#include "filterfield.h"
#include "instancepanel.h"
#include "page.h"
#include "scenarios.h"
#include "session.h"
#include "statechips.h"
#include "tableview.h"
#include "theme.h"
#include "ui_mainwindow.h"
#include "weburls.h"

#include <QActionGroup>
#include <QClipboard>
#include <QCloseEvent>
#include <QMessageBox>
#include <QSettings>
#include <QToolButton>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

namespace {

constexpr int mostRecent = 10;
constexpr int narrow = 1200;    ///< less room than that makes the tool bar say less
constexpr int veryNarrow = 960; ///< and have less

} // namespace

MainWindow::MainWindow(QSettings &settings, QWidget *parent)
    : QMainWindow(parent)
    , m_ui(std::make_unique<Ui::MainWindow>())
    , m_settings(settings)
    , m_connectionButton(new ConnectionButton)
    , m_chips(new StateChips)
    , m_filter(new FilterField)
{
    m_ui->setupUi(this);
    setMinimumSize(800, 500);
    setUpToolBar();
    setUpActions();
    setUpViewActions();
    setUpStartPage();
    qApp->installEventFilter(this);
    restoreGeometry(settings.value("window/geometry"_L1).toByteArray());
    fitScreen();
    showStartPage();
}

MainWindow::~MainWindow() = default;

/// No larger than the screen has room, whatever was remembered of another one.
void MainWindow::fitScreen()
{
    constexpr int titleBar = 32; // what it will be is not known before the window is shown
    const QSize room = screen()->availableGeometry().size() - QSize(0, titleBar);
    setMinimumSize(minimumSize().boundedTo(room));
    if (!isMaximized() && !isFullScreen())
        resize(size().boundedTo(room));
}

void MainWindow::setUpStartPage()
{
    StartPage *page = m_ui->startPage;
    connect(page, &StartPage::connectRequested, this, &MainWindow::connectTo);
    connect(page, &StartPage::demoRequested, this, &MainWindow::startDemo);
    connect(page, &StartPage::cancelRequested, this, &MainWindow::cancelConnecting);
    connect(page, &StartPage::backRequested, this, &MainWindow::showPage);
    connect(page, &StartPage::recentRemoved, this, [this](const QString &connection) {
        QStringList recent = m_settings.value("recent"_L1).toStringList();
        recent.removeAll(connection);
        m_settings.setValue("recent"_L1, recent);
    });
    page->setRecent(m_settings.value("recent"_L1).toStringList());
}

/// In the order of the form.
void MainWindow::showInToolBar(QAction *action, bool shown)
{
    QToolBar *bar = m_ui->toolBar;
    const bool isThere = bar->actions().contains(action);
    if (isThere && !shown) {
        bar->removeAction(action);
    } else if (!isThere && shown) {
        bar->insertAction(action == m_ui->inspectAction ? m_ui->leaveAction : m_afterButtons,
                          action);
        bar->widgetForAction(action)->setFocusPolicy(Qt::TabFocus);
    }
}

void MainWindow::setUpToolBar()
{
    QToolBar *bar = m_ui->toolBar;
    QAction *first = m_ui->joinAction;
    bar->insertWidget(first, m_connectionButton);
    m_connectionButton->setMenu(m_ui->connectionMenu);
    bar->widgetForAction(m_ui->joinAction)->setProperty("primary", true);
    for (QAction *action :
         {m_ui->joinAction, m_ui->inspectAction, m_ui->leaveAction, m_ui->pauseAction})
        bar->widgetForAction(action)->setFocusPolicy(Qt::TabFocus);

    auto *space = new QWidget;
    space->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    m_afterButtons = bar->addWidget(space);
    bar->addWidget(m_chips);
    m_filter->setMinimumWidth(140);
    m_filter->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    bar->addWidget(m_filter);
    connect(m_chips, &StateChips::chosen, this, [this](std::optional<InstanceState> state) {
        m_page->browser()->setScope({}); // what was counted is everywhere
        m_page->browser()->setStateFilter(state);
    });
    connect(m_filter, &FilterField::filterChanged, this, [this](const InstanceFilter &filter) {
        if (m_page)
            m_page->browser()->setFilter(filter);
    });
}

// ---- the connection

Session *MainWindow::session() const
{
    return m_page ? m_page->session() : nullptr;
}

void MainWindow::connectTo(const QString &connectionString)
{
    whenFree([this, connectionString] {
        showStartPage();
        m_attempt = newPage();
        m_ui->startPage->setConnecting(connectionString);
        const Result<ConnectionString> connection = ConnectionString::parse(connectionString);
        if (!connection) {
            m_attempt.reset();
            return failConnecting(connection.error().message());
        }
        m_attempt->open(*connection);
    });
}

void MainWindow::startDemo()
{
    whenFree([this] {
        showStartPage();
        m_attempt = newPage();
        m_ui->startPage->setStartingDemo();
        m_attempt->openDemo();
    });
}

std::unique_ptr<Page> MainWindow::newPage()
{
    if (m_attempt)
        m_attempt.release()->end();
    auto page = std::make_unique<Page>(m_settings, m_ui->notice, this);
    connect(page.get(), &Page::listed, this, &MainWindow::connectionListed);
    connect(page.get(), &Page::failed, this, [this, page = page.get()](const QString &message) {
        if (page == m_page.get()) // its demo cluster has ended
            endPage();
        else
            m_attempt.release()->end();
        failConnecting(message);
    });
    return page;
}

void MainWindow::failConnecting(const QString &message)
{
    showStartPage();
    m_ui->startPage->showError(message);
    Q_EMIT connectingFailed(message);
}

void MainWindow::cancelConnecting()
{
    m_attempt.release()->end();
    m_ui->startPage->setBusy(false);
    m_ui->startPage->setFocus();
}

/// The attempt takes the place of what was shown.
void MainWindow::connectionListed()
{
    endPage();
    m_page = std::move(m_attempt);
    m_page->begin();
    Browser *browser = m_page->browser();
    Session *session = m_page->session();
    browser->setWorstFirst(m_ui->worstFirstAction->isChecked());
    browser->setFlashing(m_ui->flashAction->isChecked());
    m_ui->pages->addWidget(browser);
    connect(m_page->scenarios(), &Scenarios::runningChanged, this, &MainWindow::updateActions);
    connect(session, &Session::registrationsChanged, this, &MainWindow::updateActions);
    connect(browser, &Browser::selectionChanged, this, &MainWindow::updateActions);
    connect(browser, &Browser::joinRequested, m_ui->joinAction, &QAction::trigger);
    connect(browser, &Browser::clearFilterRequested, this, &MainWindow::clearFilter);
    connect(browser, &Browser::leaveRequested, m_page->commands(), &Commands::leave);
    const auto showCounts = [this, session] {
        m_chips->setCounts(session->counts());
        updateActions();
    };
    const auto showStatus = [this, session] { m_ui->statusLine->show(*session); };
    connect(session, &Session::updated, this, showCounts);
    connect(session, &Session::ticked, this, showStatus);
    connect(session, &Session::nodesChanged, this, showStatus);
    connect(session, &Session::freshnessChanged, this, showStatus);
    showCounts();
    showStatus();

    TableView *table = browser->instances()->table();
    table->addActions({m_ui->inspectAction, m_ui->leaveAction, m_ui->joinLikeAction});
    auto *separator = new QAction(table);
    separator->setSeparator(true);
    table->addActions({separator, m_ui->copyUrlAction, m_ui->copyKeyAction,
                       m_ui->copyDocumentAction, m_ui->copyAsMenu->menuAction(),
                       m_ui->openUrlAction});
    connect(table, &QAbstractItemView::doubleClicked, m_ui->inspectAction, &QAction::trigger);

    if (!m_page->isDemo())
        rememberConnection();
    m_ui->startPage->setConnected();
    showPage();
    if (const QString choice = std::exchange(m_choice, {}); !choice.isEmpty()) {
        const auto slash = choice.lastIndexOf(u'/');
        browser->choose({choice.first(std::max<qsizetype>(slash, 0)), choice.sliced(slash + 1)});
    }
    Q_EMIT connected();
}

bool MainWindow::isConnected() const
{
    return m_page && m_ui->pages->currentWidget() == m_page->browser();
}

void MainWindow::showPage()
{
    const QString &name = m_page->name();
    m_ui->pages->setCurrentWidget(m_page->browser());
    m_page->browser()->instances()->table()->setFocus();
    m_connectionButton->setConnection(name,
                                      m_page->isDemo() ? name : session()->connection().toString());
    setWindowTitle(tr("%1 — etcd registry browser").arg(name)); // the dash that Qt puts there
    m_ui->toolBar->show();
    m_ui->statusLine->QWidget::show();
    updateActions();
}

/// A page that is there stays, and can be returned to.
void MainWindow::showStartPage()
{
    m_ui->pages->setCurrentWidget(m_ui->startPage);
    m_ui->startPage->setBack(m_page ? m_page->name() : QString());
    m_ui->startPage->setFocus();
    m_ui->toolBar->hide();
    m_ui->statusLine->hide();
    setWindowTitle(tr("etcd registry browser"));
    updateActions();
}

void MainWindow::rememberConnection()
{
    const QString connection = session()->connection().toString();
    QStringList recent = m_settings.value("recent"_L1).toStringList();
    recent.removeAll(connection);
    recent.prepend(connection);
    m_settings.setValue("recent"_L1, QStringList(recent.mid(0, mostRecent)));
    m_ui->startPage->setRecent(recent.mid(0, mostRecent));
}

/// What it holds is dropped: see askToEnd().
void MainWindow::endPage()
{
    if (!m_page)
        return;
    session()->disconnect(this);
    m_page->disconnect(this);
    m_page.release()->end();
    clearFilter();
    m_ui->pauseAction->setChecked(false);
    m_ui->notice->hide();
}

/// A new connection takes the place of this one by itself, unless something would be lost.
void MainWindow::whenFree(const std::function<void()> &next)
{
    if (m_page
        && (!session()->registry().registrations().isEmpty() || m_page->scenarios()->isUnsaved()))
        askToEnd(false, next);
    else
        next();
}

/// Ends the page, and goes on with `next`, unless the user, asked, objects.
void MainWindow::askToEnd(bool closing, const std::function<void()> &next)
{
    if (m_page->scenarios()->isUnsaved())
        return m_page->scenarios()->whenSaved([this, closing, next] { askToEnd(closing, next); });
    const auto held = session()->registry().registrations().size();
    const auto end = [this, next] {
        endPage();
        showStartPage();
        next();
    };
    if (held == 0 && closing)
        return end();
    auto *dialog = new CloseDialog(int(held), m_page->name(), closing, this);
    connect(dialog, &CloseDialog::expireChosen, this, end);
    connect(dialog, &CloseDialog::leaveChosen, this, [this, closing, end] {
        auto *answer = new QObject(session()); // for one answer
        connect(session(), &Session::leftAll, answer, end);
        connect(session(), &Session::leavingFailed, answer,
                [this, closing, end, answer](const QString &why) {
                    answer->deleteLater();
                    m_ui->notice->show(
                        why, closing ? tr("Close an&yway") : tr("Disconnect an&yway"), end);
                });
        session()->leaveAll();
    });
    dialog->open();
}

void MainWindow::closeEvent(QCloseEvent *event)
{
    if (m_page
        && (!session()->registry().registrations().isEmpty() || m_page->scenarios()->isUnsaved())) {
        event->ignore();
        return askToEnd(true, [this] { close(); });
    }
    if (m_attempt)
        m_attempt.release()->end();
    endPage();
    m_settings.setValue("window/geometry"_L1, saveGeometry());
    QMainWindow::closeEvent(event);
}

void MainWindow::resizeEvent(QResizeEvent *event)
{
    QMainWindow::resizeEvent(event);
    m_chips->setCompact(width() < narrow);
    // What the menus have too makes room for the filter.
    for (QAction *action : {m_ui->inspectAction, m_ui->pauseAction})
        showInToolBar(action, width() >= veryNarrow);
}

/// A button that has the keyboard is pressed by Enter too, as it is in dialogs.
bool MainWindow::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent *>(event)->key();
        auto *button = qobject_cast<QAbstractButton *>(watched);
        if (button && button->window() == this && (key == Qt::Key_Return || key == Qt::Key_Enter)) {
            button->click();
            return true;
        }
    }
    return QMainWindow::eventFilter(watched, event);
}

} // namespace EtcdRegistry
