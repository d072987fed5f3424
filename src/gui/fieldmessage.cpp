// SPDX-License-Identifier: MIT
#include "fieldmessage.h"

#include "theme.h"

#include <QEvent>
#include <QStyle>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

FieldMessage::FieldMessage(QWidget *parent)
    : SignLabel(parent)
{
    setFont(Theme::smallFont(font()));
    clear();
}

void FieldMessage::setHelp(const QString &help)
{
    m_help = help;
    clear();
}

void FieldMessage::say(Kind kind, const QString &text)
{
    m_kind = kind;
    setText(buddy() ? QString(text).replace(u'&', u"&&"_s) : text); // no mnemonics
    setSign(kind == Kind::Help      ? std::nullopt
            : kind == Kind::Warning ? std::optional(InstanceState::Late)
                                    : std::optional(InstanceState::Broken));
    setVisible(!text.isEmpty());
    updateColor();

    QWidget *field = buddy();
    if (!field)
        return;
    field->setAccessibleDescription(text);
    if (const bool invalid = kind == Kind::Error; field->property("invalid").toBool() != invalid) {
        field->setProperty("invalid", invalid);
        field->style()->polish(field); // for the style sheet to see the property
    }
}

void FieldMessage::changeEvent(QEvent *event)
{
    SignLabel::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        updateColor();
}

void FieldMessage::updateColor()
{
    QPalette colors = palette();
    colors.setColor(QPalette::WindowText,
                    m_kind == Kind::Help      ? Theme::color(Theme::Role::Dim, colors)
                    : m_kind == Kind::Warning ? Theme::color(InstanceState::Late, colors)
                                              : Theme::color(Theme::Role::Error, colors));
    setPalette(colors);
}

} // namespace EtcdRegistry
