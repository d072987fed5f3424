// SPDX-License-Identifier: MIT
#pragma once

#include "registry.h"
#include "scenario.h"

namespace EtcdRegistry {

/// What has become of a scenario's instances since it began.
struct ScenarioReport
{
    int instances = 0;
    int joined = 0; ///< of them, be they held still or not
    int crashes = 0;
    int pauses = 0;
    int flaps = 0; ///< left and joined again
    int away = 0;  ///< at this moment, between the two
    int changes = 0;
    int leaves = 0;   ///< because they were to
    int failures = 0; ///< of what was tried

    QString text() const; ///< for people: "3 of 3 joined; crashes: 1, flaps: 12"

    bool operator==(const ScenarioReport &) const = default;
};

/// Plays one instance of a scenario: joins it, and lets it behave, until it has crashed or left, or
/// somebody else here has left it. Deleted, it leaves only what is not joined yet.
class ScenarioInstance : public QObject
{
    Q_OBJECT
public:
    /// What happens is counted in the report. It and the registry outlive this.
    ScenarioInstance(Registry &registry, const Service &service,
                     const Scenario::Behaviour &behaviour, ScenarioReport &report,
                     QObject *parent = nullptr);

    void join();                                 ///< begun() follows
    qint64 registration() const { return m_id; } ///< 0: it is away, or could not be joined

Q_SIGNALS:
    void begun(); ///< it was joined, or could not be
    void reported();
    void failed(const EtcdRegistry::Error &error);

private:
    using Duration = std::chrono::milliseconds;
    void after(Duration time, void (ScenarioInstance::*what)());
    void count(int &what);
    void fail(const Error &error);
    void expect(QFuture<Result<void>> future, int *counted = nullptr);
    void joined(const Result<Registration> &registration);
    void behave();
    void end(int &why);
    void crash();
    void leave();
    void pause();
    void resume();
    void flap();
    void returns();
    void change();

    Registry &m_registry;
    Service m_service;
    const Scenario::Behaviour m_behaviour;
    ScenarioReport &m_report;
    qint64 m_id = 0;
    int m_changes = 0;
    bool m_begun = false;
    bool m_joining = false;
    bool m_away = false;
    bool m_over = false;
};

} // namespace EtcdRegistry
