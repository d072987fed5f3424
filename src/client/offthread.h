// SPDX-License-Identifier: MIT
#pragma once

#include <QFuture>
#include <QPromise>
#include <QThreadPool>

#include <memory>

namespace EtcdRegistry {

/// Runs a function in a pool. The future finishes in the thread of the context, from its event
/// loop: one that a pool finishes while another thread chains to it may crash in Qt 6.4. The
/// context must outlive the pool's work: keep the pool as its member and wait for it.
template <typename Function>
auto offThread(QThreadPool &pool, QObject *context, Function function)
{
    using T = std::invoke_result_t<Function>;
    auto promise = std::make_shared<QPromise<T>>();
    promise->start();
    const QFuture<T> future = promise->future();
    pool.start([promise = std::move(promise), context, function = std::move(function)]() mutable {
        QMetaObject::invokeMethod(
            context,
            [promise = std::move(promise), result = function()]() mutable {
                promise->addResult(std::move(result));
                promise->finish();
            },
            Qt::QueuedConnection);
    });
    return future;
}

} // namespace EtcdRegistry
