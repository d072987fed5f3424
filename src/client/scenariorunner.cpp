// SPDX-License-Identifier: MIT
#include "scenariorunner.h"

#include <algorithm>

namespace EtcdRegistry {

ScenarioRunner::ScenarioRunner(Registry &registry, const Scenario &scenario, QObject *parent)
    : QObject(parent)
    , m_registry(registry)
{
    for (const Scenario::Group &group : scenario.groups) {
        for (const Service &service : group.services(registry.connection())) {
            auto instance =
                std::make_unique<ScenarioInstance>(registry, service, group.behaviour, m_report);
            connect(instance.get(), &ScenarioInstance::reported, this, &ScenarioRunner::reported);
            connect(instance.get(), &ScenarioInstance::failed, this, &ScenarioRunner::failed);
            connect(instance.get(), &ScenarioInstance::begun, this, [this] {
                if (--m_pending == 0)
                    Q_EMIT begun();
            });
            m_instances.push_back(std::move(instance));
        }
    }
    m_report.instances = m_pending = int(m_instances.size());
}

void ScenarioRunner::start()
{
    for (const auto &instance : m_instances)
        instance->join();
}

void ScenarioRunner::halt()
{
    m_instances.clear();
    m_report.away = 0;
}

QFuture<Result<void>> ScenarioRunner::stop()
{
    const QSet<qint64> held = ids();
    halt();
    return m_registry.leave(held.values());
}

int ScenarioRunner::alive() const
{
    const QSet<qint64> ours = ids();
    const QList<Registration> all = m_registry.registrations();
    return int(std::ranges::count_if(all, [&ours](const Registration &each) {
        return each.state == Registration::State::Alive && ours.contains(each.id);
    }));
}

QSet<qint64> ScenarioRunner::ids() const
{
    QSet<qint64> ids;
    for (const auto &instance : m_instances)
        ids.insert(instance->registration());
    return ids;
}

} // namespace EtcdRegistry
