// SPDX-License-Identifier: MIT
#include "connectionbutton.h"

#include "plaintext.h"
#include "theme.h"

#include <QPainter>
#include <QPainterPath>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

namespace {

constexpr int besideName = 52; ///< as the style sheet has it: the colour, the arrow

} // namespace

ConnectionButton::ConnectionButton(QWidget *parent)
    : QPushButton(parent)
{
    setObjectName(u"connectionButton"_s);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed); // narrower where room is short
    setConnection({}, {});
}

void ConnectionButton::setConnection(const QString &name, const QString &identity)
{
    m_identity = identity;
    m_name = name.isEmpty() ? tr("Not connected") : plainLine(name);
    setAccessibleName(tr("Connection: %1").arg(m_name));
    setToolTip(plainTip(identity));
    showName();
    updateGeometry();
    update();
}

/// A long namespace leaves the rest of the tool bar its place.
QSize ConnectionButton::sizeHint() const
{
    constexpr int widest = 190;
    ensurePolished(); // for the font
    return {std::min(fontMetrics().horizontalAdvance(m_name), widest) + besideName,
            QPushButton::sizeHint().height()};
}

QSize ConnectionButton::minimumSizeHint() const
{
    return {120, QPushButton::minimumSizeHint().height()};
}

void ConnectionButton::resizeEvent(QResizeEvent *event)
{
    QPushButton::resizeEvent(event);
    showName();
}

void ConnectionButton::showName()
{
    const QString shown =
        fontMetrics().elidedText(m_name, Qt::ElideMiddle, width() - besideName + 2);
    setText(QString(shown).replace(u'&', u"&&"_s));
    setShortcut(QKeySequence(u"Alt+0"_s)); // setText() takes it away
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
