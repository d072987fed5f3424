// SPDX-License-Identifier: MIT
#include "terminationsignals.h"

#include <QSocketNotifier>

#include <csignal>
#include <unistd.h>

namespace EtcdRegistry {
namespace {

constexpr int caught[] = {SIGINT, SIGTERM, SIGHUP};

int pipeEnds[2];

/// Only what is safe in a signal handler; the rest is done where the event loop reads the pipe.
extern "C" void tellPipe(int)
{
    for (const int signal : caught)
        std::signal(signal, SIG_DFL);
    [[maybe_unused]] const auto written = write(pipeEnds[1], "", 1);
}

} // namespace

TerminationSignals::TerminationSignals(QObject *parent)
    : QObject(parent)
{
    if (pipe(pipeEnds) != 0)
        qFatal("No pipe for signals: too many files are open");
    auto *notifier = new QSocketNotifier(pipeEnds[0], QSocketNotifier::Read, this);
    connect(notifier, &QSocketNotifier::activated, this, [this, notifier] {
        notifier->setEnabled(false);
        Q_EMIT received();
    });
    for (const int signal : caught) {
        if (std::signal(signal, tellPipe) == SIG_IGN)
            std::signal(signal, SIG_IGN);
    }
}

} // namespace EtcdRegistry
