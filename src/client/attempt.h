// SPDX-License-Identifier: MIT
#pragma once

#include "http.h"
#include "result.h"

#include <QDeadlineTimer>
#include <QElapsedTimer>
#include <QNetworkReply>
#include <QTimer>

#include <functional>

namespace EtcdRegistry {

/// One request to one node, with its timeout: what QNetworkReply tells, as a Result. Calls `done`
/// once and goes; deleted before, it aborts the request and calls nothing.
class Attempt : public QObject
{
    Q_OBJECT
public:
    /// Of the answers that are meant to be short the longest names the 100,000 keys of a lease and
    /// has 14 MB.
    static constexpr qsizetype longestAnswer = 16 * 1024 * 1024;
    /// 100,000 instances have 40 MB.
    static constexpr qsizetype longestLargeAnswer = 256 * 1024 * 1024;
    /// So much is read while we are busy; what comes then waits with its sender.
    static constexpr qsizetype readAhead = 1024 * 1024;
    /// Less of a large one within a timeout is a standstill: who sends a byte now and then is not
    /// to hold us for ever.
    static constexpr qsizetype slowest = 16 * 1024;
    /// Nor is who sends just as much as that. 40 MB need a line of 1 Mbit/s.
    static constexpr std::chrono::minutes longestTime{5};

    using Done = std::function<void(Result<HttpReply>)>;
    /// Asks the node for a sign of life, and tells whether there was one.
    using IsAlive = std::function<void(std::function<void(bool alive)>)>;

    Attempt(QNetworkReply *reply, const QUrl &endpoint, std::chrono::milliseconds timeout,
            Done done, QObject *parent);
    ~Attempt() override;

    /// See HttpRequest::large: only a standstill counts, and only if there is no sign of life.
    /// After the deadline, or where nothing of it is here by `begun`, it is given up at the next
    /// one, and after longestTime at once.
    void beLarge(QDeadlineTimer deadline, QDeadlineTimer begun, IsAlive isAlive);

    bool isComing() const { return !m_body.isEmpty(); } ///< some of the answer's body is here

private:
    qsizetype longest() const;
    void append();
    void read();
    void abortTimedOut();
    void abort();
    void timeOut();
    void finish();
    Result<HttpReply> outcome();
    void blameTls(Error &failure, QNetworkReply::NetworkError error) const;

    QNetworkReply *m_reply;
    QUrl m_endpoint;
    std::chrono::milliseconds m_timeout;
    Done m_done;
    QDeadlineTimer m_longest{longestTime};
    QDeadlineTimer m_deadline;
    QDeadlineTimer m_begun;
    IsAlive m_isAlive; ///< of a large one
    QTimer m_timer;
    QString m_tlsDetail;
    QElapsedTimer m_encrypted; ///< since the handshake of this request
    bool m_isFresh = false;    ///< its connection was made for it
    QByteArray m_body;
    qsizetype m_counted = 0; ///< so much of it was here when its timer began anew
    bool m_timedOut = false;
    bool m_tooLong = false;
};

} // namespace EtcdRegistry
