// SPDX-License-Identifier: MIT
#pragma once

#include <QDebug>
#include <QEventLoop>
#include <QProcess>

#include <csignal>

namespace EtcdRegistry {

/// The command etcd-registry as a process. It is killed at the end.
class Cli : public QProcess
{
public:
    explicit Cli(const QStringList &arguments)
    {
        setProgram(QStringLiteral(CLI));
        setArguments(arguments);
    }
    ~Cli() override
    {
        kill();
        waitForFinished();
    }

    /// Runs it to its end.
    Cli &run(const QByteArray &input = {})
    {
        start();
        write(input);
        closeWriteChannel();
        return end();
    }

    /// The same while the event loop runs, for servers that live in this process.
    Cli &runAside()
    {
        QEventLoop loop;
        connect(this, &QProcess::finished, &loop, &QEventLoop::quit);
        start();
        loop.exec();
        return end();
    }

    Cli &end()
    {
        if (state() != NotRunning && !waitForFinished(20000))
            qWarning() << "still running:" << arguments();
        error = readAllStandardError();
        output += readAllStandardOutput();
        return *this;
    }

    /// Starts it and waits until it has printed so many lines. False: it ended before.
    bool startAndRead(int lines)
    {
        start();
        while (output.count('\n') < lines) {
            if (!waitForReadyRead(20000)) {
                qWarning() << arguments() << readAllStandardError();
                return false;
            }
            output += readAllStandardOutput();
        }
        return true;
    }

    /// Starts it and waits until it says something on standard error.
    bool startAndReadError()
    {
        setReadChannel(StandardError);
        start();
        const bool said = waitForReadyRead(20000);
        setReadChannel(StandardOutput);
        return said;
    }

    /// Its exit status; of a process that a signal ended, minus that.
    int status() const { return exitStatus() == NormalExit ? exitCode() : -exitCode(); }

    QByteArray output;
    QByteArray error;
};

/// A registration that a process holds.
struct Held
{
    explicit Held(const QStringList &arguments)
        : cli(arguments)
        , joined(cli.startAndRead(1))
    {}
    /// Its exit status; by SIGKILL nothing is left.
    int end(int signal)
    {
        ::kill(pid_t(cli.processId()), signal);
        return cli.end().status();
    }

    Cli cli;
    bool joined;
};

} // namespace EtcdRegistry
