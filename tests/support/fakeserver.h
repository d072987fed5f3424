// SPDX-License-Identifier: MIT
#pragma once

#include <QHash>
#include <QList>
#include <QObject>
#include <QTcpServer>
#include <QUrl>

#include <chrono>
#include <functional>
#include <map>

namespace EtcdRegistry {

/// An HTTP server on loopback that answers as it is told, for what real etcd does only in bad
/// times: broken and split answers, silence, resets.
class FakeServer : public QObject
{
    Q_OBJECT
public:
    struct Request
    {
        QByteArray method;
        QByteArray path;                       ///< with its query, as it came
        QHash<QByteArray, QByteArray> headers; ///< names in lower case
        QByteArray body;
    };

    enum class Then { KeepOpen, Close, Reset };

    struct Answer
    {
        QByteArray bytes; ///< the whole HTTP answer, head and body; empty: none
        Then then = Then::KeepOpen;
        int chunk = 0; ///< bytes that are sent at once; 0: all of them
        std::chrono::milliseconds delay{0};
        /// What follows the bytes, made while it is sent, so that it may be of any length: the next
        /// piece each time that the one before has gone; an empty one is the end.
        std::function<QByteArray()> more{};
        std::chrono::milliseconds every{0}; ///< between two pieces, at least
    };

    FakeServer();

    static Answer reply(int status, const QByteArray &body,
                        const QByteArray &contentType = "application/json",
                        const QByteArray &headers = {}); ///< each with its "\r\n"
    /// The beginning of an answer in HTTP's chunked encoding, as etcd streams them: each chunk has
    /// a line, or so many bytes of the body as `chunk` says. streamEnd makes it a whole one.
    static Answer stream(const QByteArray &body, Then then = Then::KeepOpen, int chunk = 0);
    static constexpr char streamEnd[] = "0\r\n\r\n";
    static Answer hang() { return {}; } ///< reads the request and says nothing
    static Answer drop() { return {{}, Then::Close}; }
    static Answer reset() { return {{}, Then::Reset}; }

    QUrl url() const;

    /// What a request is answered whose path begins with `path` (the longest one counts). Further
    /// calls queue further answers; the last one repeats. Anything else is answered with 404.
    void on(const QByteArray &path, const Answer &answer);
    void forget(const QByteArray &path) { m_answers.erase(path); }

    /// More of the streams that were asked for below this path and are still open, or their end.
    void push(const QByteArray &path, const QByteArray &body);
    void end(const QByteArray &path, Then then = Then::Close);
    int streams(const QByteArray &path) const { return int(socketsAt(path).size()); }

    /// From now on connections are refused, and those that are open are reset.
    void stop();

    const QList<Request> &requests() const { return m_requests; }

Q_SIGNALS:
    void requested();

private:
    void accept();
    void read(QTcpSocket *socket);
    Answer answerFor(const QByteArray &path);
    void send(QTcpSocket *socket, Answer answer);
    void sendMore(QTcpSocket *socket, const Answer &answer);
    QList<QTcpSocket *> socketsAt(const QByteArray &path) const;

    QTcpServer m_server;
    std::map<QByteArray, QList<Answer>> m_answers;
    QHash<QTcpSocket *, QByteArray> m_buffers;
    QHash<QTcpSocket *, QByteArray> m_paths; ///< last asked for
    QList<Request> m_requests;
};

} // namespace EtcdRegistry
