// SPDX-License-Identifier: MIT
#pragma once

#include "result.h"

#include <QFuture>
#include <QObject>

#include <functional>

namespace EtcdRegistry {

/// Does the same thing a number of times, one after the other, up to the first that fails. It
/// begins from the event loop, ends with exactly one of finished() and failed(), and then deletes
/// itself.
class Batch : public QObject
{
    Q_OBJECT
public:
    using Step = std::function<QFuture<Result<void>>(int)>;

    Batch(int count, Step step, QObject *parent);

Q_SIGNALS:
    void progressed(int done, int of);
    void finished();
    void failed(const EtcdRegistry::Error &error);

private:
    void next();

    int m_count;
    Step m_step;
    int m_done = 0;
};

} // namespace EtcdRegistry
