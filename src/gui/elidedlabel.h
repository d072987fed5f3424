// SPDX-License-Identifier: MIT
#pragma once

#include <QLabel>

namespace EtcdRegistry {

/// One line that gives way in its middle, as keys do best; the tool tip has the whole.
class ElidedLabel : public QLabel
{
    Q_OBJECT
public:
    using QLabel::QLabel;

    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;
};

} // namespace EtcdRegistry
