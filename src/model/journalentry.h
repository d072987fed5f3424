// SPDX-License-Identifier: MIT
#pragma once

#include "documentdifference.h"
#include "error.h"

#include <QDateTime>
#include <QMetaType>

#include <chrono>
#include <optional>

namespace EtcdRegistry {

/// One thing that happened, as facts: what they say in the user's language is made of them when it
/// is shown, and the file has the same facts in any language. A value; any thread.
struct JournalEntry
{
    enum class Kind { Joined, Changed, Left, Expired, Gone, Late, Flapping, Ours, Node, Watch };
    static constexpr int kindCount = 10;

    enum class What {
        None, ///< the kind says it all
        // Ours
        NotJoined, ///< `error`
        BeatPaused,
        BeatResumed,
        BeatFailed, ///< `error`
        BeatsAgain, ///< after that
        Lost,       ///< expired, as no beat came through: `error`
        Rejoined,
        BeatOverdue,   ///< none was sent in time
        KeyTaken,      ///< deleted or replaced by somebody else; it is joined again
        LeaseRevoked,  ///< by somebody else; it is joined again
        LetGo,         ///< its key or lease was taken, and it is not joined again
        NotLeft,       ///< `error`
        LeftAgain,     ///< a delayed write had brought it back
        DirectoryGone, ///< expired or was deleted; it is joined again
        TwoOwners,     ///< fight over its key
        // Node
        NoAnswer, ///< `error`
        Answers,  ///< again
        Leads,
        // Watch: see LiveEvent::Kind
        Connected,
        Moved,
        Resynchronised,
        Repaired,
        CutOff,
        Recovered,
        Paced,
        Streaming,
        HeldBack, ///< `error`
        NoLeader, ///< `error`
        Led,
        Replaced,
        // Watch, of the journal itself
        NotWritten, ///< to the disk: `error`
        // Left and joined: somebody else's that this window has deleted
        LeftHere,
        PutBack, ///< by its owner, after `duration`
    };

    QDateTime time; ///< UTC, milliseconds
    Kind kind = Kind::Joined;
    What what = What::None;
    QString nameSpace;
    QString service;
    QString key;       ///< empty: it speaks of no instance
    QString instance;  ///< host or URL; Node and Watch: the node
    bool ours = false; ///< this client holds the key
    /// Joined: its TTL (zero: none). Left, Expired and Gone: how long it was registered. Late: its
    /// cadence. No value: not known.
    std::optional<std::chrono::milliseconds> duration;
    int count = 0;         ///< Flapping: how often it joined again. Watch: see LiveEvent
    Difference difference; ///< Changed
    std::optional<Error> error;

    QString text() const; ///< what happened, one line
    /// It tells of something that is wrong, or was.
    bool isTrouble() const;

    QByteArray toJson() const; ///< one line, without its end
    static std::optional<JournalEntry> fromJson(const QByteArray &line);

    bool operator==(const JournalEntry &) const = default;
};

/// "joined", "late", ... in the user's language.
QString kindName(JournalEntry::Kind kind);

/// As in files, in no language: "joined", "late", ...
QString kindWord(JournalEntry::Kind kind);

/// "shop/orders"; of entries that speak of no service: "cluster".
QString subjectText(const JournalEntry &entry);

} // namespace EtcdRegistry

Q_DECLARE_TYPEINFO(EtcdRegistry::JournalEntry, Q_RELOCATABLE_TYPE);
Q_DECLARE_METATYPE(EtcdRegistry::JournalEntry)
