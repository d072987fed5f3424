// SPDX-License-Identifier: MIT
#pragma once

#include "connectionstring.h"

#include <QLineEdit>
#include <QPushButton>

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

inline QPushButton *button(const QWidget &parent, const QString &text)
{
    const auto buttons = parent.findChildren<QPushButton *>();
    for (QPushButton *candidate : buttons) {
        if (candidate->text() == text)
            return candidate;
    }
    qFatal("no button %s", qPrintable(text));
}

inline ConnectionString connectionTo(const QString &text)
{
    return ConnectionString::parse(text).value();
}

} // namespace EtcdRegistry
