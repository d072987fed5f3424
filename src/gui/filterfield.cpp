// SPDX-License-Identifier: MIT
#include "filterfield.h"

#include <QKeyEvent>
#include <QStyle>
#include <QToolTip>

namespace EtcdRegistry {

using namespace std::chrono_literals;

FilterField::FilterField(QWidget *parent)
    : QLineEdit(parent)
{
    setPlaceholderText(tr("Filter   /regex/   !not   field:value"));
    setToolTip(tr("Words are looked for in names, hosts, URLs and documents; all must be found.\n"
                  "/regex/   a regular expression\n"
                  "!word   not this\n"
                  "field:value   in this field of the document; also state, store, key, port, ...\n"
                  "field:\"value\"   this is all of it\n"
                  "field:/regex/   a regular expression for it"));
    setAccessibleName(tr("Filter the instances"));
    setClearButtonEnabled(true);
    m_timer.setSingleShot(true);
    m_timer.setInterval(0ms); // all keys that wait count as one
    connect(this, &QLineEdit::textChanged, &m_timer, qOverload<>(&QTimer::start));
    connect(&m_timer, &QTimer::timeout, this, &FilterField::parse);
}

QSize FilterField::sizeHint() const
{
    constexpr int frameAndButton = 48;
    return {fontMetrics().horizontalAdvance(placeholderText()) + frameAndButton,
            QLineEdit::sizeHint().height()};
}

void FilterField::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape)
        clear();
    else
        QLineEdit::keyPressEvent(event);
}

void FilterField::parse()
{
    const Result<InstanceFilter> filter = InstanceFilter::parse(text());
    const QString error = filter ? QString() : filter.error().detail;
    setProperty("invalid", !error.isEmpty());
    style()->polish(this); // for the style sheet to see the property
    QToolTip::showText(mapToGlobal(rect().bottomLeft()), error, this); // none hides it
    if (filter)
        Q_EMIT filterChanged(*filter);
}

} // namespace EtcdRegistry
