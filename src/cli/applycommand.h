// SPDX-License-Identifier: MIT
#pragma once

#include "command.h"
#include "registrationreporter.h"
#include "scenariorunner.h"

namespace EtcdRegistry::Cli {

/// apply FILE: plays a scenario until a signal; or tells what it would write.
class ApplyCommand : public Command
{
    Q_OBJECT
public:
    using Command::Command;
    void start() override;

private:
    QByteArray plan() const;
    void play();
    void tellJoined();
    void stop(ExitStatus status);

    RegistrationReporter m_reporter{m_registry};
    std::unique_ptr<ScenarioRunner> m_runner;
    QString m_told; ///< the error that was told last
    bool m_stopping = false;
};

} // namespace EtcdRegistry::Cli
