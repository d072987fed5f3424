// SPDX-License-Identifier: MIT
#pragma once

#include "connectionstring.h"
#include "layout.h"
#include "scenario.h"

#include <QStringList>

#include <chrono>
#include <optional>
#include <variant>

namespace EtcdRegistry::Cli {

/// What the process tells its caller; join with a command: that one's status, whatever it is.
enum ExitStatus : int {
    Done = 0,
    NothingFound = 1,
    Declined = 1,       ///< by who was asked
    SomethingFound = 1, ///< by doctor
    WrongUsage = 2,
    Failed = 3, ///< the cluster was not reachable or refused; also an output that can't be written
};

/// What the user asked for. Where an option is no option of the command it has its default.
struct Options
{
    enum class Output { Default, Names, Table, Json, JsonLines };

    QString command;       ///< a name in commandTable()
    QStringList arguments; ///< what follows it
    QStringList program;   ///< join: what is to be run, and its arguments
    ConnectionString connection;
    Output output = Output::Default;
    bool forShells = false; ///< Names: as arguments, each with a NUL behind it
    bool color = false;     ///< of standard output
    bool verbose = false;
    bool yes = false;
    bool check = false;
    bool writeOnly = false;
    bool dryRun = false;
    int count = 1;
    QString format; ///< copy-as: a name in copyFormats()
    QString url;
    QString until;                                  ///< watch: the event that ends it; empty: none
    std::optional<std::chrono::milliseconds> lasts; ///< watch: how long
    std::chrono::milliseconds wait{2000};
    std::chrono::milliseconds slack{5000};
    QList<Service> services; ///< join, import: what is to be registered
    Scenario scenario;       ///< apply: the same

    QString name() const { return arguments.value(0); } ///< of the service; empty: none given
};

/// What is to be printed instead of running a command.
struct Message
{
    ExitStatus status = WrongUsage; ///< Done: a text for standard output, else for standard error
    QString text;
};

/// Reads the command line (with the program's name in front), the environment and the --doc file.
std::variant<Options, Message> parseCommandLine(const QStringList &arguments);

} // namespace EtcdRegistry::Cli
