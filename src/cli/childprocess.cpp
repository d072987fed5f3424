// SPDX-License-Identifier: MIT
#include "childprocess.h"

#include <QFileInfo>
#include <QStandardPaths>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#ifdef Q_OS_LINUX
#include <sys/prctl.h>
#endif

using namespace std::chrono_literals;

namespace EtcdRegistry::Cli {
namespace {

/// Whoever is not in the foreground is stopped by SIGTTOU for this, unless it is ignored.
void giveTerminalTo(pid_t group)
{
    const auto before = std::signal(SIGTTOU, SIG_IGN);
    tcsetpgrp(STDIN_FILENO, group);
    std::signal(SIGTTOU, before);
}

} // namespace

ChildProcess::ChildProcess(const QStringList &command, QObject *parent)
    : QProcess(parent)
{
    setProgram(command.first());
    setArguments(command.mid(1));
    setProcessChannelMode(ForwardedChannels);
    setInputChannelMode(ForwardedInputChannel);
    setChildProcessModifier([us = getpid()] {
        setpgid(0, 0);
#ifdef Q_OS_LINUX
        prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
        if (getppid() != us) // it is too late for that signal
            _exit(EXIT_FAILURE);
    });
    connect(this, &QProcess::started, this, [this] {
        m_group = processId();
        if (isatty(STDIN_FILENO))
            m_terminalTimer.start(100ms);
    });
    connect(this, &QProcess::finished, this, &ChildProcess::ended);
    connect(&m_terminalTimer, &QTimer::timeout, this, &ChildProcess::shareTerminal);
}

void ChildProcess::killGroup()
{
    if (m_group > 0) // 0 is our own one
        ::kill(-pid_t(m_group), SIGKILL);
}

int ChildProcess::status() const
{
    if (error() == FailedToStart) {
        const bool found = program().contains(u'/')
                               ? QFileInfo::exists(program())
                               : !QStandardPaths::findExecutable(program()).isEmpty();
        return found ? notExecutable : notFound;
    }
    return exitStatus() == NormalExit ? exitCode() : 128 + exitCode();
}

void ChildProcess::shareTerminal()
{
    siginfo_t stop{};
    // Only asked for: Qt waits for its end.
    if (waitid(P_PID, id_t(m_group), &stop, WSTOPPED | WNOHANG | WNOWAIT) != 0
        || (stop.si_status != SIGTTIN && stop.si_status != SIGTTOU && stop.si_status != SIGTSTP))
        return;
    const pid_t foreground = tcgetpgrp(STDIN_FILENO);
    if (foreground == m_group) { // Ctrl-Z stops the whole job, until the shell's fg
        giveTerminalTo(getpgrp());
        raise(SIGTSTP);
    } else if (foreground != getpgrp()) {
        raise(SIGTTIN);
    }
    if (tcgetpgrp(STDIN_FILENO) == getpgrp()) {
        giveTerminalTo(pid_t(m_group));
        ::kill(-pid_t(m_group), SIGCONT);
    }
}

void ChildProcess::ended()
{
    m_terminalTimer.stop();
    if (isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == m_group)
        giveTerminalTo(getpgrp());
    // What a script started must not serve on where nobody finds it any more.
    ::kill(-pid_t(m_group), SIGTERM);
}

} // namespace EtcdRegistry::Cli
