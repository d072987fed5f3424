// SPDX-License-Identifier: MIT
#pragma once

#include "options.h"
#include "registry.h"

#include <QHash>

namespace EtcdRegistry::Cli {

/// Runs what the user asked for, on an event loop: start() once, then finished() comes once.
class Command : public QObject
{
    Q_OBJECT
public:
    explicit Command(Options options);

    void start();

Q_SIGNALS:
    void finished(EtcdRegistry::Cli::ExitStatus status);

private:
    void list();
    void lookup();

    void findThenLeave();
    bool confirm(const QList<Instance> &instances) const;
    void leave(const QList<Instance> &instances);

    void join();
    void tellJoined();
    void tellState(const Registration &registration);
    void stopHolding(ExitStatus status);

    QByteArray text(const QList<Instance> &instances) const;
    void finishWith(const QByteArray &output);
    void finishEmpty();
    void fail(const Error &error);
    void finish(ExitStatus status);

    const Options m_options;
    Registry m_registry;
    qsizetype m_pending = 0;                     ///< operations that have not been answered
    QHash<qint64, Registration::State> m_states; ///< as last told to the user
    bool m_finishing = false;
};

} // namespace EtcdRegistry::Cli
