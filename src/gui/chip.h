// SPDX-License-Identifier: MIT
#pragma once

#include "instancestate.h"

#include <QAbstractButton>

#include <optional>

namespace EtcdRegistry {

/// A pill that filters by a state (or by none: "All"), and counts it.
class Chip : public QAbstractButton
{
    Q_OBJECT
public:
    explicit Chip(std::optional<InstanceState> state, QWidget *parent = nullptr);

    std::optional<InstanceState> state() const { return m_state; }
    void setCount(int count);
    void setCompact(bool compact); ///< the sign and the number must do

    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    void updateText();

    std::optional<InstanceState> m_state;
    int m_count = 0;
    bool m_compact = false;
};

} // namespace EtcdRegistry
