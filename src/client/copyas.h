// SPDX-License-Identifier: MIT
#pragma once

#include "connectionstring.h"
#include "instance.h"

#include <QList>

namespace EtcdRegistry {

/// A command, or code, that registers an instance again as it is, with its TTL (10 s where that is
/// not known), for a POSIX shell or Node.js. Passwords are left out: $PASSWORD stands for them.
/// Texts of the registry are quoted, each as one word: nothing of them is carried out.
struct CopyFormat
{
    QString name;  ///< for command lines: "curl-v2"
    QString label; ///< for menus, in the user's language
    /// Empty where there is none: the value is no document, or a name no argument.
    QString (*text)(const Instance &instance, const ConnectionString &connection);
};

/// All that there are. Pure functions.
const QList<CopyFormat> &copyFormats();

} // namespace EtcdRegistry
