// SPDX-License-Identifier: MIT
#include "chip.h"

#include "theme.h"

#include <QLocale>
#include <QPainter>

namespace EtcdRegistry {

namespace {

constexpr int chipHeight = 22;
constexpr int chipPadding = 9;
constexpr int signWidth = 16;

} // namespace

Chip::Chip(std::optional<InstanceState> state, QWidget *parent)
    : QAbstractButton(parent)
    , m_state(state)
{
    setCheckable(true);
    setCursor(Qt::PointingHandCursor);
    setFocusPolicy(Qt::TabFocus);
    setFont(Theme::smallFont(font()));
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setAttribute(Qt::WA_Hover);
    setCount(0);
}

void Chip::setCount(int count)
{
    m_count = count;
    updateText();
}

void Chip::setCompact(bool compact)
{
    m_compact = compact;
    updateText();
}

void Chip::updateText()
{
    const QString count = QLocale().toString(m_count);
    const QString name = m_state ? stateName(*m_state) : tr("All");
    const QKeySequence key = shortcut(); // setText() takes it away
    setText(m_compact && m_state ? count : tr("%1 %2").arg(name, count));
    setShortcut(key);
    setAccessibleName(tr("%1 %2").arg(name, count));
    setToolTip(m_state ? tr("Show only instances in this state: %1").arg(name)
                       : tr("Show the instances in any state"));
    updateGeometry();
}

QSize Chip::sizeHint() const
{
    return {fontMetrics().horizontalAdvance(text()) + 2 * chipPadding + (m_state ? signWidth : 0),
            chipHeight};
}

void Chip::paintEvent(QPaintEvent *)
{
    using Theme::Role;
    const auto role = [this](Role r) { return Theme::color(r, palette()); };
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const double line = hasFocus() ? 2 : 1; // checked or not
    painter.setPen(QPen(role(isChecked() || hasFocus() ? Role::Accent : Role::Line), line));
    painter.setBrush(isChecked() || underMouse() ? role(Role::Selection) : role(Role::Base));
    const QRectF pill = QRectF(rect()).adjusted(line / 2, line / 2, -line / 2, -line / 2);
    painter.drawRoundedRect(pill, pill.height() / 2, pill.height() / 2);

    QRect label = rect().adjusted(chipPadding, 0, -chipPadding, 0);
    if (m_state) {
        painter.setOpacity(m_count ? 1 : 0.5);
        Theme::paintState(painter, QRectF(label.left(), 0, 11, height()), *m_state, palette());
        painter.setOpacity(1);
        label.setLeft(label.left() + signWidth);
    }
    painter.setPen(m_count || isChecked() ? role(Role::Text) : role(Role::Dim));
    painter.drawText(label, Qt::AlignVCenter, text());
}

} // namespace EtcdRegistry
