// SPDX-License-Identifier: MIT
#pragma once

#include "connectionstring.h"
#include "instance.h"

#include <QList>

namespace EtcdRegistry {

/// With which an instance is registered again: what was granted, where the store says so. v2 tells
/// what is left: the longest that was seen counts, and at least what the connection would give.
std::chrono::seconds ttlOf(const Instance &instance, const ConnectionString &connection);

/// A command, or code, that registers an instance again as it is, with its TTL, for a POSIX shell
/// or Node.js. Passwords are left out: $PASSWORD stands for them. Texts of the registry are quoted,
/// each as one word: nothing of them is carried out.
struct CopyFormat
{
    QString name;  ///< for command lines: "curl-v2"
    QString label; ///< for menus, in the user's language
    /// Empty where there is none: the value is no document, the key no text, or a name no argument.
    QString (*text)(const Instance &instance, const ConnectionString &connection);
};

/// All that there are. Pure functions.
const QList<CopyFormat> &copyFormats();

} // namespace EtcdRegistry
