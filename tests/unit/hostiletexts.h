// SPDX-License-Identifier: MIT
#pragma once

#include "instance.h"

#include <QByteArray>
#include <QList>
#include <QString>

namespace EtcdRegistry {

/// A name, URL, key or value that somebody wrote who means harm. Every output goes through all.
struct HostileText
{
    QByteArray tag;
    QString text;
};

const QList<HostileText> &hostileTexts();

/// A file that an expansion or a rendered picture would make or read: its name is in some of them.
constexpr char16_t hostileFile[] = u"harmed";

/// With the text wherever an owner may write one: as name, URL, host, and as name and value of a
/// field; or, raw, as the whole value.
Instance hostileInstance(const QString &text);
Instance brokenInstance(const QByteArray &value);

/// An instance whose document has that many fields.
Instance instanceWithFields(int count);

/// What is in a text that a person must never be shown, in words; empty if nothing is. A line
/// break counts unless the text is one of lines.
QString harmIn(const QString &text, bool ofLines = false);

} // namespace EtcdRegistry
