// SPDX-License-Identifier: MIT
#pragma once

#include "result.h"

#include <QFuture>
#include <QObject>

#include <functional>

namespace EtcdRegistry {

/// Does the same thing a number of times, four at a time, and starts no more after the first that
/// fails. It begins from the event loop, ends with exactly one of finished() and failed(), and
/// then deletes itself.
class Batch : public QObject
{
    Q_OBJECT
public:
    using Step = std::function<QFuture<Result<void>>(int)>;

    Batch(int count, Step step, QObject *parent);

Q_SIGNALS:
    void progressed(int done, int of);
    void finished();
    void failed(const EtcdRegistry::Error &first, int done, int of);

private:
    void startMore();
    void ended(const Result<void> &result);

    int m_count;
    Step m_step;
    int m_started = 0;
    int m_running = 0;
    int m_done = 0;
    std::optional<Error> m_error;
};

} // namespace EtcdRegistry
