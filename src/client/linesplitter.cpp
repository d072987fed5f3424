// SPDX-License-Identifier: MIT
#include "linesplitter.h"

namespace EtcdRegistry {

void LineSplitter::append(const QByteArray &bytes)
{
    if (m_start > 0) {
        m_buffer.remove(0, m_start);
        m_searched -= m_start;
        m_start = 0;
    }
    m_buffer += bytes;
}

std::optional<QByteArray> LineSplitter::takeLine()
{
    const qsizetype end = m_buffer.indexOf('\n', m_searched);
    if (end < 0) {
        m_searched = m_buffer.size();
        return std::nullopt;
    }
    const QByteArray line = m_buffer.mid(m_start, end - m_start);
    m_start = m_searched = end + 1;
    return line;
}

QByteArray LineSplitter::takeRest()
{
    const QByteArray rest = m_buffer.mid(m_start);
    *this = {};
    return rest;
}

} // namespace EtcdRegistry
