// SPDX-License-Identifier: MIT
#pragma once

#include "endpointpool.h"
#include "http.h"
#include "result.h"

#include <QDeadlineTimer>
#include <QTimer>

#include <functional>

class QNetworkReply;

namespace EtcdRegistry {

/// One request to one node, with its timeout: what QNetworkReply tells, as a Result. Calls `done`
/// once and goes; deleted before, it aborts the request and calls nothing.
class Attempt : public QObject
{
public:
    using Done = std::function<void(Result<HttpReply>)>;
    /// Asks the node for a sign of life, and tells whether there was one.
    using IsAlive = std::function<void(std::function<void(bool alive)>)>;

    Attempt(QNetworkReply *reply, const QUrl &endpoint, std::chrono::milliseconds timeout,
            Done done, QObject *parent);
    ~Attempt() override;

    /// See HttpRequest::large: only a standstill counts, and only if there is no sign of life.
    /// After the deadline it is given up at the next one.
    void beLarge(QDeadlineTimer deadline, IsAlive isAlive);

    const QUrl &endpoint() const { return m_endpoint; }
    EndpointPool::Clock::time_point started() const { return m_started; }
    std::chrono::milliseconds age() const;
    bool isComing() const { return m_coming; } ///< some of the answer's body is here

private:
    void timeOut();
    void finish();
    Result<HttpReply> outcome() const;

    QNetworkReply *m_reply;
    QUrl m_endpoint;
    std::chrono::milliseconds m_timeout;
    Done m_done;
    EndpointPool::Clock::time_point m_started = EndpointPool::Clock::now();
    QDeadlineTimer m_deadline;
    IsAlive m_isAlive; ///< of a large one
    QTimer m_timer;
    QString m_tlsDetail;
    bool m_timedOut = false;
    bool m_coming = false;
};

} // namespace EtcdRegistry
