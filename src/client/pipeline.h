// SPDX-License-Identifier: MIT
#pragma once

#include "http.h"

#include <QDeadlineTimer>
#include <QObject>
#include <QSslConfiguration>
#include <QTimer>

#include <functional>
#include <list>
#include <optional>

namespace EtcdRegistry {

/// A few connections to one node, kept open for small idempotent requests that are sent often:
/// heartbeats. What is sent in a while goes in one write, and what came back in a while is taken
/// from one read, which takes a small part of what QNetworkAccessManager does.
///
/// It understands what etcd answers: HTTP/1.1, a Content-Length, and no great length. Whatever else
/// comes, or does not come in time, ends the connection, and its requests are handed back: they
/// may have been carried out, and have to be sent again in another way. That says nothing of the
/// node. After it the pipeline rests, ever longer, while nothing good comes of it.
///
/// Lives in the thread that made it. When it goes, what is under way is dropped.
class Pipeline : public QObject
{
public:
    /// Fewer than heartbeats could fill: where a node is slow the rest goes another way, beside
    /// them, for it answers one after another here, and writes to its disk for many at once.
    static constexpr size_t connections = 3;
    static constexpr size_t requestsOnEach = 16;
    static constexpr qsizetype longestHead = 8 * 1024;
    static constexpr qsizetype longestBody = 64 * 1024;

    /// tls: where the endpoint is an https one; none: the system's.
    Pipeline(const QUrl &endpoint, const std::optional<QSslConfiguration> &tls);
    ~Pipeline() override;

    /// An answer, or nothing: the request is handed back. Called from the event loop.
    using Done = std::function<void(std::optional<HttpReply>)>;

    /// Whether there is room for one more request. If not, another connection is opened, so that
    /// there may be for the next one.
    bool makeRoom();
    /// Precondition: there is room. An answer has to come within the timeout.
    void send(const HttpRequest &request, const QByteArray &authorization,
              std::chrono::milliseconds timeout, Done done);

private:
    struct Lane;

    std::list<Lane>::iterator lane();
    void open();
    void workSoon();
    void work();

    QUrl m_endpoint;
    QByteArray m_host;
    std::optional<QSslConfiguration> m_tls;
    std::list<Lane> m_lanes;
    QTimer m_timer;
    std::chrono::milliseconds m_nextRest;
    QDeadlineTimer m_rest{0};
};

} // namespace EtcdRegistry
