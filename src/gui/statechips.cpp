// SPDX-License-Identifier: MIT
#include "statechips.h"

#include "chip.h"

#include <QHBoxLayout>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

StateChips::StateChips(QWidget *parent)
    : QWidget(parent)
{
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(8, 0, 8, 0);
    layout->setSpacing(4);
    using State = std::optional<InstanceState>;
    for (const State &state : {State(), State(InstanceState::Late), State(InstanceState::Expiring),
                               State(InstanceState::NoTtl), State(InstanceState::Broken)}) {
        auto *chip = new Chip(state, this);
        layout->addWidget(chip);
        m_group.addButton(chip);
        m_chips.append(chip);
        chip->setShortcut(QKeySequence(u"Alt+%1"_s.arg(m_chips.size())));
        connect(chip, &Chip::clicked, this, [this, state] { Q_EMIT chosen(state); });
    }
    m_chips.first()->setChecked(true);
}

void StateChips::setCounts(const StateCounts &counts)
{
    for (Chip *chip : std::as_const(m_chips))
        chip->setCount(chip->state() ? counts[*chip->state()] : counts.total());
}

void StateChips::setCompact(bool compact)
{
    for (Chip *chip : std::as_const(m_chips))
        chip->setCompact(compact);
}

void StateChips::choose(std::optional<InstanceState> state)
{
    for (Chip *chip : std::as_const(m_chips)) {
        if (chip->state() == state)
            chip->setChecked(true);
    }
}

} // namespace EtcdRegistry
