// SPDX-License-Identifier: MIT
#pragma once

#include "journalentry.h"

#include <QList>

namespace EtcdRegistry {

/// Entries as a file of the kind that its suffix says: .jsonl or .json has the facts, one object a
/// line; .csv and, whatever else it is, plain text have what people read. Pure; any thread.
QByteArray journalAs(const QString &suffix, const QList<JournalEntry> &entries);

/// Writes that file, whole or not at all. Empty, or why not in the user's language. It waits for
/// the disk.
QString exportJournal(const QString &path, const QList<JournalEntry> &entries);

} // namespace EtcdRegistry
