// SPDX-License-Identifier: MIT
#include "beatrecord.h"

#include "fill.h"

#include <algorithm>

namespace EtcdRegistry {

BeatRecord::BeatRecord(const QString &file, int instances)
    : m_file(file)
    , m_instances(instances)
{
    const qint64 size = qint64(sizeof(Shared) + sizeof(Beats) * size_t(instances));
    if (m_file.open(QIODevice::ReadWrite) && m_file.resize(size))
        m_shared = reinterpret_cast<Shared *>(m_file.map(0, size)); // all zeroes, as it should be
}

bool BeatRecord::hasAll(int beats) const
{
    return std::all_of(m_shared->beats, m_shared->beats + m_instances,
                       [=](const Beats &all) { return all[size_t(beats - 1)].revision != 0; });
}

QList<Layout::Record> beatingRecords(int count)
{
    QList<Layout::Record> records = loadRecords(count);
    std::ranges::sort(records, {}, &Layout::Record::key); // one namespace, names that sort alike
    return records;
}

} // namespace EtcdRegistry
