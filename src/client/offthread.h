// SPDX-License-Identifier: MIT
#pragma once

#include <QFuture>
#include <QPromise>
#include <QThreadPool>

#include <memory>

namespace EtcdRegistry {

/// Runs a function in a pool. A context that waits for the future must outlive the pool's work:
/// keep the pool as its member and wait for it.
template <typename Function>
auto offThread(QThreadPool &pool, Function function)
{
    using T = std::invoke_result_t<Function>;
    auto promise = std::make_shared<QPromise<T>>();
    promise->start();
    pool.start([promise, function = std::move(function)] {
        promise->addResult(function());
        promise->finish();
    });
    return promise->future();
}

} // namespace EtcdRegistry
