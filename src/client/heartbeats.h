// SPDX-License-Identifier: MIT
#pragma once

#include "heartbeat.h"
#include "pacer.h"

#include <QTimer>

namespace EtcdRegistry {

/// Makes heartbeats beat: each at its place in its interval, a few at a time, the most overdue
/// first; one that fails is tried again soon and for ever. While none gets through only very few
/// are tried at once, so that a cluster in trouble has not thousands of clients at its door, and
/// as soon as one does all the others follow.
class Heartbeats : public QObject
{
    Q_OBJECT
public:
    explicit Heartbeats(QObject *parent = nullptr);

    /// From now on it beats; the first time within its interval.
    void add(Heartbeat &heartbeat);
    void remove(Heartbeat &heartbeat);
    void beatNow(Heartbeat &heartbeat);
    void beatAllNow();
    /// Why the last one failed, if none has got through since.
    const std::optional<Error> &trouble() const { return m_trouble; }
    /// The time may have jumped, as it does while the machine is asleep: looks what is due.
    void look();
    /// Some that are due have to wait for the end of others.
    bool isFull() const { return room() <= 0; }

private:
    qsizetype room() const;
    void ended(Heartbeat &heartbeat, const std::optional<Error> &error);

    struct Member
    {
        Heartbeat *heartbeat;
        int failures = 0; ///< in a row
        bool isBeating = false;
    };

    Pacer m_pacer;
    QHash<Pacer::Id, Member> m_members;
    qsizetype m_beating = 0; ///< so many are
    int m_resting = 0;       ///< of those that failed, until others may be tried
    std::optional<Error> m_trouble;
    QTimer m_timer;
};

} // namespace EtcdRegistry
