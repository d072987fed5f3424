// SPDX-License-Identifier: MIT
#pragma once

#include "linesplitter.h"
#include "stream.h"
#include "watch.h"

#include <memory>

namespace EtcdRegistry {

/// A stream of the v2 API: JSON objects in lines. etcd drops a watcher that has 100 events
/// undelivered and keeps the connection open, so what it tells is true but need not be all.
class WatchV2 : public Watch
{
    Q_OBJECT
public:
    explicit WatchV2(std::unique_ptr<Stream> stream);

    QUrl endpoint() const override { return m_stream->endpoint(); }

private:
    void read(const QByteArray &bytes);
    void end(Error error);

    std::unique_ptr<Stream> m_stream;
    LineSplitter m_lines;
    bool m_ended = false;
};

} // namespace EtcdRegistry
