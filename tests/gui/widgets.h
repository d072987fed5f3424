// SPDX-License-Identifier: MIT
#pragma once

#include "connectionstring.h"

#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpression>

/// Finding the parts of a window that a test looks at.
namespace EtcdRegistry {

template <typename Widget = QLineEdit>
Widget *child(const QWidget &parent, const QString &name)
{
    auto *widget = parent.findChild<Widget *>(name);
    if (!widget)
        qFatal("no %s", qPrintable(name));
    return widget;
}

inline QString withoutMnemonic(QString text)
{
    static const QRegularExpression mnemonic(QStringLiteral("&(.)"));
    return text.replace(mnemonic, QStringLiteral("\\1"));
}

/// With its mnemonic or without.
inline QPushButton *button(const QWidget &parent, const QString &text)
{
    const auto buttons = parent.findChildren<QPushButton *>();
    for (QPushButton *candidate : buttons) {
        if (candidate->text() == text || withoutMnemonic(candidate->text()) == text)
            return candidate;
    }
    qFatal("no button %s", qPrintable(text));
}

inline ConnectionString connectionTo(const QString &text)
{
    return ConnectionString::parse(text).value();
}

} // namespace EtcdRegistry
