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

    static constexpr std::chrono::milliseconds firstRetry{1000};

    void prepare(const QString &hostname, quint16 port);
    void startServer(const QString &hostname, quint16 port);
    void update();
    void join();
    void tellWhereItListens(const Instance &instance);
    void leaveMeanwhile();
    void stop(int signal);
    void nextStage();
    void leave();
    void serverEnded();

    RegistrationReporter m_reporter{m_registry};
    ChildProcess m_server{m_options.program};
    std::unique_ptr<PortWatch> m_port;
    Service m_service;
    QString m_name; ///< with its URL, for messages
    bool m_isJoining = false;
    bool m_knowsWhere = false; ///< it listens
    bool m_isLeaving = false;              ///< for now
    bool m_tellJoined = m_options.verbose; ///< the user knows of a trouble, or wants to know
    QString m_whyNotJoined;                ///< as last told
    std::chrono::milliseconds m_retryDelay = firstRetry;
    QTimer m_retryTimer;
    QTimer m_silenceTimer; ///< from its start on
    Stage m_stage = Stage::Running;
    bool m_hasLeft = false; ///< for good
    std::chrono::milliseconds m_wait = m_options.wait;
    QTimer m_stageTimer;
};

} // namespace EtcdRegistry::Cli
