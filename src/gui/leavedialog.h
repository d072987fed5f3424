// SPDX-License-Identifier: MIT
#pragma once

#include "instance.h"

#include <QDialog>
#include <QSet>

namespace EtcdRegistry {

/// Asks before keys are deleted: which, on which cluster, and what becomes of those that somebody
/// keeps alive. Show it with open(); it deletes itself when it closes.
class LeaveDialog : public QDialog
{
    Q_OBJECT
public:
    /// ourKeys: the keys of the registrations that this window holds.
    LeaveDialog(const QList<Instance> &instances, const QSet<QString> &ourKeys,
                const QString &clusterName, QWidget *parent = nullptr);

Q_SIGNALS:
    void leaveRequested(const QStringList &keys);
};

} // namespace EtcdRegistry
