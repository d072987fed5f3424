// SPDX-License-Identifier: MIT
#include "heldpanel.h"

#include "emptystate.h"
#include "session.h"
#include "signdelegate.h"
#include "tableview.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QStackedLayout>

namespace EtcdRegistry {

namespace {

std::optional<InstanceState> signOf(const QModelIndex &index)
{
    switch (Registration::State(index.data(RegistrationModel::StateRole).toInt())) {
    case Registration::State::Alive:
        return InstanceState::Alive;
    case Registration::State::Late:
        return InstanceState::Late;
    case Registration::State::Lost:
    case Registration::State::Rejoining:
    case Registration::State::Failed:
        return InstanceState::Broken;
    case Registration::State::Paused:
        return InstanceState::Paused;
    case Registration::State::Joining:
    case Registration::State::Leaving:
    case Registration::State::Left:
        break;
    }
    return std::nullopt;
}

bool isAnyPaused(const QList<Registration> &registrations)
{
    return std::any_of(registrations.begin(), registrations.end(), [](const Registration &each) {
        return each.state == Registration::State::Paused;
    });
}

} // namespace

HeldPanel::HeldPanel(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_table(new TableView)
    , m_stack(new QStackedLayout(this))
    , m_beat(new QPushButton(tr("Pause &beat")))
    , m_leave(new QPushButton(tr("Le&ave...")))
{
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Base);
    m_table->setModel(&m_model);
    m_table->setAccessibleName(tr("Held here"));
    m_table->setItemDelegate(new SignDelegate(RegistrationModel::State, signOf, m_table));
    m_table->setColumnWidths({124, 110, 90, 160, 78, 86, 64, 58, 100});
    m_leave->setToolTip(tr("Delete the chosen registrations from the cluster"));

    auto *buttons = new QVBoxLayout;
    buttons->setContentsMargins(12, 8, 12, 8);
    buttons->setSpacing(6);
    buttons->addWidget(m_beat);
    buttons->addWidget(m_leave);
    buttons->addStretch();
    auto *filled = new QWidget;
    auto *layout = new QHBoxLayout(filled);
    layout->setContentsMargins({});
    layout->setSpacing(0);
    layout->addWidget(m_table, 1);
    layout->addLayout(buttons);

    auto *empty = new EmptyState;
    empty->setText(tr("Nothing is held here"),
                   tr("What you join is kept alive as long as this window is open. Its beat can be "
                      "paused, to see how clients take a crash."));
    const auto *join = empty->addButton(tr("J&oin a service..."));
    m_stack->addWidget(empty);
    m_stack->addWidget(filled);

    connect(join, &QPushButton::clicked, this, &HeldPanel::joinRequested);
    connect(m_beat, &QPushButton::clicked, this, &HeldPanel::toggleBeat);
    connect(m_leave, &QPushButton::clicked, this, [this] {
        QList<Instance> instances;
        for (const Registration &registration : selected())
            instances.append(m_session.instanceOf(registration));
        Q_EMIT leaveRequested(instances);
    });
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &HeldPanel::updateButtons);
    connect(&session, &Session::registrationsChanged, this, &HeldPanel::showRegistrations);
    connect(&session, &Session::ticked, &m_model, &RegistrationModel::tick);
    connect(&session, &Session::updated, &m_model, &RegistrationModel::tick);
    showRegistrations();
}

void HeldPanel::showRegistrations()
{
    m_model.setRegistrations(m_session.registry().registrations());
    m_stack->setCurrentIndex(m_model.rowCount() > 0 ? 1 : 0);
    updateButtons();
    Q_EMIT countChanged(m_model.rowCount());
}

QList<Registration> HeldPanel::selected() const
{
    QList<Registration> registrations;
    const QModelIndexList rows = m_table->selectionModel()->selectedRows();
    for (const QModelIndex &index : rows)
        registrations.append(m_model.registration(index.row()));
    return registrations;
}

void HeldPanel::updateButtons()
{
    const QList<Registration> registrations = selected();
    const bool paused = isAnyPaused(registrations);
    m_beat->setText(paused ? tr("Resume &beat") : tr("Pause &beat"));
    m_beat->setToolTip(paused ? tr("Keep the chosen registrations alive again")
                              : tr("Let the chosen registrations expire, as if they had crashed"));
    m_beat->setEnabled(!registrations.isEmpty());
    m_leave->setEnabled(!registrations.isEmpty());
}

void HeldPanel::toggleBeat()
{
    const QList<Registration> registrations = selected();
    const bool resume = isAnyPaused(registrations);
    for (const Registration &registration : registrations) {
        if (resume)
            m_session.registry().resume(registration.id);
        else
            m_session.registry().pause(registration.id);
    }
}

} // namespace EtcdRegistry
