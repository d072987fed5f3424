// SPDX-License-Identifier: MIT
#include "theme.h"
#include "windowbench.h"

#include <QApplication>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

/// The process with the window that bench_live measures:
///   bench_window list|idle CONNECTION INSTANCES
///   bench_window burst CONNECTION INSTANCES LOADER ARGUMENTS...
///   bench_window beats CONNECTION INSTANCES RECORD
int main(int argc, char *argv[])
{
    qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.size() < 4)
        return fail(u"usage: see bench_window.cpp"_s);
    Theme::apply(application, Theme::Scheme::Light);
    WindowBench bench(arguments[2], arguments[3].toInt());
    if (arguments[1] == "list"_L1)
        return bench.list();
    if (arguments[1] == "burst"_L1)
        return bench.burst(arguments.mid(4));
    if (arguments[1] == "beats"_L1)
        return bench.beats(arguments.value(4), std::chrono::seconds(60));
    return bench.idle(std::chrono::seconds(30));
}
