// SPDX-License-Identifier: MIT
#include "elidedlabel.h"

#include "plaintext.h"

#include <QPainter>

namespace EtcdRegistry {

QSize ElidedLabel::minimumSizeHint() const
{
    return {0, QLabel::minimumSizeHint().height()};
}

void ElidedLabel::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    const QString elided = fontMetrics().elidedText(text(), Qt::ElideMiddle, width());
    setToolTip(elided == text() ? QString() : plainTip(text()));
    painter.setPen(palette().color(foregroundRole()));
    painter.drawText(rect(), Qt::AlignVCenter, elided);
}

} // namespace EtcdRegistry
