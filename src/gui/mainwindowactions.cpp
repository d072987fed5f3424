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

void MainWindow::setUpActions()
{
    const auto on = [this](QAction *action, auto slot) {
        connect(action, &QAction::triggered, this, slot);
    };
    on(m_ui->connectAction, &MainWindow::showStartPage);
    on(m_ui->disconnectAction, [this] { askToEnd(false, [] {}); });
    on(m_ui->demoAction, &MainWindow::startDemo);
    on(m_ui->quitAction, &QWidget::close);
    on(m_ui->joinAction, [this] { m_page->commands()->join(m_page->browser()->joinTemplate()); });
    on(m_ui->joinLikeAction, [this] {
        if (const QList<Row> rows = selectedRows(); !rows.isEmpty())
            m_page->commands()->joinLike(*rows.first().instance);
    });
    on(m_ui->inspectAction, [this] { m_page->commands()->inspect(selectedRows()); });
    on(m_ui->leaveAction, [this] {
        QList<Instance> instances;
        for (const Row &row : selectedRows())
            instances.append(*row.instance);
        m_page->commands()->leave(instances);
    });
    on(m_ui->copyUrlAction, [this] { copy([](const Instance &i) { return i.url; }); });
    on(m_ui->copyKeyAction, [this] { copy([](const Instance &i) { return i.key; }); });
    on(m_ui->copyDocumentAction,
       [this] { copy([](const Instance &i) { return QString::fromUtf8(i.document); }); });
    for (const CopyFormat &format : copyFormats()) {
        on(m_ui->copyAsMenu->addAction(format.label),
           [this, &format] { m_page->commands()->copyAs(format, selectedRows()); });
    }
    on(m_ui->openUrlAction, [this] { m_page->commands()->openUrls(selectedRows()); });
    on(m_ui->openScenarioAction, [this] { m_page->scenarios()->openAndRun(); });
    on(m_ui->editScenarioAction, [this] { m_page->scenarios()->edit(); });
    on(m_ui->stopScenarioAction, [this] { m_page->scenarios()->stop(); });
    on(m_ui->saveHeldAction, [this] { m_page->scenarios()->saveHeld(); });
    on(m_ui->refreshAction, [this] { session()->refresh(); });
    on(m_ui->pauseAction, [this](bool paused) { session()->setPaused(paused); });
    on(m_ui->journalAction, [this] { m_page->browser()->showJournal(); });
    on(m_ui->filterAction, [this] {
        m_filter->setFocus(Qt::ShortcutFocusReason);
        m_filter->selectAll();
    });
    on(m_ui->clearFilterAction, [this] { clearFilter(); });
    on(m_ui->aboutAction, [this] { showAbout(); });
    m_ui->filterAction->setShortcuts({Qt::Key_Slash, QKeySequence::Find});
    m_ui->inspectAction->setIconText(tr("I&nspect"));
    // Keys that mean something else in a text field act in the table only.
    m_ui->inspectAction->setShortcuts({Qt::Key_Return, Qt::Key_Enter});
    for (QAction *action : {m_ui->inspectAction, m_ui->leaveAction, m_ui->copyUrlAction,
                            m_ui->copyKeyAction, m_ui->copyDocumentAction, m_ui->openUrlAction})
        action->setShortcutContext(Qt::WidgetShortcut);

    connect(m_ui->statusLine, &StatusLine::retryRequested, m_ui->refreshAction, &QAction::trigger);
    connect(m_ui->statusLine, &StatusLine::resumeRequested, m_ui->pauseAction, &QAction::trigger);
}

void MainWindow::setUpViewActions()
{
    const auto remember = [this](QAction *action, QLatin1StringView name, bool byDefault,
                                 void (Browser::*set)(bool)) {
        action->setChecked(m_settings.value(name, byDefault).toBool());
        connect(action, &QAction::toggled, this, [this, name, set](bool on) {
            m_settings.setValue(name, on);
            if (m_page)
                (m_page->browser()->*set)(on);
        });
    };
    remember(m_ui->worstFirstAction, "view/worstFirst"_L1, false, &Browser::setWorstFirst);
    remember(m_ui->flashAction, "view/flash"_L1, true, &Browser::setFlashing);

    auto *schemes = new QActionGroup(this);
    const QString current = m_settings.value("scheme"_L1).toString();
    for (const auto &[action, name, scheme] :
         {std::tuple{m_ui->schemeSystemAction, "system"_L1, Theme::Scheme::System},
          std::tuple{m_ui->schemeLightAction, "light"_L1, Theme::Scheme::Light},
          std::tuple{m_ui->schemeDarkAction, "dark"_L1, Theme::Scheme::Dark}}) {
        schemes->addAction(action);
        action->setChecked(name == current || (current.isEmpty() && name == "system"_L1));
        connect(action, &QAction::triggered, this, [this, name = name, scheme = scheme] {
            m_settings.setValue("scheme"_L1, QString(name));
            Theme::apply(*qApp, scheme);
        });
    }
}

void MainWindow::updateActions()
{
    const bool connected = isConnected();
    const bool chosen =
        connected && m_page->browser()->instances()->table()->selectionModel()->hasSelection();
    for (QAction *action : {m_ui->disconnectAction, m_ui->joinAction, m_ui->refreshAction,
                            m_ui->pauseAction, m_ui->openScenarioAction, m_ui->editScenarioAction,
                            m_ui->journalAction, m_ui->filterAction, m_ui->clearFilterAction})
        action->setEnabled(connected);
    for (QAction *action : {m_ui->joinLikeAction, m_ui->inspectAction, m_ui->leaveAction,
                            m_ui->copyUrlAction, m_ui->copyKeyAction, m_ui->copyDocumentAction})
        action->setEnabled(chosen);
    const auto isAnyChosen = [&](bool (*is)(const Instance &)) {
        return chosen && m_page->browser()->instances()->isAnySelected(is);
    };
    m_ui->copyAsMenu->menuAction()->setEnabled(isAnyChosen([](const Instance &instance) {
        return instance.problem != Instance::Problem::NotAnObject;
    }));
    m_ui->openUrlAction->setEnabled(
        isAnyChosen([](const Instance &instance) { return webUrl(instance.url).has_value(); }));
    m_ui->stopScenarioAction->setEnabled(connected && m_page->scenarios()->isRunning());
    m_ui->saveHeldAction->setEnabled(connected && !session()->registry().registrations().isEmpty());
    const bool paused = m_ui->pauseAction->isChecked();
    m_ui->pauseAction->setText(paused ? tr("&Resume") : tr("&Pause"));
    m_ui->pauseAction->setIconText(paused ? tr("&Resume") : tr("&Pause"));
}

QList<Row> MainWindow::selectedRows() const
{
    return m_page->browser()->instances()->selectedRows();
}

void MainWindow::clearFilter()
{
    m_filter->clear();
    m_chips->choose(std::nullopt);
    if (m_page)
        m_page->browser()->setStateFilter(std::nullopt);
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
    box->button(QMessageBox::Close)->setText(tr("&Close"));
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->open();
}

} // namespace EtcdRegistry
