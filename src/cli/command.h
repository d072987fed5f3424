// SPDX-License-Identifier: MIT
#pragma once

#include "options.h"
#include "registry.h"

#include <memory>

namespace EtcdRegistry::Cli {

constexpr qsizetype writesAtOnce = 64; // etcd writes many to the disk together

/// Does what the user asked for, on an event loop: start() once, then finished() comes once.
class Command : public QObject
{
    Q_OBJECT
public:
    explicit Command(Options options);

    /// The one that the options name.
    static std::unique_ptr<Command> make(const Options &options);

    virtual void start() = 0;

Q_SIGNALS:
    void finished(EtcdRegistry::Cli::ExitStatus status);

protected:
    void finishWith(const QByteArray &output);
    void finishEmpty(); ///< having said where else there is something
    void tellBroken(const QList<Instance> &instances) const; ///< how many are no documents
    void fail(const Error &error);
    void finish(ExitStatus status); ///< once: what follows is ignored
    bool isFinished() const { return m_finished; }

    static ExitStatus statusOf(const Error &error);

    const Options m_options;
    Registry m_registry;

private:
    bool m_toldLeaderless = false;
    bool m_finished = false;
};

} // namespace EtcdRegistry::Cli
