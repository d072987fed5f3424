// SPDX-License-Identifier: MIT
#pragma once

#include "instance.h"
#include "options.h"

#include <QHash>
#include <QList>

namespace EtcdRegistry::Cli {

// What standard output shows of instances, as plaintext.h has it: JSON is escaped, and means the
// same; all else has replacement characters.

QByteArray names(const QList<Instance> &instances, bool color); ///< one a line

/// Each as a tree: its name, and below it the fields of its document.
QByteArray trees(const QList<Instance> &instances, bool color);

/// One array of the documents as their owners wrote them, each on a new line. Values that are no
/// documents are left out.
QByteArray jsonArray(const QList<Instance> &instances);

/// One array, each on a new line; or, for JsonLines, just the lines.
QByteArray jsonObjects(const QByteArrayList &objects, Options::Output output);

/// In the form that the user asked for, or else that one; by default the name and the URL of each.
QByteArray text(const QList<Instance> &instances, const Options &options, Options::Output preset);

/// How often each of them was found.
QByteArray lookups(const QList<Instance> &instances, const QHash<QString, int> &times,
                   const Options &options);

/// To standard output, at once. False: it can't be written, and the user was told. A reader that
/// has gone away (`etcd-registry list | head -1`) wants no more: that is no failure.
bool print(const QByteArray &text);
bool hasReader(); ///< false: it has gone away

/// On standard error, where that is a terminal and it takes long: how many are done.
void tellProgress(qsizetype done, qsizetype all);

/// One line to standard error.
void complain(const QString &text);

} // namespace EtcdRegistry::Cli
