// SPDX-License-Identifier: MIT
#pragma once

#include "signlabel.h"

namespace EtcdRegistry {

/// What there is to say of a field, under it: its help in dim words, or an error or a warning with
/// its sign in front. Takes no room while there is nothing to say. Where the field is its buddy, it
/// gets the text for screen readers and the look of a field with an error.
class FieldMessage : public SignLabel
{
    Q_OBJECT
public:
    enum class Kind { Help, Warning, Error };

    explicit FieldMessage(QWidget *parent = nullptr);

    void setHelp(const QString &help); ///< shown while there is nothing else to say
    void say(Kind kind, const QString &text);
    void clear() { say(Kind::Help, m_help); }
    Kind kind() const { return m_kind; }

protected:
    void changeEvent(QEvent *event) override;

private:
    void updateColor();

    QString m_help;
    Kind m_kind = Kind::Help;
};

} // namespace EtcdRegistry
