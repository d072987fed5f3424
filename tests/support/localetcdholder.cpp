// SPDX-License-Identifier: MIT
#include "localetcd.h"

#include <QCoreApplication>

#include <cstdio>

using namespace EtcdRegistry;

/// Starts a private etcd, prints its pid and its folder, and waits to be killed.
int main(int argc, char *argv[])
{
    const QCoreApplication application(argc, argv);
    LocalEtcd etcd;
    QObject::connect(&etcd, &LocalEtcd::started, &application, [&etcd] {
        std::printf("%lld %s\n", etcd.pid(), qPrintable(etcd.folder()));
        std::fflush(stdout);
    });
    QObject::connect(&etcd, &LocalEtcd::failed, &application, [](const QString &message) {
        std::fprintf(stderr, "%s\n", qPrintable(message));
        QCoreApplication::exit(1);
    });
    etcd.start();
    return QCoreApplication::exec();
}
