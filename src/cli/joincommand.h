// SPDX-License-Identifier: MIT
#pragma once

#include "command.h"

#include <QHash>

namespace EtcdRegistry::Cli {

/// join NAME: registers its services and holds them until a signal.
class JoinCommand : public Command
{
    Q_OBJECT
public:
    using Command::Command;
    void start() override;

private:
    void tellJoined();
    void tellState(const Registration &registration);
    void stopHolding(ExitStatus status);

    qsizetype m_pending = 0;                     ///< that have not been joined
    QHash<qint64, Registration::State> m_states; ///< as last told to the user
    bool m_stopping = false;
};

} // namespace EtcdRegistry::Cli
