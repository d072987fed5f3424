// SPDX-License-Identifier: MIT
#include "screenshot.h"

#include "plaintext.h"
#include "session.h"

#include <QCoreApplication>
#include <QPixmap>
#include <QTextStream>
#include <QTimer>

#include <map>

namespace EtcdRegistry {

using namespace std::chrono_literals;

namespace {

constexpr auto settling = 1500ms; ///< for nodes to be asked, and for the layout to come to rest
constexpr int noPicture = 3;
constexpr QSize pictureSize(1280, 800);

void printTable(QTextStream &out, const Rows &rows)
{
    std::map<std::pair<QString, QString>, int> counts;
    for (const Row &row : rows)
        ++counts[{plainLine(row.instance->nameSpace), plainLine(row.instance->service)}];
    qsizetype nameSpaceWidth = 9, serviceWidth = 7; // of the titles
    for (const auto &[name, count] : counts) {
        nameSpaceWidth = std::max(nameSpaceWidth, name.first.size());
        serviceWidth = std::max(serviceWidth, name.second.size());
    }
    const auto line = [&](const QString &nameSpace, const QString &service, const QString &count) {
        out << nameSpace.leftJustified(nameSpaceWidth) << "  "
            << service.leftJustified(serviceWidth) << "  " << count << '\n';
    };
    line(Screenshot::tr("namespace"), Screenshot::tr("service"), Screenshot::tr("instances"));
    for (const auto &[name, count] : counts)
        line(name.first.isEmpty() ? Screenshot::tr("-") : name.first, name.second,
             QString::number(count));
}

} // namespace

Screenshot::Screenshot(MainWindow &window, const QString &file)
    : QObject(&window)
    , m_window(window)
    , m_file(file)
{
    window.resize(pictureSize); // whatever room this screen has
    connect(&window, &MainWindow::connected, this,
            [this] { QTimer::singleShot(settling, this, &Screenshot::take); });
    connect(&window, &MainWindow::connectingFailed, this, &Screenshot::fail);
}

void Screenshot::take()
{
    QTextStream out(stdout);
    printTable(out, m_window.session()->rows());
    if (!m_window.grab().save(m_file)) {
        out.flush();
        return fail(tr("Cannot write a picture to %1. Its name must end in .png or .jpg, and its "
                       "folder must be writable.")
                        .arg(m_file));
    }
    out << tr("The picture is in %1.").arg(m_file) << '\n';
    QCoreApplication::exit(0);
}

void Screenshot::fail(const QString &message)
{
    QTextStream(stderr) << message << '\n';
    // It may have failed before the event loop runs, which is what exit() ends.
    QTimer::singleShot(0, this, [] { QCoreApplication::exit(noPicture); });
}

} // namespace EtcdRegistry
