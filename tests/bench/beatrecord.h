// SPDX-License-Identifier: MIT
#pragma once

#include "layout.h"

#include <QFile>

#include <array>
#include <atomic>

namespace EtcdRegistry {

/// When which beat of which instance was acknowledged, in a file that the loader's and the
/// window's process map: what the window shows is held against it.
class BeatRecord
{
public:
    static constexpr int beatsAtMost = 32;

    struct Beat
    {
        qint64 at = 0;                   ///< ns on the monotonic clock, which is every process's
        std::atomic<qint64> revision{0}; ///< written last; 0: this one has not been yet
    };
    using Beats = std::array<Beat, beatsAtMost>;

    /// A file that is not there is made, with no beats in it.
    BeatRecord(const QString &file, int instances);

    bool isOpen() const { return m_shared; }
    int instances() const { return m_instances; }
    Beats &of(int instance) { return m_shared->beats[instance]; } ///< as beatingRecords()
    bool hasAll(int beats = 1) const; ///< every instance has beaten so often

    void stop() { m_shared->stop = true; } ///< ends the loader
    bool stopped() const { return m_shared->stop; }

private:
    struct Shared
    {
        std::atomic<bool> stop{false};
        Beats beats[1]; ///< in fact one of each instance
    };

    QFile m_file;
    int m_instances;
    Shared *m_shared = nullptr;
};

/// The instances that beat, in the order in which rows are shown.
QList<Layout::Record> beatingRecords(int count);

} // namespace EtcdRegistry
