// SPDX-License-Identifier: MIT
#pragma once

#include "command.h"
#include "registrationreporter.h"

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
    void stopHolding(ExitStatus status);

    RegistrationReporter m_reporter{m_registry};
    qsizetype m_pending = 0; ///< that have not been joined
    bool m_stopping = false;
};

} // namespace EtcdRegistry::Cli
