// SPDX-License-Identifier: MIT
#pragma once

#include "commandtable.h"

namespace EtcdRegistry::Cli {

// Texts that are made from the table of commands and options.

/// What a command does and takes; without one, what commands there are. For a terminal of any
/// width from 80 characters on.
QString helpText(const CommandInfo *command = nullptr);

/// The manual page, in troff.
QString manualPage();

/// What a shell (bash, zsh or fish) reads to complete commands, options and their values.
QString completionScript(const QString &shell);

} // namespace EtcdRegistry::Cli
