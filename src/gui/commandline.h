// SPDX-License-Identifier: MIT
#pragma once

#include "theme.h"

#include <QString>

namespace EtcdRegistry {

/// What etcd-registry-browser is asked to do. A value.
struct CommandLine
{
    bool demo = false;
    QString connection; ///< empty: none is named
    QString screenshot; ///< a file; empty: none is wanted
    QString select;
    std::optional<Theme::Scheme> scheme; ///< nothing: the one in the settings

    QString fault; ///< why it can't be understood, in the user's language; empty: it can

    /// Of the present QCoreApplication. Where that has no window, it answers --help and --version,
    /// and does not return.
    static CommandLine read();
};

std::optional<Theme::Scheme> schemeNamed(const QString &name);

} // namespace EtcdRegistry
