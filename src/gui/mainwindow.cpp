// SPDX-License-Identifier: MIT
#include "mainwindow.h"

#include "browser.h"
#include "closedialog.h"
#include "commands.h"
#include "connectionbutton.h"
#include "copyas.h"
#include "demosession.h"
#include "filterfield.h"
#include "instancepanel.h"
#include "journal.h"
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
constexpr int narrow = 1200; ///< less room than that makes the tool bar say less

/// What people call the cluster: its first node, and the namespace if we look at one only.
QString clusterName(const ConnectionString &connection)
{
    const QUrl url =
        connection.endpoints.isEmpty() ? connection.discovery : connection.endpoints.first();
    return connection.nameSpace.isEmpty()
               ? url.authority()
               : MainWindow::tr("%1 / %2").arg(url.authority(), connection.nameSpace);
}

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
    connect(m_ui->startPage, &StartPage::connectRequested, this, &MainWindow::connectTo);
    connect(m_ui->startPage, &StartPage::demoRequested, this, &MainWindow::startDemo);
    connect(m_ui->startPage, &StartPage::recentRemoved, this, [this](const QString &connection) {
        QStringList recent = m_settings.value("recent"_L1).toStringList();
        recent.removeAll(connection);
        m_settings.setValue("recent"_L1, recent);
    });
    m_ui->startPage->setRecent(settings.value("recent"_L1).toStringList());
    restoreGeometry(settings.value("window/geometry"_L1).toByteArray());
    closeSession();
}

MainWindow::~MainWindow()
{
    if (m_session)
        m_session->disconnect(this);
    delete m_browser; // before what it shows
    delete m_scenarios;
}

void MainWindow::setUpToolBar()
{
    QToolBar *bar = m_ui->toolBar;
    QAction *first = m_ui->joinAction;
    bar->insertWidget(first, m_connectionButton);
    m_connectionButton->setMenu(m_ui->connectionMenu);
    bar->widgetForAction(m_ui->joinAction)->setProperty("primary", true);

    auto *space = new QWidget;
    space->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    bar->addWidget(space);
    bar->addWidget(m_chips);
    m_filter->setMinimumWidth(140);
    m_filter->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    bar->addWidget(m_filter);
    connect(m_chips, &StateChips::chosen, this, [this](std::optional<InstanceState> state) {
        m_browser->setScope({}); // what was counted is everywhere
        m_browser->setStateFilter(state);
    });
    connect(m_filter, &FilterField::filterChanged, this, [this](const InstanceFilter &filter) {
        if (m_browser)
            m_browser->setFilter(filter);
    });
}

void MainWindow::setUpActions()
{
    const auto on = [this](QAction *action, auto slot) {
        connect(action, &QAction::triggered, this, slot);
    };
    on(m_ui->connectAction, [this] { endSession([] {}); });
    on(m_ui->disconnectAction, [this] { endSession([] {}); });
    on(m_ui->demoAction, &MainWindow::startDemo);
    on(m_ui->quitAction, &QWidget::close);
    on(m_ui->joinAction, [this] { m_commands->join(m_browser->joinTemplate()); });
    on(m_ui->joinLikeAction,
       [this] { m_commands->join(serviceLike(*selectedRows().first().instance)); });
    on(m_ui->inspectAction, [this] { m_commands->inspect(selectedRows()); });
    on(m_ui->leaveAction, [this] {
        QList<Instance> instances;
        for (const Row &row : selectedRows())
            instances.append(*row.instance);
        m_commands->leave(instances);
    });
    on(m_ui->copyUrlAction, [this] { copy([](const Instance &i) { return i.url; }); });
    on(m_ui->copyKeyAction, [this] { copy([](const Instance &i) { return i.key; }); });
    on(m_ui->copyDocumentAction,
       [this] { copy([](const Instance &i) { return QString::fromUtf8(i.document); }); });
    for (const CopyFormat &format : copyFormats()) {
        on(m_ui->copyAsMenu->addAction(format.label),
           [this, &format] { m_commands->copyAs(format, selectedRows()); });
    }
    on(m_ui->openUrlAction, [this] { m_commands->openUrls(selectedRows()); });
    on(m_ui->openScenarioAction, [this] { m_scenarios->openAndRun(); });
    on(m_ui->editScenarioAction, [this] { m_scenarios->edit(); });
    on(m_ui->stopScenarioAction, [this] { m_scenarios->stop(); });
    on(m_ui->saveHeldAction, [this] { m_scenarios->saveHeld(); });
    on(m_ui->refreshAction, [this] { m_session->refresh(); });
    on(m_ui->pauseAction, [this](bool paused) { m_session->setPaused(paused); });
    on(m_ui->journalAction, [this] { m_browser->showJournal(); });
    on(m_ui->filterAction, [this] {
        m_filter->setFocus(Qt::ShortcutFocusReason);
        m_filter->selectAll();
    });
    on(m_ui->clearFilterAction, [this] { clearFilter(); });
    on(m_ui->aboutAction, [this] { showAbout(); });
    const auto remember = [this](QAction *action, QLatin1StringView name, bool byDefault,
                                 void (Browser::*set)(bool)) {
        action->setChecked(m_settings.value(name, byDefault).toBool());
        connect(action, &QAction::toggled, this, [this, name, set](bool on) {
            m_settings.setValue(name, on);
            if (m_browser)
                (m_browser->*set)(on);
        });
    };
    remember(m_ui->worstFirstAction, "view/worstFirst"_L1, false, &Browser::setWorstFirst);
    remember(m_ui->flashAction, "view/flash"_L1, true, &Browser::setFlashing);
    // Keys that mean something else in a text field act in the table only.
    m_ui->inspectAction->setShortcuts({Qt::Key_Return, Qt::Key_Enter});
    for (QAction *action : {m_ui->inspectAction, m_ui->leaveAction})
        action->setShortcutContext(Qt::WidgetShortcut);

    auto *schemes = new QActionGroup(this);
    const QString current = m_settings.value("scheme"_L1).toString();
    for (const auto &[action, name, scheme] :
         {std::tuple{m_ui->schemeSystemAction, "system"_L1, Theme::Scheme::System},
          std::tuple{m_ui->schemeLightAction, "light"_L1, Theme::Scheme::Light},
          std::tuple{m_ui->schemeDarkAction, "dark"_L1, Theme::Scheme::Dark}}) {
        schemes->addAction(action);
        action->setChecked(name == current || (current.isEmpty() && name == "system"_L1));
        on(action, [this, name = name, scheme = scheme] {
            m_settings.setValue("scheme"_L1, QString(name));
            Theme::apply(*qApp, scheme);
        });
    }

    connect(m_ui->statusLine, &StatusLine::retryRequested, m_ui->refreshAction, &QAction::trigger);
    connect(m_ui->statusLine, &StatusLine::resumeRequested, m_ui->pauseAction, &QAction::trigger);
}

// ---- the connection

void MainWindow::connectTo(const QString &connectionString)
{
    endSession([this, connectionString] {
        m_ui->startPage->setConnecting(connectionString);
        const Result<ConnectionString> connection = ConnectionString::parse(connectionString);
        if (connection)
            open(*connection, clusterName(*connection));
        else
            failConnecting(connection.error().message());
    });
}

void MainWindow::startDemo()
{
    endSession([this] {
        m_ui->startPage->setStartingDemo();
        m_demo = std::make_unique<DemoSession>();
        connect(m_demo.get(), &DemoSession::failed, this, &MainWindow::failConnecting);
        connect(m_demo.get(), &DemoSession::ready, this, [this](const QString &text) {
            if (const auto connection = ConnectionString::parse(text))
                open(*connection, tr("demo cluster"));
        });
        m_demo->start();
    });
}

void MainWindow::open(const ConnectionString &connection, const QString &name)
{
    m_name = name;
    m_session = std::make_unique<Session>(
        connection,
        m_demo ? QString() // its cluster goes with the window
               : m_settings.value("journal/folder"_L1, Journal::defaultFolder()).toString());
    connect(m_session.get(), &Session::freshnessChanged, this, &MainWindow::freshnessChanged);
    m_session->start();
}

void MainWindow::freshnessChanged()
{
    if (m_session->freshness() == Session::Freshness::Connecting) {
        if (m_session->status().error)
            failConnecting(m_session->status().error->message());
        else if (m_session->cluster() && !m_browser)
            makeBrowser();
    } else {
        if (!isConnected())
            showBrowser();
        m_ui->statusLine->show(*m_session);
        updateActions();
    }
}

void MainWindow::failConnecting(const QString &message)
{
    closeSession();
    m_ui->startPage->showError(message);
    Q_EMIT connectingFailed(message);
}

/// While the first listing is on its way, so that what it brings is shown at once.
void MainWindow::makeBrowser()
{
    Session *session = m_session.get();
    m_browser = new Browser(*session, m_settings);
    m_browser->setWorstFirst(m_ui->worstFirstAction->isChecked());
    m_browser->setFlashing(m_ui->flashAction->isChecked());
    m_commands = new Commands(*session, m_name, m_ui->notice, this);
    m_scenarios = new Scenarios(*session, m_ui->notice, this);
    connect(m_scenarios, &Scenarios::runningChanged, this, &MainWindow::updateActions);
    connect(session, &Session::registrationsChanged, this, &MainWindow::updateActions);
    m_ui->pages->addWidget(m_browser);
    connect(m_browser, &Browser::selectionChanged, this, &MainWindow::updateActions);
    connect(m_browser, &Browser::joinRequested, m_ui->joinAction, &QAction::trigger);
    connect(m_browser, &Browser::clearFilterRequested, this, &MainWindow::clearFilter);
    connect(m_browser, &Browser::leaveRequested, m_commands, &Commands::leave);
    connect(session, &Session::updated, this, [this] {
        m_chips->setCounts(m_session->counts());
        updateActions();
    });
    connect(session, &Session::ticked, this, [this] { m_ui->statusLine->show(*m_session); });
    connect(session, &Session::nodesChanged, this, [this] { m_ui->statusLine->show(*m_session); });

    TableView *table = m_browser->instances()->table();
    table->addActions({m_ui->inspectAction, m_ui->leaveAction, m_ui->joinLikeAction});
    auto *separator = new QAction(table);
    separator->setSeparator(true);
    table->addActions({separator, m_ui->copyUrlAction, m_ui->copyKeyAction,
                       m_ui->copyDocumentAction, m_ui->copyAsMenu->menuAction(),
                       m_ui->openUrlAction});
    connect(table, &QAbstractItemView::doubleClicked, m_ui->inspectAction, &QAction::trigger);
}

bool MainWindow::isConnected() const
{
    return m_browser && m_ui->pages->currentWidget() == m_browser;
}

void MainWindow::showBrowser()
{
    m_ui->pages->setCurrentWidget(m_browser);
    m_browser->instances()->table()->setFocus();
    m_connectionButton->setConnection(m_name, m_demo ? m_name : m_session->connection().toString());
    setWindowTitle(tr("%1 – etcd registry browser").arg(m_name));
    m_ui->toolBar->show();
    m_ui->statusLine->QWidget::show();
    m_ui->startPage->setBusy(false);
    if (!m_demo)
        rememberConnection();
    updateActions();
    if (!m_choice.isEmpty()) {
        const auto slash = m_choice.lastIndexOf(u'/');
        m_browser->choose(
            {m_choice.first(std::max<qsizetype>(slash, 0)), m_choice.sliced(slash + 1)});
    }
    Q_EMIT connected();
}

void MainWindow::rememberConnection()
{
    const QString connection = m_session->connection().toString();
    QStringList recent = m_settings.value("recent"_L1).toStringList();
    recent.removeAll(connection);
    recent.prepend(connection);
    m_settings.setValue("recent"_L1, QStringList(recent.mid(0, mostRecent)));
    m_ui->startPage->setRecent(recent.mid(0, mostRecent));
}

/// Back to the start page. What we hold is dropped: see endSession().
void MainWindow::closeSession()
{
    const auto dialogs = findChildren<QDialog *>();
    for (QDialog *dialog : dialogs)
        dialog->deleteLater();
    delete std::exchange(m_browser, nullptr);
    delete std::exchange(m_commands, nullptr);
    delete std::exchange(m_scenarios, nullptr);
    if (m_session) {
        m_session->disconnect(this);
        m_session.release()->deleteLater(); // it may be what called us
    }
    m_demo.reset();
    clearFilter();
    m_ui->pages->setCurrentWidget(m_ui->startPage);
    m_ui->pauseAction->setChecked(false);
    m_ui->startPage->setBusy(false);
    m_ui->toolBar->hide();
    m_ui->statusLine->hide();
    m_ui->notice->hide();
    setWindowTitle(tr("etcd registry browser"));
    updateActions();
}

/// Ends the session, and goes on with `next` unless the user, asked about what we hold, objects.
void MainWindow::endSession(const std::function<void()> &next)
{
    if (m_scenarios && m_scenarios->isUnsaved())
        return m_scenarios->whenSaved([this, next] { endSession(next); });
    const auto held = m_session ? m_session->registry().registrations().size() : 0;
    const auto end = [this, next] {
        closeSession();
        next();
    };
    if (held == 0)
        return end();
    auto *dialog = new CloseDialog(int(held), m_name, this);
    connect(dialog, &CloseDialog::expireChosen, this, end);
    connect(dialog, &CloseDialog::leaveChosen, this, [this, end] {
        connect(m_session.get(), &Session::leftAll, this, end);
        connect(m_session.get(), &Session::leavingFailed, this, [this, end](const QString &why) {
            m_ui->notice->show(why, tr("Close anyway"), end);
        });
        m_session->leaveAll();
    });
    dialog->open();
}

void MainWindow::closeEvent(QCloseEvent *event)
{
    if (m_session
        && (!m_session->registry().registrations().isEmpty()
            || (m_scenarios && m_scenarios->isUnsaved()))) {
        event->ignore();
        endSession([this] { close(); });
        return;
    }
    closeSession();
    m_settings.setValue("window/geometry"_L1, saveGeometry());
    QMainWindow::closeEvent(event);
}

void MainWindow::resizeEvent(QResizeEvent *event)
{
    QMainWindow::resizeEvent(event);
    m_chips->setCompact(width() < narrow);
}

// ---- what can be done

void MainWindow::updateActions()
{
    const bool connected = isConnected();
    const bool chosen =
        connected && m_browser->instances()->table()->selectionModel()->hasSelection();
    for (QAction *action : {m_ui->disconnectAction, m_ui->joinAction, m_ui->refreshAction,
                            m_ui->pauseAction, m_ui->openScenarioAction, m_ui->editScenarioAction,
                            m_ui->journalAction, m_ui->filterAction, m_ui->clearFilterAction})
        action->setEnabled(connected);
    for (QAction *action : {m_ui->joinLikeAction, m_ui->inspectAction, m_ui->leaveAction,
                            m_ui->copyUrlAction, m_ui->copyKeyAction, m_ui->copyDocumentAction})
        action->setEnabled(chosen);
    const auto isAnyChosen = [&](bool (*is)(const Instance &)) {
        return chosen && m_browser->instances()->isAnySelected(is);
    };
    m_ui->copyAsMenu->menuAction()->setEnabled(isAnyChosen([](const Instance &instance) {
        return instance.problem != Instance::Problem::NotAnObject;
    }));
    m_ui->openUrlAction->setEnabled(
        isAnyChosen([](const Instance &instance) { return webUrl(instance.url).has_value(); }));
    m_ui->stopScenarioAction->setEnabled(connected && m_scenarios->isRunning());
    m_ui->saveHeldAction->setEnabled(connected && !m_session->registry().registrations().isEmpty());
    m_ui->pauseAction->setText(m_ui->pauseAction->isChecked() ? tr("&Resume") : tr("&Pause"));
}

QList<Row> MainWindow::selectedRows() const
{
    return m_browser->instances()->selectedRows();
}

void MainWindow::clearFilter()
{
    m_filter->clear();
    m_chips->choose(std::nullopt);
    if (m_browser)
        m_browser->setStateFilter(std::nullopt);
}

void MainWindow::copy(const std::function<QString(const Instance &)> &textOf)
{
    QStringList texts;
    for (const Row &row : selectedRows())
        texts.append(textOf(*row.instance));
    QGuiApplication::clipboard()->setText(texts.join(u'\n'));
}

void MainWindow::showAbout()
{
    auto *box = new QMessageBox(
        QMessageBox::NoIcon, tr("About"),
        tr("<b>etcd registry browser %1</b><p>See every service registered in an etcd cluster: "
           "the format of the npm package etcd-registry, in either of etcd's stores.<p>MIT licence")
            .arg(QCoreApplication::applicationVersion()),
        QMessageBox::Close, this);
    box->setTextFormat(Qt::RichText);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->open();
}

} // namespace EtcdRegistry
