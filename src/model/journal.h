// SPDX-License-Identifier: MIT
#pragma once

#include "journalentry.h"
#include "journalfile.h"
#include "liveregistry.h"
#include "nodes.h"
#include "registration.h"

#include <QHash>
#include <QObject>
#include <QTimer>

#include <vector>

namespace EtcdRegistry {

/// Writes down what happens to a cluster: what is told to its slots becomes entries, which it hands
/// on in batches and appends to a file (JSON Lines, see JournalFile), so that they outlive the
/// window. What happens before the cluster was listed waits for that. It reads and writes files:
/// let it live in a thread of its own, where that hurts nobody. A disk that does not take them is
/// told once, as an entry.
class Journal : public QObject
{
    Q_OBJECT
public:
    using Clock = Instance::Clock;

    static constexpr qint64 defaultLimit = 10 << 20;

    /// `cluster`: the connection string, without its password. `limit`: bytes of all its files.
    Journal(const QString &folder, const QString &cluster, qint64 limit = defaultLimit,
            QObject *parent = nullptr);
    ~Journal() override; ///< what is left is written

    /// Where journals are by default: below the user's data folder of this program.
    static QString defaultFolder();

    QString path() const { return m_file.path(); }

public Q_SLOTS:
    void load(); ///< recorded() with the last entries of the file; call it first, and once

    void recordChanges(const QList<EtcdRegistry::Change> &changes); ///< see isNews()
    void recordEvent(const EtcdRegistry::LiveEvent &event);
    void recordLate(const EtcdRegistry::LiveInstance &live,
                    EtcdRegistry::Instance::Clock::time_point at);
    /// What is ours and how it fares, as Registry's signals of these names tell.
    void recordRegistrations(const QList<EtcdRegistry::Registration> &registrations);
    /// This window is about to delete the key, which is somebody else's unless it is ours.
    void expectLeave(const QString &key);
    void recordLeftAgain(const EtcdRegistry::Registration &registration);
    void recordNode(const EtcdRegistry::Node &node); ///< each that may have changed

    void flush(); ///< hands on and writes what is waiting, now

Q_SIGNALS:
    void recorded(const QList<EtcdRegistry::JournalEntry> &entries); ///< in order

private:
    struct Rejoins ///< of a key that has gone and may come back
    {
        std::vector<Clock::time_point> joins; ///< of the last ten minutes
        Clock::time_point last;
        bool told = false;
    };

    void record(JournalEntry entry);
    void recordChange(const Change &change, qint64 clockOffset);
    void recordWhat(JournalEntry::Kind kind, JournalEntry::What what, const QString &who,
                    const std::optional<Error> &error = {});
    void recordRegistration(const Registration &registration);
    void recordOurs(JournalEntry::What what, const Registration &registration);
    void watchFlapping(const Change &change, const JournalEntry &entry);
    bool isOurs(const QString &key, Clock::time_point at) const;
    void write(const QList<JournalEntry> &entries);

    JournalFile m_file;
    QList<JournalEntry> m_waiting;
    QTimer m_timer;
    QByteArray m_unwritten; ///< lines that wait until there is something to tell of
    bool m_hasSeen = false; ///< the cluster, or what we hold
    bool m_writes = true;   ///< the last attempt did

    QHash<qint64, Registration> m_registrations; ///< that are held
    QHash<QString, Clock::time_point> m_ours; ///< until when a key counts as ours; held: for ever
    QHash<QString, Clock::time_point> m_removed; ///< keys of others that this window deleted
    QHash<QString, Rejoins> m_rejoins;
    Clock::time_point m_rejoinsPruned;
    QHash<QUrl, Node> m_nodes;
    QUrl m_leader;
};

} // namespace EtcdRegistry
