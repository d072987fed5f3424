// SPDX-License-Identifier: MIT
#pragma once

#include "scenarioinstance.h"

#include <vector>

namespace EtcdRegistry {

/// Plays a scenario on a registry: joins all of it, and lets each instance behave as it says. What
/// it holds are registrations like others. Lives in the thread of the registry, which outlives it;
/// deleted, it plays no more and leaves nothing that is joined: call stop() first.
class ScenarioRunner : public QObject
{
    Q_OBJECT
public:
    ScenarioRunner(Registry &registry, const Scenario &scenario, QObject *parent = nullptr);

    void start();
    /// Plays no more; what is held stays so.
    void halt();
    /// Plays no more, and leaves all that it holds; the first error, if any.
    QFuture<Result<void>> stop();

    const ScenarioReport &report() const { return m_report; }
    int alive() const; ///< at this moment

Q_SIGNALS:
    void begun();    ///< each instance was joined, or could not be
    void reported(); ///< the report has changed; often
    void failed(const EtcdRegistry::Error &error);

private:
    QSet<qint64> ids() const;

    Registry &m_registry;
    ScenarioReport m_report;
    std::vector<std::unique_ptr<ScenarioInstance>> m_instances;
    int m_pending = 0; ///< instances that have not begun
};

} // namespace EtcdRegistry
