// SPDX-License-Identifier: MIT
#pragma once

#include "mainwindow.h"

namespace EtcdRegistry {

/// Takes a picture of a window as soon as it shows data, prints a table of the services, and ends
/// the program: 0, or 3 where there is no picture to be had. Belongs to the window.
class Screenshot : public QObject
{
    Q_OBJECT
public:
    Screenshot(MainWindow &window, const QString &file);

private:
    void take();
    void fail(const QString &message);

    MainWindow &m_window;
    QString m_file;
};

} // namespace EtcdRegistry
