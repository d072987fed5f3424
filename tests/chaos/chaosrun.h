// SPDX-License-Identifier: MIT
#pragma once

#include "etcdcluster.h"
#include "fakeserver.h"
#include "observer.h"
#include "peer.h"
#include "relay.h"
#include "schedule.h"

#include <array>
#include <memory>
#include <optional>
#include <vector>

namespace EtcdRegistry {

/// Who holds registrations.
struct ChaosClient
{
    Api api = Api::V2;
    bool npm = false; ///< its client instead of ours; v2 only

    QString name() const;
};

struct ChaosOptions
{
    QList<ChaosClient> clients;                ///< at the same time
    int registrations = 1000;                  ///< of each
    std::chrono::milliseconds duration{90000}; ///< of the faults
    quint32 seed = 1;
};

/// After a lost majority, since the first possible write: then all have to be back.
constexpr std::chrono::milliseconds recoveryLimit{1000};

/// What became of a client's registrations.
struct ChaosResult
{
    using Milliseconds = std::chrono::milliseconds;

    int lost = 0; ///< registrations that were ever absent while a majority stood
    int absences = 0;
    Milliseconds longestAbsence{0};
    Milliseconds totalAbsence{0};
    /// After a lost majority, since the first possible write; the longest of all.
    Milliseconds backAfter{0};
    int strayed = 0;    ///< keys that were written into another cluster
    int leftBehind = 0; ///< keys that were still there after the client had left
    int looks = 0;
    int failedLooks = 0; ///< while a majority stood
    Milliseconds longestBlind{0};
};

/// Three real nodes, the relays before them, the clients, and an observer for each, while a
/// schedule is carried out. It prints what it does. Blocks while the event loop runs.
class ChaosRun
{
public:
    explicit ChaosRun(ChaosOptions options);

    /// For each client, in their order; none: the run says nothing about them, see error().
    QList<ChaosResult> run();
    const QString &error() const { return m_error; }

private:
    using Clock = std::chrono::steady_clock;

    struct Recovery
    {
        Clock::time_point lost;
        Clock::time_point firstWrite;
    };

    /// A client and what is seen of it.
    struct Side
    {
        ChaosClient client;
        std::unique_ptr<Peer> peer;
        std::unique_ptr<Observer> observer;
        QList<Recovery> recoveries;

        QByteArray prefix() const;
    };

    bool begin(Side &side);
    ChaosResult end(Side &side);
    QList<ChaosResult> fail(const QString &error);
    void say(const QString &text) const;
    static void wait(std::chrono::milliseconds time);
    void waitUntil(std::chrono::milliseconds sinceStart);
    QList<QUrl> nodes(const QList<int> &except = {}) const;
    QString connectionString(const Side &side) const;
    bool inflict(const Fault &fault);
    bool loseMajority(const Fault &fault);
    bool waitUntilWhole();
    void setTrouble(const QString &trouble, const QList<QUrl> &nodes);
    void setMajority(bool stands);
    ChaosResult judge(const Side &side, const Observer::Findings &findings) const;

    const ChaosOptions m_options;
    EtcdCluster m_etcd{{.members = 3}};
    EtcdCluster m_other; ///< another one
    FakeServer m_webServer;
    std::array<std::unique_ptr<Relay>, 3> m_relays;
    std::vector<Side> m_sides;
    QString m_error;
    Clock::time_point m_start = Clock::now();
    /// Behind the schedule: a calm of one TTL, and more where nodes take longer to return.
    std::chrono::milliseconds m_slip{10000};
};

} // namespace EtcdRegistry
