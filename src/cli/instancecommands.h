// SPDX-License-Identifier: MIT
#pragma once

#include "command.h"

#include <QElapsedTimer>

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
    void tellEmpty();

    QList<Instance> m_found;     ///< by lookups: each once, in the order of their first time
    QHash<QString, int> m_times; ///< by key
    int m_lookups = 0;
};

/// leave [NAME] [--url URL]: it lists, asks, deletes, and looks for a beat whether an owner who is
/// alive puts them back.
class LeaveCommand : public Command
{
    Q_OBJECT
public:
    using Command::Command;
    void start() override;

private:
    bool confirm(const QList<Instance> &instances) const;
    void leave(QList<Instance> instances);
    void leaveNext();
    void tellWhatIsGone();
    void lookForOwners();

    QList<Instance> m_instances; ///< to be deleted; later those whose owners may put them back
    QList<bool> m_isGone;        ///< of each
    qsizetype m_next = 0;
    qsizetype m_pending = 0; ///< deletions that have not been answered
    std::optional<Error> m_error;
    QElapsedTimer m_since; ///< they are gone
};

} // namespace EtcdRegistry::Cli
