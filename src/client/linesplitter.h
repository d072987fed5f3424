// SPDX-License-Identifier: MIT
#pragma once

#include <QByteArray>

#include <optional>

namespace EtcdRegistry {

/// Lines out of bytes that come in any pieces. A pure value; any thread.
class LineSplitter
{
public:
    /// etcd's longest line, 100,000 events in one revision, has 31 MB.
    static constexpr qsizetype longestLine = 64 * 1024 * 1024;

    void append(const QByteArray &bytes);
    std::optional<QByteArray> takeLine(); ///< the next whole one, without its end
    QByteArray takeRest();                ///< what came after the last one
    bool isTooLong() const { return m_buffer.size() - m_start > longestLine; }

private:
    QByteArray m_buffer;
    qsizetype m_start = 0;    ///< of the next line
    qsizetype m_searched = 0; ///< so far there is no end of it
};

} // namespace EtcdRegistry
