// SPDX-License-Identifier: MIT
#include "browser.h"

#include "detailspanel.h"
#include "heldpanel.h"
#include "instancepanel.h"
#include "journalpanel.h"
#include "nodespanel.h"
#include "servicetree.h"
#include "session.h"
#include "tableview.h"

#include <QSettings>
#include <QTabBar>
#include <QTabWidget>
#include <QVBoxLayout>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

namespace {

QString countedTitle(const QString &title, int count)
{
    return count == 0 ? title : Browser::tr("%1  %2").arg(title).arg(count);
}

} // namespace

Browser::Browser(Session &session, QSettings &settings, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_settings(settings)
    , m_tree(new ServiceTree)
    , m_instances(new InstancePanel(session))
    , m_details(new DetailsPanel(session, session.presence()))
    , m_journal(new JournalPanel(session.journal()))
    , m_held(new HeldPanel(session))
    , m_nodes(new NodesPanel(session))
    , m_tabs(new QTabWidget)
    , m_columns(new QSplitter(Qt::Horizontal))
    , m_stack(new QSplitter(Qt::Vertical))
{
    setUpTabs();
    for (QWidget *part : {static_cast<QWidget *>(m_instances), static_cast<QWidget *>(m_details),
                          static_cast<QWidget *>(m_tabs)})
        m_stack->addWidget(part);
    m_columns->addWidget(m_tree);
    m_columns->addWidget(m_stack);
    for (QSplitter *splitter : {m_columns, m_stack}) {
        splitter->setHandleWidth(1);
        splitter->setChildrenCollapsible(false);
    }
    m_columns->setSizes({270, 1010});
    m_columns->setStretchFactor(0, 0);
    m_columns->setStretchFactor(1, 1);
    m_stack->setSizes({300, 260, 150});
    m_stack->setStretchFactor(0, 2);
    m_stack->setStretchFactor(1, 1);
    m_stack->setStretchFactor(2, 1);
    m_columns->restoreState(settings.value("browser/columns"_L1).toByteArray());
    m_stack->restoreState(settings.value("browser/stack"_L1).toByteArray());
    m_details->splitter()->restoreState(settings.value("browser/details"_L1).toByteArray());
    m_instances->restoreColumns(settings);

    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->addWidget(m_columns);

    QWidget *before = m_tabs->tabBar(); // the corner would be left out
    const auto tools = m_journal->tools()->findChildren<QWidget *>(Qt::FindDirectChildrenOnly);
    for (QWidget *tool : tools) {
        setTabOrder(before, tool);
        before = tool;
    }

    connect(&session, &Session::updated, this,
            [this](const RowsUpdatePtr &update) { m_tree->setServices(update->services); });
    m_tree->setServices(session.services());
    connect(m_tree, &ServiceTree::scopeChanged, this, &Browser::applyScope);
    connect(m_instances, &InstancePanel::selectionChanged, this, [this] {
        if (const auto row = m_instances->currentRow())
            m_details->setRow(row);
        Q_EMIT selectionChanged();
    });
    connect(m_instances, &InstancePanel::joinRequested, this, &Browser::joinRequested);
    connect(m_instances, &InstancePanel::clearFilterRequested, this,
            &Browser::clearFilterRequested);
    connect(m_journal, &JournalPanel::chosen, this, &Browser::chooseInstance);
    connect(m_held, &HeldPanel::joinRequested, this, &Browser::joinRequested);
    connect(m_held, &HeldPanel::leaveRequested, this, &Browser::leaveRequested);
}

void Browser::setUpTabs()
{
    m_tabs->setDocumentMode(true);
    m_tabs->setAccessibleName(tr("Journal, what is held here, and nodes"));
    m_tabs->tabBar()->setDrawBase(false);
    m_tabs->addTab(m_journal, tr("Jo&urnal"));
    m_tabs->addTab(m_held, {});
    m_tabs->addTab(m_nodes, {});
    const auto count = [this](QWidget *tab, const QString &title) {
        return [this, tab, title](int count) {
            m_tabs->setTabText(m_tabs->indexOf(tab), countedTitle(title, count));
        };
    };
    const auto countHeld = count(m_held, tr("Hel&d here"));
    const auto countNodes = count(m_nodes, tr("Nod&es"));
    countHeld(int(m_session.registry().registrations().size()));
    countNodes(int(m_session.nodes().size()));
    connect(m_held, &HeldPanel::countChanged, this, countHeld);
    connect(m_nodes, &NodesPanel::countChanged, this, countNodes);

    m_tabs->setCornerWidget(m_journal->tools());
    connect(m_tabs, &QTabWidget::currentChanged, m_journal,
            [this] { m_journal->tools()->setVisible(m_tabs->currentWidget() == m_journal); });
}

Browser::~Browser()
{
    m_settings.setValue("browser/columns"_L1, m_columns->saveState());
    m_settings.setValue("browser/stack"_L1, m_stack->saveState());
    m_settings.setValue("browser/details"_L1, m_details->splitter()->saveState());
    m_instances->saveColumns(m_settings);
}

void Browser::setScope(const Scope &scope)
{
    m_tree->setScope(scope);
}

void Browser::choose(const Scope &scope)
{
    m_tree->setScope(scope);
    QTreeView *table = m_instances->table();
    table->setCurrentIndex(table->model()->index(0, 0));
}

void Browser::applyScope(const Scope &scope)
{
    m_instances->setScope(scope);
    m_details->setRow(m_instances->currentRow());
}

/// What the journal speaks of. Of one that has gone the details tell, and nothing else moves.
void Browser::chooseInstance(const QString &key, const QString &nameSpace, const QString &service)
{
    const auto row =
        m_session.row(Instance{.nameSpace = nameSpace, .service = service, .key = key});
    if (!row && m_session.isPaused())
        return m_details->setRow({}); // nobody knows before the view goes on
    if (!row)
        return m_details->setGone(key, nameSpace, service);
    m_tree->setScope({nameSpace, service});
    m_instances->select(key);
    m_details->setRow(row); // the filter may hide it
}

void Browser::showJournal()
{
    m_tabs->setCurrentWidget(m_journal);
    m_journal->setFocus(Qt::ShortcutFocusReason);
}

void Browser::showNodes()
{
    m_tabs->setCurrentWidget(m_nodes);
}

void Browser::setFilter(const InstanceFilter &filter)
{
    m_instances->setFilter(filter);
}

void Browser::setStateFilter(std::optional<InstanceState> state)
{
    m_instances->setStateFilter(state);
}

void Browser::setWorstFirst(bool worstFirst)
{
    m_tree->setWorstFirst(worstFirst);
}

void Browser::setFlashing(bool flashing)
{
    m_instances->setFlashing(flashing);
}

Service Browser::joinTemplate() const
{
    const Scope &scope = m_tree->scope();
    const ConnectionString &connection = m_session.connection();
    return {.name = scope.service,
            .nameSpace = scope.nameSpace.value_or(connection.nameSpace),
            .ttl = connection.ttl,
            .heartbeat = connection.heartbeat};
}

} // namespace EtcdRegistry
