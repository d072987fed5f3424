// SPDX-License-Identifier: MIT
#pragma once

#include "instancestate.h"

#include <QLabel>

#include <optional>

namespace EtcdRegistry {

/// Plain words, wrapped, that can be selected, with the sign of a state in front of them.
class SignLabel : public QLabel
{
    Q_OBJECT
public:
    explicit SignLabel(QWidget *parent = nullptr);

    void setText(const QString &text);
    void setSign(std::optional<InstanceState> sign);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    std::optional<InstanceState> m_sign;
};

} // namespace EtcdRegistry
