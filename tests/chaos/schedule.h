// SPDX-License-Identifier: MIT
#pragma once

#include <QList>
#include <QString>

#include <chrono>

namespace EtcdRegistry {

/// One thing that goes wrong with a cluster of three, and when.
struct Fault
{
    enum class Kind {
        Kill,         ///< a follower by SIGKILL; it comes back with its data
        Hang,         ///< a follower by SIGSTOP; SIGCONT
        LeaderKill,   ///< the same of the leader
        LeaderHang,   ///< the same of the leader
        LeaderMove,   ///< another node leads; it takes no time
        DataLoss,     ///< a node ends without its data; it comes back as a new member
        Slow,         ///< the network between the client and one node takes its time
        Swallow,      ///< the network between the client and one node swallows what it is given
        OtherApi,     ///< at a node's address is something of etcd's that has neither API
        OtherCluster, ///< at a node's address is a node of another cluster
        WebServer,    ///< at a node's address is a web server
        MajorityLoss, ///< of three nodes two hang, or are killed
    };
    static constexpr int kinds = int(Kind::MajorityLoss) + 1;

    Kind kind;
    std::chrono::milliseconds from; ///< since the start
    std::chrono::milliseconds to;
    int pick; ///< 0 to 5: which node, or how, where the kind leaves a choice

    bool kills() const; ///< rather than hangs

    bool operator==(const Fault &) const = default;
};

QString nameOf(const Fault &fault);

/// The same faults for the same seed, one after another and with a calm after each for the cluster
/// to be whole again. Each kind comes once in every round of 90 s, which is also the least
/// duration, or of 150 s where there are five minutes.
QList<Fault> makeSchedule(quint32 seed, std::chrono::milliseconds duration);

/// A line for each fault.
QString toTable(const QList<Fault> &schedule);

} // namespace EtcdRegistry
