// SPDX-License-Identifier: MIT
#pragma once

#include <QObject>

namespace EtcdRegistry {

/// SIGINT, SIGTERM and SIGHUP as a Qt signal. The first of them is told; from then on each ends
/// the process at once, as if nobody cared, unless all are asked for. One that is ignored (nohup)
/// stays so. One object in a process.
class TerminationSignals : public QObject
{
    Q_OBJECT
public:
    enum class Tell { First, All };

    explicit TerminationSignals(QObject *parent = nullptr, Tell tell = Tell::First);

Q_SIGNALS:
    void received(int signal);
};

} // namespace EtcdRegistry
