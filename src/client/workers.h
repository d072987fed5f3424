// SPDX-License-Identifier: MIT
#pragma once

#include <QCoreApplication>
#include <QFuture>
#include <QObject>
#include <QPromise>
#include <QThread>
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

/// Threads for what would hold up the event loop. It and its futures live in the thread that made
/// it: a future that a pool finishes while another thread chains to it may crash in Qt 6.4.
///
/// When it goes it waits for what runs, and futures that have no value yet are canceled. Be a
/// member of who waits for them: a future must not end after the context of its `.then()`.
class Workers : public QObject
{
public:
    explicit Workers(int threads = QThread::idealThreadCount())
    {
        m_pool.setMaxThreadCount(threads);
    }
    ~Workers() override { cancelAll(); }

    /// The future has its value from the event loop.
    template <typename Function>
    auto run(Function function)
    {
        using T = std::invoke_result_t<Function>;
        auto promise = std::make_shared<QPromise<T>>();
        promise->start();
        const QFuture<T> future = promise->future();
        std::function<void()> work = [this, promise = std::move(promise),
                                      function = std::move(function)]() mutable {
            workHandOver.take();
            auto finish = [promise = std::move(promise), result = function()]() mutable {
                resultHandOver.take();
                promise->addResult(std::move(result));
                promise->finish();
            };
            resultHandOver.give();
            QMetaObject::invokeMethod(this, std::move(finish), Qt::QueuedConnection);
        };
        workHandOver.give();
        m_pool.start(std::move(work));
        return future;
    }

    void cancelAll()
    {
        m_pool.waitForDone();
        QCoreApplication::removePostedEvents(this, QEvent::MetaCall);
    }

private:
    QThreadPool m_pool;
};

} // namespace EtcdRegistry
