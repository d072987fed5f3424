// SPDX-License-Identifier: MIT
#pragma once

#include <QDialog>

namespace EtcdRegistry {

/// Asks what becomes of the registrations that the window holds when it closes. Cancel, or closing
/// the dialog, is neither signal. Show it with open(); it deletes itself when it closes.
class CloseDialog : public QDialog
{
    Q_OBJECT
public:
    /// `closing`: the window, else only this connection.
    CloseDialog(int held, const QString &clusterName, bool closing, QWidget *parent = nullptr);

Q_SIGNALS:
    void leaveChosen();  ///< delete their keys now
    void expireChosen(); ///< stop beating; or nothing is held
};

} // namespace EtcdRegistry
