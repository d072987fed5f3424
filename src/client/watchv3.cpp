// SPDX-License-Identifier: MIT
#include "watchv3.h"

#include "storev3.h"

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

namespace {

/// Only a login or a right that is missing is worth other than trying the next node.
WatchEnd::Reason reasonOf(const Error &error)
{
    switch (error.code) {
    case Error::Code::LoginRequired:
    case Error::Code::LoginRefused:
    case Error::Code::PermissionDenied:
    case Error::Code::InvalidArgument:
    case Error::Code::NotServed:
        return WatchEnd::Reason::Refused;
    default:
        return WatchEnd::Reason::Broken;
    }
}

} // namespace

WatchV3::WatchV3(std::unique_ptr<Stream> stream)
    : m_stream(std::move(stream))
{
    connect(m_stream.get(), &Stream::received, this, &WatchV3::read);
    connect(m_stream.get(), &Stream::ended, this, [this](const Error &error) {
        if (const QByteArray rest = m_lines.takeRest(); !rest.isEmpty() && !m_ended)
            readLine(rest); // 3.4 ends an error without a line feed
        end(reasonOf(error), error);
    });
}

void WatchV3::read(const QByteArray &bytes)
{
    m_lines.append(bytes);
    while (const auto line = m_lines.takeLine()) {
        readLine(*line);
        if (m_ended)
            return;
    }
    if (m_lines.isTooLong())
        end(WatchEnd::Reason::Broken,
            {.code = Error::Code::Protocol, .detail = tr("a line of the watch has no end")});
}

void WatchV3::readLine(const QByteArray &line)
{
    Result<StoreV3::WatchLine> read = StoreV3::decodeWatchLine(line);
    if (!read)
        return end(reasonOf(read.error()), read.error());
    if (read->compactRevision > 0) {
        return end(
            WatchEnd::Reason::Compacted,
            {.code = Error::Code::NotFound,
             .detail =
                 tr("the history up to revision %1 was compacted").arg(read->compactRevision)});
    }
    if (read->canceled) {
        const bool denied = read->cancelReason.contains("PermissionDenied"_L1);
        return end(WatchEnd::Reason::Refused,
                   {.code = denied ? Error::Code::PermissionDenied : Error::Code::LoginRefused,
                    .detail = read->cancelReason});
    }
    if (read->created && !std::exchange(m_created, true))
        Q_EMIT opened(read->revision);
    m_fragments += read->events;
    if (read->fragment || read->created)
        return;
    // While a watch catches up, the header tells the revision of the store, not of the events.
    const qint64 told =
        m_fragments.isEmpty() ? read->revision : m_fragments.last().entry.modRevision;
    Q_EMIT events(std::exchange(m_fragments, {}), told);
}

void WatchV3::end(WatchEnd::Reason reason, Error error)
{
    if (std::exchange(m_ended, true))
        return;
    error.endpoint = endpoint().toString();
    Q_EMIT ended({reason, error});
}

} // namespace EtcdRegistry
