// SPDX-License-Identifier: MIT
#include "instancepanel.h"

#include "emptystate.h"
#include "instancedelegate.h"
#include "json.h"
#include "motion.h"
#include "plaintext.h"
#include "session.h"
#include "tableview.h"

#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QScrollBar>
#include <QSettings>
#include <QStackedLayout>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

constexpr int fewDocuments = 2000; ///< that are looked through within a moment

QString countText(int count)
{
    return count == 1 ? InstancePanel::tr("1 instance")
                      : InstancePanel::tr("%1 instances").arg(QLocale().toString(count));
}

QString scopeText(const Scope &scope)
{
    if (!scope.nameSpace)
        return InstancePanel::tr("All services");
    const QString nameSpace = scope.nameSpace->isEmpty() ? InstancePanel::tr("(no namespace)")
                                                         : plainLine(*scope.nameSpace);
    return scope.service.isNull()
               ? nameSpace
               : InstancePanel::tr("%1 / %2").arg(nameSpace, plainLine(scope.service));
}

QString troubleText(const StateCounts &counts)
{
    QString text;
    const auto add = [&](InstanceState state, const QString &phrase) {
        if (counts[state])
            text += phrase.arg(QLocale().toString(counts[state]));
    };
    add(InstanceState::Late, InstancePanel::tr(" · %1 late"));
    add(InstanceState::Expiring, InstancePanel::tr(" · %1 expiring"));
    add(InstanceState::NoTtl, InstancePanel::tr(" · %1 without TTL"));
    add(InstanceState::Broken, InstancePanel::tr(" · %1 broken"));
    add(InstanceState::Paused, InstancePanel::tr(" · %1 paused"));
    return text;
}

} // namespace

InstancePanel::InstancePanel(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_heading(new QLabel)
    , m_stack(new QStackedLayout)
    , m_table(new TableView)
    , m_delegate(new InstanceDelegate(m_table))
    , m_nothingJoined(new EmptyState)
    , m_nothingMatches(new EmptyState)
    , m_nothingLeft(new EmptyState)
{
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Base);
    m_heading->setObjectName(u"heading"_s);
    m_heading->setContentsMargins(12, 0, 12, 0);
    m_heading->setFixedHeight(34);
    m_heading->setTextFormat(Qt::RichText);

    // Before the table, which then has no current row any more.
    connect(&m_model, &QAbstractItemModel::rowsAboutToBeRemoved, this,
            [this](const QModelIndex &, int first, int last) { awaitReturn(first, last); });
    m_table->setModel(&m_model);
    m_table->setAccessibleName(tr("Instances"));
    m_table->setItemDelegate(m_delegate);
    m_table->setColumnWidths({32, 190, 112, 56, 180, 84, 140, 78, 46});
    m_table->header()->setSectionResizeMode(InstanceModel::State, QHeaderView::Fixed);
    m_table->setSortingEnabled(true);
    m_table->sortByColumn(InstanceModel::Service, Qt::AscendingOrder);
    m_table->setContextMenuPolicy(Qt::ActionsContextMenu);
    m_table->header()->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(m_table->header(), &QWidget::customContextMenuRequested, this,
            &InstancePanel::showFieldsMenu);

    const auto *join = m_nothingJoined->addButton(tr("Join the &first service..."));
    const auto *clear = m_nothingMatches->addButton(tr("Clear the fil&ter"));
    connect(join, &QPushButton::clicked, this, &InstancePanel::joinRequested);
    connect(clear, &QPushButton::clicked, this, &InstancePanel::clearFilterRequested);

    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(0);
    layout->addWidget(m_heading);
    layout->addLayout(m_stack);
    for (QWidget *page :
         {static_cast<QWidget *>(m_table), static_cast<QWidget *>(m_nothingJoined),
          static_cast<QWidget *>(m_nothingMatches), static_cast<QWidget *>(m_nothingLeft)})
        m_stack->addWidget(page);

    m_visibleTimer.setSingleShot(true);
    m_visibleTimer.setInterval(100ms);
    connect(&m_visibleTimer, &QTimer::timeout, this, &InstancePanel::tellVisibleKeys);
    connect(m_table->verticalScrollBar(), &QScrollBar::valueChanged, this,
            &InstancePanel::visibleRowsChanged);
    m_fadeTimer.setInterval(40ms);
    connect(&m_fadeTimer, &QTimer::timeout, this, &InstancePanel::showTime);

    connect(&session, &Session::updated, this,
            [this](const RowsUpdatePtr &update) { showRows(*update); });
    connect(&session, &Session::ticked, this, &InstancePanel::showTime);
    connect(&m_model, &InstanceModel::arranged, this, &InstancePanel::summarize);
    connect(&session, &Session::freshnessChanged, this, [this] {
        if (m_stack->currentWidget() == m_nothingJoined)
            tellEmpty();
    });
    const auto moved = [this] { m_firstTime = -1; }; // the times are those of other rows
    connect(&m_model, &QAbstractItemModel::rowsInserted, this, moved);
    connect(&m_model, &QAbstractItemModel::rowsRemoved, this, moved);
    connect(&m_model, &InstanceModel::arranged, this, &InstancePanel::chooseReturned);
    connect(&m_model, &QAbstractItemModel::layoutChanged, this, moved);
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &InstancePanel::selectionChanged);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentChanged, this,
            &InstancePanel::selectionChanged);
    connect(this, &InstancePanel::selectionChanged, this, &InstancePanel::hold);
    connect(m_table, &TableView::hovered, this, [this](bool hovered) {
        m_hovered = hovered;
        hold();
    });
    connect(m_table->header(), &QHeaderView::sortIndicatorChanged, this, [this] {
        m_table->scrollToTop(); // what comes first is what was asked for
        hold();
    });
    Motion::ask(QDBusConnection::sessionBus(), this, [this](bool isReduced) {
        m_motionIsReduced = isReduced;
        updateFlashing();
    });
    updateServiceColumn();
    showRows(updateOf({}, session.rows()));
}

void InstancePanel::showRows(const RowsUpdate &update)
{
    m_model.apply(update, m_model.now());
    showTime();
}

/// Time has passed: paints what reads otherwise than before, and rows that fade.
void InstancePanel::showTime()
{
    const bool passes = m_session.now() != m_model.now();
    m_model.setNow(m_session.now());
    const auto [first, last] = m_table->visibleRows();
    QList<Times> times;
    bool fades = false;
    for (int row = first; row >= 0 && row <= last; ++row) {
        times.append(timesOf(row));
        fades = fades || times.last().freshness > 0;
        const auto i = row - first;
        const bool known = first == m_firstTime && i < m_times.size();
        if (!known || times.last().freshness != m_times[i].freshness)
            m_table->updateCells(m_model.index(row, 0),
                                 m_model.index(row, m_model.columnCount() - 1));
        else if (times.last() != m_times[i])
            m_table->updateCells(m_model.index(row, InstanceModel::UpFor),
                                 m_model.index(row, InstanceModel::LastBeat));
    }
    m_times = times;
    m_firstTime = first;
    if (!fades || !passes)
        m_fadeTimer.stop();
    else if (!m_fadeTimer.isActive())
        m_fadeTimer.start();
}

InstancePanel::Times InstancePanel::timesOf(int row) const
{
    const auto text = [&](int column) { return m_model.index(row, column).data().toString(); };
    const QModelIndex life = m_model.index(row, InstanceModel::LivesOn);
    const double pixels = m_table->columnWidth(InstanceModel::LivesOn) * devicePixelRatioF();
    return {.texts = {text(InstanceModel::UpFor), text(InstanceModel::LivesOn),
                      text(InstanceModel::LastBeat)},
            .bar = qRound(life.data(InstanceModel::LifeRole).toDouble() * pixels),
            .freshness =
                m_delegate->isFlashing() ? life.data(InstanceModel::FreshnessRole).toDouble() : 0};
}

/// Nothing moves under the pointer, and no chosen row moves because time passes.
void InstancePanel::hold()
{
    const int column = m_table->header()->sortIndicatorSection();
    m_model.setHeld(
        m_hovered
        || (m_table->selectionModel()->hasSelection() && InstanceModel::movesByItself(column)));
}

void InstancePanel::setFlashing(bool flashing)
{
    m_flashing = flashing;
    updateFlashing();
}

void InstancePanel::updateFlashing()
{
    m_delegate->setFlashing(m_flashing && !m_motionIsReduced);
    m_table->viewport()->update();
}

/// The owner of what was left may put it back: it is then the chosen one again.
void InstancePanel::awaitReturn(int first, int last)
{
    const auto row = currentRow();
    if (row && m_table->currentIndex().row() >= first && m_table->currentIndex().row() <= last)
        m_awaited = row->instance->key;
}

void InstancePanel::chooseReturned()
{
    if (m_awaited.isEmpty())
        return;
    if (m_table->selectionModel()->hasSelection())
        m_awaited.clear(); // another one was chosen meanwhile
    else if (const int row = m_model.find(m_awaited); row >= 0)
        m_table->selectionModel()->setCurrentIndex(m_model.index(row, InstanceModel::Host),
                                                   QItemSelectionModel::ClearAndSelect
                                                       | QItemSelectionModel::Rows);
}

void InstancePanel::setScope(const Scope &scope)
{
    m_awaited.clear();
    m_model.setScope(scope);
    updateServiceColumn();
    visibleRowsChanged();
}

void InstancePanel::setFilter(const InstanceFilter &filter)
{
    m_filter = filter;
    m_model.setFilter(filter);
}

void InstancePanel::setStateFilter(std::optional<InstanceState> state)
{
    m_model.setStateFilter(state);
}

void InstancePanel::updateServiceColumn()
{
    m_table->setColumnHidden(InstanceModel::Service, !m_model.scope().service.isNull());
}

void InstancePanel::summarize()
{
    const StateCounts counts = m_model.scopeCounts();
    const int shown = m_model.rowCount();
    QString text = countText(counts.total()) + troubleText(counts);
    if (shown < counts.total())
        text += tr(" · %1 shown").arg(QLocale().toString(shown));
    const QString heading = u"<b>%1</b>&nbsp;&nbsp; <span style='color:%2'>%3</span>"_s.arg(
        scopeText(m_model.scope()).toHtmlEscaped(),
        palette().color(QPalette::PlaceholderText).name(), text.toHtmlEscaped());
    if (heading != m_heading->text()) // it would be laid out again
        m_heading->setText(heading);

    if (shown > 0) {
        m_stack->setCurrentWidget(m_table);
    } else if (m_session.rows().isEmpty()) {
        tellEmpty();
        m_stack->setCurrentWidget(m_nothingJoined);
    } else if (counts.total() > 0) {
        QString hint = tr("%1 here do not match.").arg(countText(counts.total()));
        if (m_session.rows().size() <= fewDocuments) {
            for (const QString &field : m_filter.unknownFields(m_session.rows()))
                hint += u' ' + tr("None has a field %1.").arg(field);
        }
        m_nothingMatches->setText(tr("Nothing matches the filter"), hint);
        m_stack->setCurrentWidget(m_nothingMatches);
    } else {
        m_nothingLeft->setText(
            tr("No instance of %1").arg(plainText(scopeText(m_model.scope()), 100)),
            tr("All have left or expired. They appear here when they join."));
        m_stack->setCurrentWidget(m_nothingLeft);
    }
    visibleRowsChanged();
}

/// What is empty, as far as anybody knows.
void InstancePanel::tellEmpty()
{
    if (m_session.freshness() == Session::Freshness::Stale) {
        m_nothingJoined->setText(tr("Nothing is known of this registry now"),
                                 tr("It was empty when it was last heard of."));
        return;
    }
    const QString hint = tr("Services that join it appear here by themselves.");
    const QString &elsewhere = m_session.elsewhere();
    m_nothingJoined->setText(tr("This registry is empty"),
                             elsewhere.isEmpty() ? hint : elsewhere + u'\n' + hint);
}

/// They are told about soon, however often they change meanwhile.
void InstancePanel::visibleRowsChanged()
{
    if (!m_visibleTimer.isActive())
        m_visibleTimer.start();
}

void InstancePanel::saveColumns(QSettings &settings) const
{
    settings.setValue("instances/fields"_L1, m_model.fields());
    settings.setValue("instances/columns"_L1, m_table->header()->saveState());
}

void InstancePanel::restoreColumns(const QSettings &settings)
{
    m_model.setFields(settings.value("instances/fields"_L1).toStringList());
    m_table->header()->restoreState(settings.value("instances/columns"_L1).toByteArray());
    updateServiceColumn();
}

void InstancePanel::setFields(const QStringList &fields)
{
    m_model.setFields(fields);
    m_table->header()->setSortIndicator(m_model.order().column, m_model.order().order);
}

/// Which fields of the documents have a column of their own: those that the instances in sight
/// have can be chosen.
void InstancePanel::showFieldsMenu(const QPoint &position)
{
    constexpr qsizetype mostFields = 100, longestName = 60; // of a menu that is still one
    QStringList names = m_model.fields();
    const auto [first, last] = m_table->visibleRows();
    for (int row = first; row >= 0 && row <= last; ++row) {
        const auto fields = Json::fields(m_model.row(row).instance->document);
        for (const Json::Field &field : fields ? *fields : Json::Fields()) {
            if (names.size() < mostFields && !names.contains(field.name))
                names.append(field.name);
        }
    }
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const QString title = tr("Columns from the document");
    menu->addSection(title);
    menu->setMinimumWidth(menu->fontMetrics().horizontalAdvance(title) + 4 * Theme::cellPadding);
    for (const QString &name : std::as_const(names)) {
        QAction *action = menu->addAction(plainText(name, longestName).replace(u'&', u"&&"_s));
        action->setCheckable(true);
        action->setChecked(m_model.fields().contains(name));
        connect(action, &QAction::toggled, this, [this, name](bool shown) {
            QStringList fields = m_model.fields();
            fields.removeAll(name);
            if (shown)
                fields.append(name);
            setFields(fields);
        });
    }
    menu->popup(m_table->header()->mapToGlobal(position));
}

QList<Row> InstancePanel::selectedRows() const
{
    QList<Row> rows;
    const QModelIndexList selected = m_table->selectionModel()->selectedRows();
    for (const QModelIndex &index : selected)
        rows.append(m_model.row(index.row()));
    return rows;
}

bool InstancePanel::isAnySelected(bool (*is)(const Instance &)) const
{
    const QItemSelection selection = m_table->selectionModel()->selection();
    for (const QItemSelectionRange &range : selection) {
        for (int row = range.top(); row <= range.bottom(); ++row) {
            if (is(*m_model.row(row).instance))
                return true;
        }
    }
    return false;
}

std::optional<Row> InstancePanel::currentRow() const
{
    const QModelIndex current = m_table->currentIndex();
    if (!current.isValid() || !m_table->selectionModel()->isRowSelected(current.row()))
        return std::nullopt;
    return m_model.row(current.row());
}

void InstancePanel::select(const QString &key)
{
    if (const int row = m_model.find(key); row >= 0)
        m_table->setCurrentIndex(m_model.index(row, InstanceModel::Host));
}

void InstancePanel::tellVisibleKeys()
{
    QStringList keys;
    const auto [first, last] = m_table->visibleRows();
    for (int row = first; row >= 0 && row <= last; ++row)
        keys.append(m_model.row(row).instance->key);
    m_session.setVisibleKeys(keys);
}

} // namespace EtcdRegistry
