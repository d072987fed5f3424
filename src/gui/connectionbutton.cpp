// SPDX-License-Identifier: MIT
#include "connectionbutton.h"

#include "plaintext.h"
#include "theme.h"

#include <QPainter>
#include <QPainterPath>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

ConnectionButton::ConnectionButton(QWidget *parent)
    : QPushButton(parent)
{
    setObjectName(u"connectionButton"_s);
    setConnection({}, {});
}

void ConnectionButton::setConnection(const QString &name, const QString &identity)
{
    m_identity = identity;
    setText(name.isEmpty() ? tr("Not connected")
                           : plainLine(name).replace(u'&', u"&&"_s)); // no mnemonic
    setToolTip(plainTip(identity));
    update();
}

void ConnectionButton::paintEvent(QPaintEvent *event)
{
    QPushButton::paintEvent(event);
    if (m_identity.isEmpty())
        return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QPainterPath shape;
    shape.addRoundedRect(rect(), 4, 4);
    painter.setClipRect(0, 0, 4, height());
    painter.fillPath(shape, Theme::identityColor(m_identity, palette()));
}

} // namespace EtcdRegistry
