// SPDX-License-Identifier: MIT
#include "watchv3.h"

#include "etcderror.h"
#include "gatewayjson.h"
#include "transport.h"

namespace EtcdRegistry {

using namespace Qt::StringLiterals;
using namespace GatewayJson;

namespace {

/// 3.4 gives no permission as the reason whatever it is, later versions say more.
Error::Code codeOfReason(const QString &reason)
{
    if (reason.isEmpty())
        return Error::Code::Unavailable;
    if (reason.contains("permission denied"_L1))
        return Error::Code::PermissionDenied;
    if (reason.contains("user name is empty"_L1))
        return Error::Code::LoginRequired;
    return reason.contains("auth"_L1) ? Error::Code::LoginRefused : Error::Code::InvalidArgument;
}

} // namespace

WatchV3::WatchV3(std::unique_ptr<Stream> stream)
    : m_stream(std::move(stream))
{
    connect(m_stream.get(), &Stream::received, this, &WatchV3::read);
    connect(m_stream.get(), &Stream::ended, this, [this](const Error &error) {
        // 3.4 ends an error without a line feed. Half a line says less than how it was cut off.
        const QByteArray text = m_lines.takeRest();
        const auto rest = decode(text);
        if (!m_ended && (rest || rest.error().code != Error::Code::Protocol))
            take(rest, text.size());
        end(error);
    });
}

void WatchV3::read(const QByteArray &bytes)
{
    m_lines.append(bytes);
    while (const auto line = m_lines.takeLine()) {
        take(decode(*line), line->size());
        if (m_ended)
            return;
    }
    if (m_lines.isTooLong())
        end({.code = Error::Code::Protocol, .detail = tr("a line of the watch has no end")});
}

void WatchV3::take(const Result<Line> &line, qsizetype size)
{
    if (!line)
        return end(line.error());
    if (line->compactRevision > 0) {
        end({.code = Error::Code::NotFound,
             .detail =
                 tr("the history up to revision %1 was compacted").arg(line->compactRevision)},
            WatchEnd::Reason::Compacted);
        return;
    }
    if (line->canceled) {
        const QString &reason = line->cancelReason;
        return end({.code = codeOfReason(reason),
                    .detail = reason.isEmpty() ? tr("the node canceled the watch") : reason});
    }
    if (const auto objection = m_stream->objectionTo(line->clusterId))
        return end(*objection);
    if (line->created && !std::exchange(m_created, true))
        Q_EMIT opened(line->revision);
    m_fragments += line->events;
    m_fragmentBytes += size;
    if (m_fragmentBytes > longestFragments) {
        return end(
            {.code = Error::Code::Protocol, .detail = tr("the fragments of an event have no end")});
    }
    if (line->fragment || line->created)
        return;
    m_fragmentBytes = 0;
    // While a watch catches up, the header tells the revision of the store, not of the events.
    const qint64 told =
        m_fragments.isEmpty() ? line->revision : m_fragments.last().entry.modRevision;
    Q_EMIT events(std::exchange(m_fragments, {}), told);
}

void WatchV3::end(Error error, std::optional<WatchEnd::Reason> reason)
{
    if (std::exchange(m_ended, true))
        return;
    error.endpoint = endpoint().toString();
    Q_EMIT ended({reason.value_or(WatchEnd::reasonOf(error)), error});
}

Result<WatchV3::Line> WatchV3::decode(const QByteArray &line)
{
    Line result;
    bool isError = false;
    const auto read = Json::forEachObject(line, [&](const Json::Views &fields) {
        if (Entry entry = entryOf(fields); !entry.key.isEmpty()) {
            result.events.append({.entry = std::move(entry)});
            return;
        }
        for (const auto &[name, value] : fields) {
            if (name == R"("type")" && value == R"("DELETE")" && !result.events.isEmpty())
                result.events.last().kind = Event::Kind::Delete; // comes after its "kv"
            else if (name == R"("revision")")
                result.revision = Json::integer(value);
            else if (name == R"("cluster_id")")
                result.clusterId = Json::text(value).toULongLong();
            else if (name == R"("created")")
                result.created = value == "true";
            else if (name == R"("canceled")")
                result.canceled = value == "true";
            else if (name == R"("fragment")")
                result.fragment = value == "true";
            else if (name == R"("compact_revision")")
                result.compactRevision = Json::integer(value);
            else if (name == R"("cancel_reason")")
                result.cancelReason = quotable(Json::text(value));
            else if (name == R"("grpc_code")" || name == R"("code")")
                isError = true;
        }
    });
    if (read && result.clusterId != 0 && !isError)
        return result;
    if (read && isError)
        return errorFromReply({.status = 200, .body = line});
    return Error{.code = Error::Code::Protocol, .detail = u"not a line of a watch"_s};
}

} // namespace EtcdRegistry
