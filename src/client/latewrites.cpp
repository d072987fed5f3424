// SPDX-License-Identifier: MIT
#include "latewrites.h"

#include "log.h"

using namespace std::chrono_literals;

namespace EtcdRegistry {

constexpr auto lookFor = 30s;
constexpr auto interval = 2s;

LateWrites::LateWrites(QObject *parent)
    : QObject(parent)
{
    connect(&m_timer, &QTimer::timeout, this, [this] {
        if (!m_isLooking) // a cluster in trouble is not to be asked ever more
            lookNow();
    });
}

void LateWrites::look(Store &store, const Registration &left, const Lease &lease)
{
    m_keys[left.key] = {&store, left, lease, Instance::Clock::now() + lookFor};
    if (!m_timer.isActive())
        m_timer.start(interval);
}

QFuture<void> LateWrites::lookNow()
{
    std::erase_if(m_keys,
                  [](const auto &key) { return key.second.until < Instance::Clock::now(); });
    if (m_keys.empty())
        m_timer.stop();
    QList<QFuture<void>> looks;
    for (const auto &[name, key] : m_keys) {
        looks.append(key.store->removeOwn(name, {.value = key.left.document}, key.lease)
                         .then(this, [this, left = key.left](const Result<bool> &removed) {
                             if (!removed || !*removed)
                                 return;
                             qCInfo(logRegistry) << "a delayed write had brought back" << left.key;
                             Q_EMIT leftAgain(left);
                         }));
    }
    m_isLooking = true;
    return QtFuture::whenAll(looks.begin(), looks.end())
        .then(this, [this](const QList<QFuture<void>> &) { m_isLooking = false; });
}

} // namespace EtcdRegistry
