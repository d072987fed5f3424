// SPDX-License-Identifier: MIT
#include "watchv2.h"

#include "storev2.h"

namespace EtcdRegistry {

WatchV2::WatchV2(std::unique_ptr<Stream> stream)
    : m_stream(std::move(stream))
{
    connect(m_stream.get(), &Stream::opened, this, [this] { Q_EMIT opened(0); });
    connect(m_stream.get(), &Stream::received, this, &WatchV2::read);
    connect(m_stream.get(), &Stream::ended, this, [this](const Error &error) { end(error); });
}

void WatchV2::read(const QByteArray &bytes)
{
    m_lines.append(bytes);
    QList<Event> told;
    while (const auto line = m_lines.takeLine()) {
        if (line->trimmed().isEmpty())
            continue;
        Result<Event> event = StoreV2::decodeEvent(*line);
        if (!event) {
            if (!told.isEmpty())
                Q_EMIT events(told, told.last().entry.modRevision);
            return end(event.error());
        }
        told.append(*std::move(event));
    }
    if (!told.isEmpty())
        Q_EMIT events(told, told.last().entry.modRevision);
    if (m_lines.isTooLong())
        end({.code = Error::Code::Protocol, .detail = tr("an event of the stream has no end")});
}

void WatchV2::end(Error error)
{
    if (std::exchange(m_ended, true))
        return;
    error.endpoint = endpoint().toString();
    Q_EMIT ended({WatchEnd::reasonOf(error), error});
}

} // namespace EtcdRegistry
