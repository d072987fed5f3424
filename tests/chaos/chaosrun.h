// SPDX-License-Identifier: MIT
#pragma once

#include "etcdcluster.h"
#include "observer.h"
#include "relay.h"
#include "schedule.h"

#include <array>
#include <memory>
#include <optional>

namespace EtcdRegistry {

struct ChaosOptions
{
    Api api = Api::V2;
    bool npm = false; ///< its client instead of ours; v2 only
    int registrations = 1000;
    std::chrono::milliseconds duration{90000}; ///< of the faults
    quint32 seed = 1;
};

/// After a lost majority, since the first possible write: then all have to be back.
constexpr std::chrono::milliseconds recoveryLimit{1000};

/// What became of a client's registrations.
struct ChaosResult
{
    using Milliseconds = std::chrono::milliseconds;

    QString error; ///< not empty: the run says nothing about the client
    int lost = 0;  ///< registrations that were ever absent while a majority stood
    int absences = 0;
    Milliseconds longestAbsence{0};
    Milliseconds totalAbsence{0};
    /// After a lost majority, since the first possible write; the longest of all.
    Milliseconds backAfter{0};
    int leftBehind = 0; ///< keys that were still there after the client had left
    int looks = 0;
    int failedLooks = 0; ///< while a majority stood
    Milliseconds longestBlind{0};
};

/// Three real nodes, the relays before them, a client, and the observer, while a schedule is
/// carried out. It prints what it does. Blocks while the event loop runs.
class ChaosRun
{
public:
    explicit ChaosRun(ChaosOptions options);

    ChaosResult run();

private:
    using Clock = std::chrono::steady_clock;

    struct Recovery
    {
        Clock::time_point lost;
        Clock::time_point firstWrite;
    };

    void say(const QString &text) const;
    static void wait(std::chrono::milliseconds time);
    void waitUntil(std::chrono::milliseconds sinceStart);
    QList<QUrl> nodes(const QList<int> &except = {}) const;
    QString connectionString() const;
    bool inflict(const Fault &fault);
    bool loseMajority(const Fault &fault);
    bool waitUntilWhole();
    void judge(const Observer::Findings &findings, ChaosResult &result) const;

    const ChaosOptions m_options;
    EtcdCluster m_etcd{{.members = 3}};
    std::array<std::unique_ptr<Relay>, 3> m_relays;
    std::unique_ptr<Observer> m_observer;
    QList<Recovery> m_recoveries;
    Clock::time_point m_start = Clock::now();
    /// Behind the schedule: a calm of one TTL, and more where nodes take longer to return.
    std::chrono::milliseconds m_slip{10000};
};

} // namespace EtcdRegistry
