// SPDX-License-Identifier: MIT
#include "journalpanel.h"

#include "emptystate.h"
#include "fieldmessage.h"
#include "journaldelegate.h"
#include "journalexport.h"
#include "journalmodel.h"
#include "tableview.h"

#include <QAction>
#include <QClipboard>
#include <QEvent>
#include <QFileDialog>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QScopedValueRollback>
#include <QScrollBar>
#include <QStackedLayout>
#include <QToolButton>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

JournalPanel::JournalPanel(JournalModel &model, QWidget *parent)
    : QWidget(parent)
    , m_model(model)
    , m_table(new TableView)
    , m_stack(new QStackedLayout)
    , m_nothingMatches(new EmptyState)
    , m_message(new FieldMessage)
    , m_newButton(new QPushButton(m_table))
    , m_tools(new QWidget(this))
    , m_kinds(new QToolButton)
    , m_text(new QLineEdit)
    , m_export(new QPushButton(tr("E&xport...")))
{
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Base);
    setFocusProxy(m_table);
    setUpTools();
    setUpTable();

    auto *nothing = new EmptyState;
    nothing->setText(tr("Nothing has happened yet"),
                     tr("What joins, changes, leaves or is late is written down here."));
    m_nothingMatches->setText(tr("Nothing in the journal matches the filter"), {});
    connect(m_nothingMatches->addButton(tr("Sho&w all")), &QPushButton::clicked, this,
            &JournalPanel::clearFilter);
    m_message->setContentsMargins(Theme::cellPadding, 4, Theme::cellPadding, 4);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(0);
    layout->addLayout(m_stack, 1);
    layout->addWidget(m_message);
    // In a stack without a parent the first page would show as a window of its own.
    for (QWidget *page : {static_cast<QWidget *>(m_table), static_cast<QWidget *>(nothing),
                          static_cast<QWidget *>(m_nothingMatches)})
        m_stack->addWidget(page);
    updatePage();
}

void JournalPanel::setUpTools()
{
    m_tools->setAutoFillBackground(true); // over the line that Fusion draws there
    auto *layout = new QHBoxLayout(m_tools);
    layout->setContentsMargins(0, 0, Theme::cellPadding, 0);
    layout->setSpacing(6);
    for (QWidget *tool : {static_cast<QWidget *>(m_kinds), static_cast<QWidget *>(m_text),
                          static_cast<QWidget *>(m_export)}) {
        tool->setFont(Theme::smallFont(font()));
        layout->addWidget(tool);
    }
    m_export->setProperty("small", true);
    m_export->setToolTip(tr("Write the entries shown to a file"));

    auto *menu = new QMenu(m_kinds);
    QAction *all = menu->addAction(tr("All kinds"));
    menu->addSeparator();
    for (int i = 0; i < JournalEntry::kindCount; ++i) {
        QAction *action = menu->addAction(kindName(JournalEntry::Kind(i)));
        action->setCheckable(true);
        action->setData(i);
        connect(action, &QAction::toggled, &m_filterTimer, qOverload<>(&QTimer::start));
    }
    connect(all, &QAction::triggered, this, [menu] {
        for (QAction *action : menu->actions())
            action->setChecked(false);
    });
    m_kinds->setProperty("menu", true);
    m_kinds->setMenu(menu);
    m_kinds->setPopupMode(QToolButton::InstantPopup);
    m_kinds->setText(all->text());
    m_kinds->setShortcut(QKeySequence(u"Alt+K"_s));
    m_kinds->setToolTip(tr("Which kinds of entries are shown"));
    m_kinds->setFocusPolicy(Qt::TabFocus);

    m_text->setPlaceholderText(tr("Filter the journal"));
    m_text->setAccessibleName(tr("Filter the journal"));
    m_text->setToolTip(tr("Words are looked for in services, instances and what happened; all must "
                          "be found.\n!word   not this\nservice:word   in the name of the service\n"
                          "namespace:word   in its namespace"));
    m_kinds->setAccessibleName(tr("Kinds of entries"));
    m_text->setClearButtonEnabled(true);
    m_text->setMinimumWidth(120);
    m_filterTimer.setSingleShot(true);
    m_filterTimer.setInterval(150ms);
    connect(m_text, &QLineEdit::textChanged, &m_filterTimer, qOverload<>(&QTimer::start));
    connect(&m_filterTimer, &QTimer::timeout, this, &JournalPanel::applyFilter);
    connect(m_export, &QPushButton::clicked, this, &JournalPanel::chooseFile);
}

void JournalPanel::setUpTable()
{
    m_table->setModel(&m_model);
    m_table->setItemDelegate(new JournalDelegate(m_table));
    m_table->setHeaderHidden(true);
    m_table->setColumnWidths({100, 84, 190, 300});
    m_table->setAccessibleName(tr("Journal"));
    m_table->setAccessibleDescription(tr("What happened, the newest first"));
    m_table->setContextMenuPolicy(Qt::ActionsContextMenu);
    auto *copy = new QAction(tr("&Copy"), m_table);
    copy->setShortcut(QKeySequence::Copy);
    auto *newest = new QAction(tr("Go to the &newest"), m_table);
    newest->setShortcut(Qt::Key_Escape);
    for (QAction *action : {copy, newest}) {
        action->setShortcutContext(Qt::WidgetShortcut);
        m_table->addAction(action);
    }
    connect(copy, &QAction::triggered, this, &JournalPanel::copySelected);
    connect(newest, &QAction::triggered, this, &JournalPanel::showNewest);

    m_newButton->setProperty("small", true);
    m_newButton->setProperty("primary", true);
    m_newButton->setToolTip(tr("Go to the newest entry"));
    m_newButton->hide();
    m_table->installEventFilter(this);
    m_table->viewport()->installEventFilter(this);
    connect(m_newButton, &QPushButton::clicked, this, &JournalPanel::showNewest);

    connect(&m_model, &QAbstractItemModel::rowsInserted, this,
            [this](const QModelIndex &, int first, int last) { inserted(first, last); });
    connect(&m_model, &QAbstractItemModel::rowsRemoved, this, &JournalPanel::updatePage);
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &JournalPanel::selectionChanged);
    connect(m_table, &QAbstractItemView::clicked, this, [this](const QModelIndex &index) {
        if (!m_toldByPress && index.siblingAtColumn(0) == m_chosen)
            tellChosen(index); // again: one wants to be led there
    });
    connect(m_table->verticalScrollBar(), &QScrollBar::valueChanged, this, [this](int value) {
        if (m_moving)
            return;
        m_atNewest = value == 0;
        if (m_atNewest)
            countNew(0);
    });
}

// ---- the filter

void JournalPanel::applyFilter()
{
    quint32 kinds = 0;
    QStringList names;
    for (const QAction *action : m_kinds->menu()->actions()) {
        if (action->isChecked()) {
            kinds |= JournalFilter::bit(JournalEntry::Kind(action->data().toInt()));
            names.append(action->text());
        }
    }
    m_kinds->setText(names.isEmpty()     ? tr("All kinds")
                     : names.size() <= 2 ? names.join(tr(", "))
                                         : tr("%1 kinds").arg(names.size()));
    m_kinds->setShortcut(QKeySequence(u"Alt+K"_s)); // setText() takes it away
    showNewest();
    m_model.setFilter(JournalFilter(m_text->text(), kinds));
    showNewest();
    updatePage();
}

void JournalPanel::clearFilter()
{
    m_text->clear();
    for (QAction *action : m_kinds->menu()->actions())
        action->setChecked(false);
    m_filterTimer.stop();
    applyFilter();
}

void JournalPanel::updatePage()
{
    const bool any = m_model.rowCount() > 0;
    m_export->setEnabled(any);
    m_stack->setCurrentIndex(any ? 0 : m_model.size() == 0 ? 1 : 2);
}

// ---- keeping the place

bool JournalPanel::isReading() const
{
    return !m_atNewest || m_hovered || m_table->selectionModel()->hasSelection();
}

void JournalPanel::inserted(int first, int last)
{
    if (m_stack->currentIndex() != 0)
        updatePage();
    if (first != 0 || !isReading())
        return;
    const QScopedValueRollback moving(m_moving, true);
    const int count = last - first + 1;
    QScrollBar *bar = m_table->verticalScrollBar();
    const bool atTop = bar->value() == 0; // elsewhere the table keeps what is in sight
    m_table->doItemsLayout();             // now, for the scroll bar to have the room
    if (atTop)
        bar->setValue(count * m_table->visualRect(m_model.index(0, 0)).height());
    countNew(bar->value() == 0 ? 0 : m_newCount + count); // all are in sight where they fit
}

void JournalPanel::showNewest()
{
    const QScopedValueRollback moving(m_moving, true);
    m_table->selectionModel()->clear();
    m_table->scrollToTop();
    m_atNewest = true;
    m_hovered = false; // until it moves again
    countNew(0);
}

void JournalPanel::countNew(int count)
{
    m_newCount = count;
    m_newButton->setVisible(count > 0);
    m_newButton->setText(tr("↑ %1 new").arg(QLocale().toString(count)));
    m_newButton->setShortcut(QKeySequence(u"Alt+W"_s)); // setText() takes it away
    m_newButton->setAccessibleName(tr("Go to %n new entries", nullptr, count));
    placeNewButton();
}

void JournalPanel::placeNewButton()
{
    m_newButton->adjustSize();
    // At the right, where texts seldom reach.
    m_newButton->move(m_table->viewport()->geometry().right() - m_newButton->width() - 8, 4);
    m_newButton->raise();
}

bool JournalPanel::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() == QEvent::Resize) {
        placeNewButton();
    } else if (event->type() == QEvent::MouseButtonPress) {
        m_toldByPress = false;
    } else if (event->type() == QEvent::MouseMove) {
        m_hovered = true; // not by Enter, which also comes where our button was, once it is gone
    } else if (event->type() == QEvent::Leave && std::exchange(m_hovered, false)) {
        if (!isReading()) // it was held for the pointer alone
            showNewest();
    }
    return QWidget::eventFilter(watched, event);
}

// ---- what was chosen

void JournalPanel::selectionChanged()
{
    const QModelIndexList rows = m_table->selectionModel()->selectedRows();
    if (rows.isEmpty())
        m_chosen = QPersistentModelIndex();
    else if (rows.size() == 1 && rows.first() != m_chosen) // else only the rows around it changed
        tellChosen(rows.first());
}

void JournalPanel::tellChosen(const QModelIndex &index)
{
    m_chosen = index.siblingAtColumn(0);
    m_toldByPress = true;
    const JournalEntry entry = m_model.entry(index.row());
    if (!entry.key.isEmpty())
        Q_EMIT chosen(entry.key, entry.nameSpace, entry.service);
}

void JournalPanel::copySelected() const
{
    QModelIndexList rows = m_table->selectionModel()->selectedRows();
    std::sort(rows.begin(), rows.end(),
              [](const QModelIndex &a, const QModelIndex &b) { return a.row() > b.row(); });
    QList<JournalEntry> entries;
    for (const QModelIndex &row : std::as_const(rows))
        entries.append(m_model.entry(row.row()));
    QGuiApplication::clipboard()->setText(QString::fromUtf8(journalAs(u"txt"_s, entries)));
}

// ---- export

void JournalPanel::chooseFile()
{
    auto *dialog = new QFileDialog(this, tr("Export the journal"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setNameFilters(
        {tr("JSON Lines (*.jsonl)"), tr("CSV (*.csv)"), tr("Plain text (*.txt)")});
    dialog->setDefaultSuffix(u"jsonl"_s);
    dialog->selectFile(tr("journal.jsonl"));
    connect(dialog, &QFileDialog::filterSelected, dialog, [dialog](const QString &filter) {
        dialog->setDefaultSuffix(filter.section(u"*."_s, 1).chopped(1));
    });
    connect(dialog, &QFileDialog::fileSelected, this, &JournalPanel::exportTo);
    dialog->open();
}

void JournalPanel::exportTo(const QString &path)
{
    const QList<JournalEntry> entries = m_model.shown();
    const auto write = [path, entries] { return exportJournal(path, entries); };
    m_workers.run(write).then(this, [this, path, count = entries.size()](const QString &error) {
        if (error.isEmpty())
            m_message->say(FieldMessage::Kind::Help,
                           tr("%1 entries are in %2.")
                               .arg(QLocale().toString(count), QDir::toNativeSeparators(path)));
        else
            m_message->say(FieldMessage::Kind::Error, error);
    });
}

} // namespace EtcdRegistry
