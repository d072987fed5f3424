// SPDX-License-Identifier: MIT
#pragma once

#include "instance.h"
#include "plainhttp.h"

#include <QByteArray>
#include <QHash>
#include <QList>
#include <QString>
#include <QUrl>

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace EtcdRegistry {

/// A key was not there: it was at `seen`, it was not from `from` on, and at `to` it was again.
struct Absence
{
    using Time = std::chrono::steady_clock::time_point;

    QByteArray key;
    Time seen;
    Time from;
    Time to;
    QString trouble; ///< at `from`
};

/// Reads from a node itself, several times a second and in its own thread, which of the keys below
/// a prefix are there; nothing of it is the client under test. A read is one that a majority agrees
/// to, so that a node which was cut off can't show what has long changed.
class Observer
{
public:
    using Clock = std::chrono::steady_clock;

    struct Findings
    {
        QList<Absence> absences; ///< in the order of their ends
        int looks = 0;
        int failedLooks = 0;
        std::chrono::milliseconds longestBlind{0}; ///< while a majority stood
    };

    /// The prefix ends with a slash. The nodes answer.
    Observer(Api api, const QByteArray &prefix, const QList<QUrl> &nodes);
    ~Observer();

    /// Before start(): the keys that are there.
    int count() const { return int(m_keys.size()); }

    /// From now on these keys are looked for.
    void start();
    /// Asked from now on are these nodes, which are well; and what is wrong with the others.
    void setTrouble(const QString &trouble, const QList<QUrl> &nodes);
    /// While there is none, a read that fails is no wonder.
    void setMajority(bool stands);
    Findings stop();

    /// When writes to any of the nodes are answered, and go on to be. After a lost majority the
    /// first ones may be accepted by the leader of before, until the one who was alone and has
    /// asked for votes ever since unseats it. Nothing: there was no such time within the limit.
    static std::optional<Clock::time_point> firstWrite(Api api, const QList<QUrl> &nodes,
                                                       std::chrono::milliseconds limit);

private:
    struct Key
    {
        QByteArray revision; ///< v3: of its creation
        Clock::time_point seen;
        std::optional<Absence> absence;
    };

    std::optional<QHash<QByteArray, QByteArray>> look(PlainHttp &http) const;
    void run();
    void compare(const QHash<QByteArray, QByteArray> &there, const QString &trouble);

    const Api m_api;
    const PlainHttp::Request m_request;
    std::map<QByteArray, Key> m_keys;
    Findings m_findings;

    std::mutex m_mutex;
    QString m_trouble;
    QList<QUrl> m_nodes;
    std::atomic<bool> m_majority = true;
    std::atomic<bool> m_stop = false;
    std::thread m_thread;
};

} // namespace EtcdRegistry
