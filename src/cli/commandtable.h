// SPDX-License-Identifier: MIT
#pragma once

#include <QList>
#include <QString>
#include <QStringList>

namespace EtcdRegistry::Cli {

/// What the tool can do, once: from this table a command line is read, and help, the completion
/// of the shells and the manual page are made. Texts are translated when they are asked for.

struct OptionInfo
{
    QString name;
    QString letter; ///< empty: none
    QString value;  ///< "PORT"; empty: a switch
    QString text;
    QStringList choices = {}; ///< all values that there are
    QString preset = {};      ///< the value without it
    bool file = false;        ///< the value is a file's name
};

struct CommandInfo
{
    QString name;
    QString arguments; ///< "NAME [-- COMMAND...]"
    QString summary;   ///< a line
    QString text;      ///< further sentences; a line break begins a paragraph
    int least, most;   ///< so many arguments
    QStringList options;
    QStringList choices = {}; ///< all values of its first argument
    bool file = false;        ///< its first argument is a file's name
};

const QList<CommandInfo> &commandTable();
const QList<OptionInfo> &optionTable();

const CommandInfo *findCommand(const QString &name); ///< null: there is none
const OptionInfo &option(const QString &name);       ///< precondition: there is such an option

/// Those of any command, then its own; of no command: just the former.
QList<OptionInfo> optionsOf(const CommandInfo *command);

} // namespace EtcdRegistry::Cli
