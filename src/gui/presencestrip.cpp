// SPDX-License-Identifier: MIT
#include "presencestrip.h"

#include "theme.h"

#include <QHelpEvent>
#include <QLocale>
#include <QPainter>
#include <QStringList>
#include <QToolTip>

#include <algorithm>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

namespace {

constexpr int stripHeight = 14;

QString nameOf(quint8 seen)
{
    QStringList names;
    if (seen & Presence::Absent)
        names.append(PresenceStrip::tr("gone"));
    if (seen & Presence::Late)
        names.append(PresenceStrip::tr("late"));
    if (seen & Presence::Present)
        names.append(PresenceStrip::tr("there"));
    return names.isEmpty() ? PresenceStrip::tr("not known") : names.join(PresenceStrip::tr(", "));
}

/// For who can't see it: so many minutes of each.
QString summaryOf(const Presence::Steps &steps)
{
    QStringList parts;
    const auto add = [&](const QString &phrase, auto is) {
        if (const auto count = std::ranges::count_if(steps, is))
            parts.append(phrase.arg(QLocale().toString(double(count) / 2, 'g', 3)));
    };
    add(PresenceStrip::tr("there for %1"), [](quint8 seen) { return seen == Presence::Present; });
    add(PresenceStrip::tr("late in %1"), [](quint8 seen) { return (seen & Presence::Late) != 0; });
    add(PresenceStrip::tr("gone in %1"),
        [](quint8 seen) { return (seen & Presence::Absent) != 0; });
    add(PresenceStrip::tr("not known for %1"),
        [](quint8 seen) { return seen == Presence::Nothing; });
    return PresenceStrip::tr("The last hour: %1 minutes").arg(parts.join(PresenceStrip::tr(", ")));
}

} // namespace

PresenceStrip::PresenceStrip(QWidget *parent)
    : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(tr("Last hour"));
}

void PresenceStrip::setSteps(const Presence::Steps &steps, const QDateTime &end)
{
    m_end = end;
    if (m_steps == steps)
        return;
    m_steps = steps;
    setAccessibleDescription(summaryOf(steps));
    update();
}

QSize PresenceStrip::sizeHint() const
{
    return {3 * Presence::stepCount, stripHeight};
}

void PresenceStrip::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    const QColor there = Theme::color(InstanceState::Alive, palette());
    const QColor late = Theme::color(InstanceState::Late, palette());
    const QColor line = Theme::color(Theme::Role::Line, palette());
    const auto edge = [this](int step) {
        return qRound(double(width()) * step / Presence::stepCount);
    };
    const int gap = width() >= 3 * Presence::stepCount ? 1 : 0;
    for (int i = 0; i < Presence::stepCount; ++i) {
        const quint8 seen = m_steps[i];
        QRect bar(edge(i), 0, edge(i + 1) - edge(i) - gap, height());
        if (seen == Presence::Nothing) {
            painter.fillRect(bar.adjusted(0, height() - 2, 0, 0), line);
            continue;
        }
        painter.fillRect(bar, line);
        if (seen & Presence::Absent) // not all of the time
            bar.setTop(height() / 2);
        if (seen & Presence::Late)
            painter.fillRect(bar, late);
        else if (seen & Presence::Present)
            painter.fillRect(bar, there);
    }
}

bool PresenceStrip::event(QEvent *event)
{
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto *help = static_cast<QHelpEvent *>(event);
    QToolTip::showText(help->globalPos(), textAt(help->pos().x()), this);
    return true;
}

QString PresenceStrip::textAt(int x) const
{
    const int step =
        std::clamp(x * Presence::stepCount / std::max(width(), 1), 0, Presence::stepCount - 1);
    const auto timeOf = [this](int before) {
        return QLocale().toString(
            m_end.addSecs(-(before * Presence::stepTime).count()).toLocalTime().time(),
            u"HH:mm:ss"_s);
    };
    return tr("%1 – %2: %3")
        .arg(timeOf(Presence::stepCount - step), timeOf(Presence::stepCount - step - 1),
             nameOf(m_steps[step]));
}

} // namespace EtcdRegistry
