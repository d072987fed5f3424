// SPDX-License-Identifier: MIT
#pragma once

#include <QByteArray>
#include <QList>
#include <QUrl>

#include <chrono>

namespace EtcdRegistry {

/// One keep-alive HTTP/1.1 connection by blocking system calls: for loads that leave the processor
/// to what is measured, and for second opinions, since nothing of it is our client. It connects
/// again when it has to. No TLS.
class PlainHttp
{
public:
    struct Request
    {
        QByteArray method;
        QByteArray path; ///< percent-encoded, with its query
        QByteArray body; ///< a JSON object, or else a form
    };
    struct Reply
    {
        int status = 0; ///< 0: no answer
        QByteArray body;
    };

    explicit PlainHttp(const QUrl &endpoint,
                       std::chrono::milliseconds timeout = std::chrono::seconds(60));
    PlainHttp(PlainHttp &&other) noexcept;
    ~PlainHttp();

    void send(const Request &request);
    Reply receive(); ///< the answer to the oldest request that has none yet
    Reply ask(const Request &request);

    /// Sends all, as many at a time as there are connections. False: some were refused.
    static bool sendAll(const QUrl &endpoint, const QList<Request> &requests, int connections = 64);

private:
    bool connect();
    void close();
    bool readMore();
    QByteArray readLine();
    QByteArray read(qsizetype size);

    QUrl m_endpoint;
    std::chrono::milliseconds m_timeout;
    int m_socket = -1;
    QByteArray m_buffer;
    qsizetype m_read = 0; ///< of the buffer
};

} // namespace EtcdRegistry
