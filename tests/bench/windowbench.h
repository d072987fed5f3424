// SPDX-License-Identifier: MIT
#pragma once

#include "mainwindow.h"
#include "measure.h"

#include <QSettings>
#include <QTemporaryDir>

#include <optional>

class QAbstractItemModel;

namespace EtcdRegistry {

/// A real window, shown offscreen, whose event loop is watched, in a process of its own. Each
/// measurement prints a JSON object for the process that asked for it and returns what main() has
/// to.
class WindowBench
{
public:
    WindowBench(const QString &connection, int instances);

    int list();
    /// `load`: the program that changes things, and its arguments.
    int burst(const QStringList &load);
    int beats(const QString &recordFile, std::chrono::seconds time);
    int idle(std::chrono::seconds time);

private:
    /// Until every instance is in the model of the table: how long that took, in seconds.
    std::optional<double> connect();
    QAbstractItemModel *model() const; ///< of the table
    const Session &session() const { return *m_window.session(); }

    QString m_connection;
    int m_instances;
    QTemporaryDir m_folder;
    QSettings m_settings;
    MainWindow m_window;
    StallMeter m_stalls;
};

} // namespace EtcdRegistry
