// SPDX-License-Identifier: MIT
#include "batch.h"

namespace EtcdRegistry {

Batch::Batch(int count, Step step, QObject *parent)
    : QObject(parent)
    , m_count(count)
    , m_step(std::move(step))
{
    QMetaObject::invokeMethod(this, &Batch::next, Qt::QueuedConnection);
}

void Batch::next()
{
    if (m_done == m_count) {
        Q_EMIT finished();
        deleteLater();
        return;
    }
    m_step(m_done).then(this, [this](const Result<void> &result) {
        if (result) {
            Q_EMIT progressed(++m_done, m_count);
            next();
        } else {
            Q_EMIT failed(result.error());
            deleteLater();
        }
    });
}

} // namespace EtcdRegistry
