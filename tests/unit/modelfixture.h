// SPDX-License-Identifier: MIT
#pragma once

#include "row.h"
#include "snapshot.h"

#include <QAbstractItemModel>
#include <QAbstractItemModelTester>

#include <algorithm>

namespace EtcdRegistry {

/// "shop/eu/web/1": the instance 1 of the service web in the namespace shop/eu. Alive, v2, 8 of
/// 10 seconds left.
inline Instance makeInstance(const QString &path, Instance::Clock::time_point observed)
{
    using namespace Qt::StringLiterals;
    QStringList parts = path.split(u'/');
    Instance instance;
    const QString id = parts.takeLast();
    instance.service = parts.takeLast();
    instance.nameSpace = parts.join(u'/');
    instance.key = u"services/"_s + path;
    instance.hostname = u"10.0.0."_s + id;
    instance.port = u"80"_s;
    instance.host = instance.hostname + u":80"_s;
    instance.url = u"http://"_s + instance.host;
    instance.document = QByteArray("{\"name\":\"") + instance.service.toUtf8() + "\",\"zone\":\"z"
                        + id.toUtf8() + "\"}";
    instance.hasTtl = true;
    instance.ttl = std::chrono::seconds(10);
    instance.expires = observed + std::chrono::seconds(8);
    instance.observed = observed;
    return instance;
}

inline Snapshot makeSnapshot(const QStringList &paths, Instance::Clock::time_point observed)
{
    Snapshot snapshot;
    snapshot.observed = observed;
    for (const QString &path : paths)
        snapshot.instances.append(makeInstance(path, observed));
    std::sort(snapshot.instances.begin(), snapshot.instances.end(), instanceLess);
    return snapshot;
}

/// What these instances make of the rows that were known before.
inline Rows continuedRows(const Rows &known, const QList<Instance> &listed,
                          Instance::Clock::time_point now, bool older = false)
{
    Rows rows;
    auto before = known.begin();
    for (const Instance &instance : listed) {
        while (before != known.end() && instanceLess(*before->instance, instance))
            ++before;
        const bool same = before != known.end() && before->instance->key == instance.key;
        rows.append(
            Row{continued(same ? LiveInstance(*before) : LiveInstance(), instance, now, older)});
    }
    return rows;
}

inline Rows makeRows(const QStringList &paths, Instance::Clock::time_point now = {})
{
    return continuedRows({}, makeSnapshot(paths, now).instances, now, true);
}

/// Puts a changed copy of the row's instance in its place: instances are shared.
template <typename Change>
void edit(Row &row, Change change)
{
    Instance instance = *row.instance;
    change(instance);
    row.instance = std::make_shared<const Instance>(std::move(instance));
}

/// Watches a model for what breaks a view: broken rules and resets.
class ModelWatch : public QObject
{
public:
    explicit ModelWatch(QAbstractItemModel &model)
        : m_tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal)
    {
        connect(&model, &QAbstractItemModel::modelReset, this, [this] { ++resets; });
        connect(&model, &QAbstractItemModel::rowsInserted, this, [this] { ++insertions; });
        connect(&model, &QAbstractItemModel::rowsRemoved, this, [this] { ++removals; });
        connect(&model, &QAbstractItemModel::dataChanged, this, [this] { ++changes; });
    }

    int resets = 0;
    int insertions = 0;
    int removals = 0;
    int changes = 0;

private:
    QAbstractItemModelTester m_tester;
};

} // namespace EtcdRegistry
