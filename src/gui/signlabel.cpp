// SPDX-License-Identifier: MIT
#include "signlabel.h"

#include "plaintext.h"
#include "theme.h"

#include <QPainter>

namespace EtcdRegistry {

namespace {

constexpr int signWidth = 18;
constexpr int signGap = 4;
constexpr qsizetype mostText = 1000; ///< a longer one would push everything else out of the window

} // namespace

SignLabel::SignLabel(QWidget *parent)
    : QLabel(parent)
{
    setTextFormat(Qt::PlainText);
    setTextInteractionFlags(Qt::TextSelectableByMouse);
    setWordWrap(true);
}

void SignLabel::setText(const QString &text)
{
    QLabel::setText(plainLines(text, mostText));
}

void SignLabel::setSign(std::optional<InstanceState> sign)
{
    if (m_sign == sign)
        return;
    m_sign = sign;
    setContentsMargins(sign ? signWidth : 0, 0, 0, 0);
    update();
}

void SignLabel::paintEvent(QPaintEvent *event)
{
    QLabel::paintEvent(event);
    if (!m_sign)
        return;
    QPainter painter(this);
    const QRectF firstLine(0, 0, signWidth - signGap, fontMetrics().height());
    Theme::paintState(painter, firstLine, *m_sign, palette());
}

} // namespace EtcdRegistry
