// SPDX-License-Identifier: MIT
#pragma once

#include "command.h"
#include "liveregistry.h"

#include <QHash>
#include <QSet>
#include <QTimer>

namespace EtcdRegistry::Cli {

/// watch [NAME]: a line for each change, until a signal, for a time, or until something happens.
class WatchCommand : public Command
{
    Q_OBJECT
public:
    explicit WatchCommand(const Options &options);
    void start() override;

private:
    void begin(const QList<LiveInstance> &instances);
    void apply(const QList<Change> &changes);
    void tellLate();
    void tellStatus(const LiveStatus &status);
    void tellEvent(const LiveEvent &event);
    void end();
    void tell(const QString &event, const Instance &instance, const Change *change = nullptr);
    bool ends(const QString &event) const;
    bool isWanted(const Instance &instance) const;
    void lookAtLeases();

    LiveRegistry m_live;
    QTimer m_lateTimer;
    QHash<QString, LiveInstance> m_instances; ///< that are wanted, by key
    QSet<QString> m_late;                     ///< keys, told to be
    Instance::Clock::time_point m_looked;
    LiveStatus::Freshness m_freshness = LiveStatus::Freshness::Connecting;
    bool m_begun = false;
    bool m_complained = false; ///< of who does not answer
};

} // namespace EtcdRegistry::Cli
