// SPDX-License-Identifier: MIT
#pragma once

#include <QProcess>
#include <QTimer>

namespace EtcdRegistry::Cli {

/// A command that runs on our standard channels and does not outlive us. What differs from one
/// operating system to another is here: where we are killed, only Linux ends it as well.
///
/// It has a process group of its own, in the background of the terminal: Ctrl-C reaches us, who
/// leave the registry first, and not it. One that needs the terminal nevertheless (a debugger, a
/// prompt) would be stopped when it reads from there; then it is given the terminal, as a shell
/// does, and Ctrl-C with it: who talks with the user is who is meant.
class ChildProcess : public QProcess
{
    Q_OBJECT
public:
    explicit ChildProcess(const QStringList &command, QObject *parent = nullptr);

    void killGroup(); ///< SIGKILL to it and to what it started

    static constexpr int notFound = 127;
    static constexpr int notExecutable = 126;
    /// As shells tell it: its exit status, 128 and the signal that killed it, or one of these.
    int status() const;

private:
    void shareTerminal();
    void ended();

    qint64 m_group = 0; ///< what processId() was
    QTimer m_terminalTimer;
};

} // namespace EtcdRegistry::Cli
