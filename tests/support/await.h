// SPDX-License-Identifier: MIT
#pragma once

#include <QEventLoop>
#include <QFutureWatcher>
#include <QTimer>

#include <chrono>

namespace EtcdRegistry {

/// The result of a future, which is waited for while the event loop runs. A future that does not
/// finish in time ends the test program: what follows could not be trusted.
template <typename T>
T await(const QFuture<T> &future, std::chrono::milliseconds timeout = std::chrono::seconds(20))
{
    QEventLoop loop;
    QFutureWatcher<T> watcher;
    QObject::connect(&watcher, &QFutureWatcher<T>::finished, &loop, &QEventLoop::quit);
    QTimer::singleShot(timeout, &loop, &QEventLoop::quit);
    watcher.setFuture(future);
    loop.exec();
    if (!future.isFinished())
        qFatal("A future did not finish within %d ms", int(timeout.count()));
    if (future.resultCount() == 0)
        qFatal("A future was dropped without a result");
    return future.result();
}

} // namespace EtcdRegistry
