// SPDX-License-Identifier: MIT
#pragma once

#include "connectionstring.h"
#include "layout.h"

#include <QStringList>

#include <variant>

namespace EtcdRegistry::Cli {

/// What the process tells its caller.
enum ExitStatus {
    Done = 0,
    NothingFound = 1,
    WrongUsage = 2,
    Failed = 3, ///< the cluster was not reachable or refused; also an output that can't be written
};

/// What the user asked for.
struct Options
{
    enum class Command { Join, Leave, List, Lookup };

    Command command = Command::List;
    QString name; ///< empty: none given
    ConnectionString connection;
    bool verbose = false;
    bool json = false;
    bool yes = false;
    QString url;             ///< leave: only instances with it
    QList<Service> services; ///< join: one for each instance
};

/// What is to be printed instead of running a command.
struct Message
{
    ExitStatus status = WrongUsage; ///< Done: a text for standard output, else for standard error
    QString text;
};

/// Reads the command line (with the program's name in front) and the --doc file.
std::variant<Options, Message> parseCommandLine(const QStringList &arguments);

} // namespace EtcdRegistry::Cli
