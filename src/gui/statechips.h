// SPDX-License-Identifier: MIT
#pragma once

#include "row.h"

#include <QButtonGroup>
#include <QWidget>

namespace EtcdRegistry {

class Chip;

/// One chip for each state that asks for attention, and one for all. One is chosen.
class StateChips : public QWidget
{
    Q_OBJECT
public:
    explicit StateChips(QWidget *parent = nullptr);

    void setCounts(const StateCounts &counts);
    void setCompact(bool compact);
    void choose(std::optional<InstanceState> state);

Q_SIGNALS:
    void chosen(std::optional<EtcdRegistry::InstanceState> state); ///< by the user

private:
    QButtonGroup m_group;
    QList<Chip *> m_chips;
};

} // namespace EtcdRegistry
