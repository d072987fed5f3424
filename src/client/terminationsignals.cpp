// SPDX-License-Identifier: MIT
#include "terminationsignals.h"

#include <QSocketNotifier>

#include <csignal>
#include <fcntl.h>
#include <unistd.h>

namespace EtcdRegistry {
namespace {

constexpr int caught[] = {SIGINT, SIGTERM, SIGHUP};

int pipeEnds[2];

/// Only what is safe in a signal handler; the rest is done where the event loop reads the pipe.
extern "C" void tellPipe(int received)
{
    const char number = char(received);
    [[maybe_unused]] const auto written = write(pipeEnds[1], &number, 1);
}

extern "C" void tellPipeOnce(int received)
{
    for (const int signal : caught)
        std::signal(signal, SIG_DFL);
    tellPipe(received);
}

} // namespace

TerminationSignals::TerminationSignals(QObject *parent, Tell tell)
    : QObject(parent)
{
    if (pipe(pipeEnds) != 0)
        qFatal("No pipe for signals: too many files are open");
    for (const int end : pipeEnds)
        fcntl(end, F_SETFD, FD_CLOEXEC); // they are no business of processes that we start
    auto *notifier = new QSocketNotifier(pipeEnds[0], QSocketNotifier::Read, this);
    connect(notifier, &QSocketNotifier::activated, this, [this] {
        if (char number = 0; read(pipeEnds[0], &number, 1) == 1)
            Q_EMIT received(number);
    });
    const auto handler = tell == Tell::All ? tellPipe : tellPipeOnce;
    for (const int signal : caught) {
        if (std::signal(signal, handler) == SIG_IGN)
            std::signal(signal, SIG_IGN);
    }
}

} // namespace EtcdRegistry
