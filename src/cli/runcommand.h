// SPDX-License-Identifier: MIT
#pragma once

#include "childprocess.h"
#include "command.h"
#include "portwatch.h"
#include "registrationreporter.h"

namespace EtcdRegistry::Cli {

/// join NAME -- COMMAND: runs a server, which is registered while it accepts connections. Standard
/// output is the server's, and so is the exit status.
class RunCommand : public Command
{
    Q_OBJECT
public:
    using Command::Command;
    void start() override;

private:
    /// It only goes forward, and one stage at a time: on a signal, or when a stage is over.
    enum class Stage { Running, Leaving, Waiting, Terminating, Killing };

    void startServer(const Instance &instance);
    void update();
    void join();
    void leaveForNow();
    void stop(int signal);
    void nextStage();
    void leave();
    void serverEnded();

    RegistrationReporter m_reporter{m_registry};
    ChildProcess m_server{m_options.program};
    std::unique_ptr<PortWatch> m_port;
    Service m_service;
    QString m_name;         ///< with its URL, for messages
    bool m_isBusy = false;  ///< joining, or leaving for now
    bool m_tellJoined;      ///< the user knows of a trouble, or wants to know
    QString m_whyNotJoined; ///< as last told
    std::chrono::milliseconds m_retryDelay;
    QTimer m_retryTimer;
    QTimer m_silenceTimer; ///< from its start on
    Stage m_stage = Stage::Running;
    bool m_hasLeft = false; ///< for good
    std::chrono::milliseconds m_wait;
    QTimer m_stageTimer;
};

} // namespace EtcdRegistry::Cli
