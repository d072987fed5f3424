// SPDX-License-Identifier: MIT
#include "batch.h"

namespace EtcdRegistry {

Batch::Batch(int count, Step step, QObject *parent)
    : QObject(parent)
    , m_count(count)
    , m_step(std::move(step))
{
    QMetaObject::invokeMethod(this, &Batch::startMore, Qt::QueuedConnection);
}

void Batch::startMore()
{
    constexpr int atOnce = 4;
    while (!m_error && m_running < atOnce && m_started < m_count) {
        ++m_running;
        m_step(m_started++).then(this, [this](const Result<void> &result) { ended(result); });
    }
    if (m_running)
        return;
    if (m_error)
        Q_EMIT failed(*m_error, m_done, m_count);
    else
        Q_EMIT finished();
    deleteLater();
}

void Batch::ended(const Result<void> &result)
{
    --m_running;
    if (result)
        Q_EMIT progressed(++m_done, m_count);
    else if (!m_error)
        m_error = result.error();
    startMore();
}

} // namespace EtcdRegistry
