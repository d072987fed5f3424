// SPDX-License-Identifier: MIT
#pragma once

#include "instance.h"

#include <QList>

namespace EtcdRegistry::Cli {

// What standard output shows of instances. Except for JSON, control characters are replaced:
// names and documents are other people's, and must not command a terminal.

QByteArray names(const QList<Instance> &instances); ///< one a line
QByteArray urls(const QList<Instance> &instances);  ///< name and URL, one a line

/// Each as a tree: its name, and below it the fields of its document.
QByteArray trees(const QList<Instance> &instances);

/// One array of the documents as their owners wrote them, each on a new line. Values that are no
/// documents are left out.
QByteArray jsonArray(const QList<Instance> &instances);

/// To standard output, at once. False: it can't be written, and the user was told. A reader that
/// has gone away (`etcd-registry list | head -1`) wants no more: that is no failure.
bool print(const QByteArray &text);

/// One line to standard error.
void complain(const QString &text);

} // namespace EtcdRegistry::Cli
