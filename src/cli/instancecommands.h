// SPDX-License-Identifier: MIT
#pragma once

#include "command.h"

namespace EtcdRegistry::Cli {

/// list [NAME]
class ListCommand : public Command
{
    Q_OBJECT
public:
    using Command::Command;
    void start() override;
};

/// lookup NAME; with --count so often, one after the other.
class LookupCommand : public Command
{
    Q_OBJECT
public:
    using Command::Command;
    void start() override;

private:
    void tell(const Instance &instance);
    void lookUpAgain();

    QList<Instance> m_found;     ///< by lookups: each once, in the order of their first time
    QHash<QString, int> m_times; ///< by key
    int m_lookups = 0;
};

/// leave [NAME] [--url URL]: it lists, asks and deletes.
class LeaveCommand : public Command
{
    Q_OBJECT
public:
    using Command::Command;
    void start() override;

private:
    bool confirm(const QList<Instance> &instances) const;
    void leave(const QList<Instance> &instances);

    qsizetype m_pending = 0; ///< deletions that have not been answered
};

} // namespace EtcdRegistry::Cli
