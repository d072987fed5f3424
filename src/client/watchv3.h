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

    struct Line
    {
        QList<Event> events;
        qint64 revision = 0;
        quint64 clusterId = 0; ///< of the node's
        bool created = false;
        bool canceled = false;
        bool fragment = false; ///< more of the same revision follows in the next line
        qint64 compactRevision = 0;
        QString cancelReason;

        bool operator==(const Line &) const = default;
    };
    /// What a line of the stream tells, or the error that it is. Any thread.
    static Result<Line> decode(const QByteArray &line);

private:
    /// Of what etcd splits into fragments, which it would send as one line otherwise.
    static constexpr qsizetype longestFragments = 2 * LineSplitter::longestLine;

    void read(const QByteArray &bytes);
    void take(const Result<Line> &line, qsizetype size);
    void end(Error error, std::optional<WatchEnd::Reason> reason = {});

    std::unique_ptr<Stream> m_stream;
    LineSplitter m_lines;
    QList<Event> m_fragments;
    qsizetype m_fragmentBytes = 0;
    bool m_created = false;
    bool m_ended = false;
};

} // namespace EtcdRegistry
