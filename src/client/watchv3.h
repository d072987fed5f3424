// SPDX-License-Identifier: MIT
#pragma once

#include "linesplitter.h"
#include "stream.h"
#include "watch.h"

#include <memory>

namespace EtcdRegistry {

/// One watch of the v3 gateway: JSON lines, each with the events of whole revisions, unless they
/// are marked as fragments. A canceled watch leaves its connection open and silent, so it is ended
/// here.
class WatchV3 : public Watch
{
    Q_OBJECT
public:
    explicit WatchV3(std::unique_ptr<Stream> stream);

    QUrl endpoint() const override { return m_stream->endpoint(); }

private:
    void read(const QByteArray &bytes);
    struct Line;
    /// What a line tells, or the error that it is.
    static Result<Line> decode(const QByteArray &line);
    void take(const Result<Line> &line);
    void end(Error error, std::optional<WatchEnd::Reason> reason = {});

    std::unique_ptr<Stream> m_stream;
    LineSplitter m_lines;
    QList<Event> m_fragments;
    bool m_created = false;
    bool m_ended = false;
};

} // namespace EtcdRegistry
