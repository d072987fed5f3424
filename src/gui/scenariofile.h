// SPDX-License-Identifier: MIT
#pragma once

#include <QFileDialog>

#include <functional>

namespace EtcdRegistry {

/// Asks for the file of a scenario, to be opened or saved; this one is suggested.
void chooseScenarioFile(QWidget *parent, QFileDialog::AcceptMode mode, const QString &path,
                        const std::function<void(const QString &path)> &chosen);

/// Why it can't be written; empty: it was.
QString writeScenarioFile(const QString &path, const QByteArray &text);

} // namespace EtcdRegistry
