// SPDX-License-Identifier: MIT
#pragma once

#include "liveregistry.h"

#include <QTest>

#include <algorithm>
#include <map>

namespace EtcdRegistry {

/// A live registry, and all that it told.
struct Seen
{
    explicit Seen(const QString &connection)
        : live(*ConnectionString::parse(connection))
    {
        QObject::connect(&live, &LiveRegistry::began, &live, [this](const auto &instances) {
            for (const LiveInstance &each : instances)
                now[each.instance->key] = each;
            began = true;
        });
        QObject::connect(&live, &LiveRegistry::changed, &live, [this](const auto &told) {
            for (const Change &change : told) {
                if (isNews(change.kind))
                    changes.append(change);
                if (isGone(change.kind))
                    now.erase(change.live.instance->key);
                else
                    now[change.live.instance->key] = change.live;
            }
        });
        QObject::connect(&live, &LiveRegistry::statusChanged, &live,
                         [this](const LiveStatus &told) { status = told; });
        QObject::connect(&live, &LiveRegistry::happened, &live,
                         [this](const LiveEvent &event) { events.append(event.kind); });
    }

    bool start()
    {
        live.start();
        return QTest::qWaitFor(
            [this] { return began && status.freshness == LiveStatus::Freshness::Live; }, 10000);
    }

    QStringList keys() const
    {
        QStringList keys;
        for (const auto &[key, each] : now)
            keys.append(key);
        return keys;
    }

    /// The last change of this key, if it was of this kind.
    const Change *last(const QString &key, Change::Kind kind) const
    {
        const auto found =
            std::find_if(changes.crbegin(), changes.crend(),
                         [&](const Change &change) { return change.live.instance->key == key; });
        return found != changes.crend() && found->kind == kind ? &*found : nullptr;
    }

    LiveRegistry live;
    std::map<QString, LiveInstance> now;
    QList<Change> changes; ///< that are news
    QList<LiveEvent::Kind> events;
    LiveStatus status;
    bool began = false;
};

} // namespace EtcdRegistry
