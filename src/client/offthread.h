// SPDX-License-Identifier: MIT
#pragma once

#include <QFuture>
#include <QPromise>
#include <QThreadPool>

#include <functional>
#include <memory>

#ifdef THREAD_SANITIZED
#include <sanitizer/tsan_interface.h>
#endif

namespace EtcdRegistry {

/// The thread sanitizer does not see how Qt, which was built without it, hands something to another
/// thread: it is told.
class HandOver
{
public:
#ifdef THREAD_SANITIZED
    void give()
    {
        __tsan_release(this);
    }
    void take()
    {
        __tsan_acquire(this);
    }
#else
    void give() {}
    void take() {}
#endif
};
inline HandOver workHandOver, resultHandOver;

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
    std::function<void()> work = [promise = std::move(promise), context,
                                  function = std::move(function)]() mutable {
        workHandOver.take();
        auto finish = [promise = std::move(promise), result = function()]() mutable {
            resultHandOver.take();
            promise->addResult(std::move(result));
            promise->finish();
        };
        resultHandOver.give();
        QMetaObject::invokeMethod(context, std::move(finish), Qt::QueuedConnection);
    };
    workHandOver.give();
    pool.start(std::move(work));
    return future;
}

} // namespace EtcdRegistry
