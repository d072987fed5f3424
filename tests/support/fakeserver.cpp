// SPDX-License-Identifier: MIT
#include "fakeserver.h"

#include <QTcpSocket>
#include <QTimer>

#include <optional>
#include <sys/socket.h>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

/// Takes the first whole request out of the buffer.
std::optional<FakeServer::Request> takeRequest(QByteArray &buffer)
{
    const qsizetype head = buffer.indexOf("\r\n\r\n");
    if (head < 0)
        return {};
    FakeServer::Request request;
    QList<QByteArray> lines = buffer.left(head).split('\n');
    const QList<QByteArray> words = lines.takeFirst().trimmed().split(' ');
    request.method = words.value(0);
    request.path = words.value(1);
    for (const QByteArray &line : lines) {
        const qsizetype colon = line.indexOf(':');
        request.headers.insert(line.left(colon).toLower(), line.mid(colon + 1).trimmed());
    }
    const qsizetype length = request.headers.value("content-length").toLongLong();
    if (buffer.size() < head + 4 + length)
        return {};
    request.body = buffer.mid(head + 4, length);
    buffer.remove(0, head + 4 + length);
    return request;
}

void sendReset(QTcpSocket *socket)
{
    const linger now{1, 0};
    ::setsockopt(int(socket->socketDescriptor()), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    socket->abort();
}

} // namespace

/// In HTTP chunks of a line, or of so many bytes.
static QByteArray inChunks(const QByteArray &body, int size)
{
    QByteArray result;
    for (qsizetype at = 0; at < body.size();) {
        const qsizetype line = body.indexOf('\n', at) + 1;
        const QByteArray chunk = body.mid(at, size > 0 ? size : line > 0 ? line - at : -1);
        result += QByteArray::number(chunk.size(), 16) + "\r\n" + chunk + "\r\n";
        at += chunk.size();
    }
    return result;
}

FakeServer::FakeServer()
{
    connect(&m_server, &QTcpServer::newConnection, this, &FakeServer::accept);
    if (!m_server.listen(QHostAddress::LocalHost))
        qFatal("No free port on loopback");
}

FakeServer::Answer FakeServer::reply(int status, const QByteArray &body,
                                     const QByteArray &contentType, const QByteArray &headers)
{
    return {"HTTP/1.1 " + QByteArray::number(status) + " Status\r\nContent-Type: " + contentType
            + "\r\nContent-Length: " + QByteArray::number(body.size()) + "\r\n" + headers + "\r\n"
            + body};
}

FakeServer::Answer FakeServer::stream(const QByteArray &body, Then then, int chunk)
{
    return {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Etcd-Index: 10\r\n"
            "Transfer-Encoding: chunked\r\n\r\n"
                + inChunks(body, chunk),
            then};
}

QUrl FakeServer::url() const
{
    return QUrl(u"http://127.0.0.1:%1"_s.arg(m_server.serverPort()));
}

void FakeServer::on(const QByteArray &path, const Answer &answer)
{
    m_answers[path] += answer;
}

void FakeServer::push(const QByteArray &path, const QByteArray &body)
{
    for (QTcpSocket *socket : socketsAt(path)) {
        socket->write(inChunks(body, 0));
        socket->flush();
    }
}

void FakeServer::end(const QByteArray &path, Then then)
{
    for (QTcpSocket *socket : socketsAt(path))
        send(socket, {{}, then});
}

QList<QTcpSocket *> FakeServer::socketsAt(const QByteArray &path) const
{
    QList<QTcpSocket *> sockets;
    for (auto it = m_paths.cbegin(); it != m_paths.cend(); ++it) {
        if (it.value().startsWith(path))
            sockets.append(it.key());
    }
    return sockets;
}

void FakeServer::stop()
{
    m_server.close();
    const QList<QTcpSocket *> sockets = m_buffers.keys();
    for (QTcpSocket *socket : sockets)
        sendReset(socket);
}

void FakeServer::accept()
{
    while (QTcpSocket *socket = m_server.nextPendingConnection()) {
        socket->setParent(this); // outlives stop()
        socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
        m_buffers.insert(socket, {});
        connect(socket, &QTcpSocket::readyRead, this, [this, socket] { read(socket); });
        connect(socket, &QTcpSocket::disconnected, this, [this, socket] {
            m_buffers.remove(socket);
            m_paths.remove(socket);
            socket->deleteLater();
        });
    }
}

void FakeServer::read(QTcpSocket *socket)
{
    m_buffers[socket] += socket->readAll();
    while (m_buffers.contains(socket)) {
        const std::optional<Request> request = takeRequest(m_buffers[socket]);
        if (!request)
            return;
        m_requests += *request;
        const Answer answer = answerFor(request->path);
        QTimer::singleShot(answer.delay, socket, [this, socket, answer, path = request->path] {
            m_paths[socket] = path; // not before: push() must not get ahead of the head
            send(socket, answer);
        });
        Q_EMIT requested();
    }
}

FakeServer::Answer FakeServer::answerFor(const QByteArray &path)
{
    // In the order of the map a longer prefix comes after a shorter one
    for (auto it = m_answers.rbegin(); it != m_answers.rend(); ++it) {
        if (path.startsWith(it->first))
            return it->second.size() > 1 ? it->second.takeFirst() : it->second.first();
    }
    return reply(404, "404 page not found\n", "text/plain");
}

void FakeServer::send(QTcpSocket *socket, Answer answer)
{
    const qsizetype size = answer.chunk ? answer.chunk : answer.bytes.size();
    socket->write(answer.bytes.left(size));
    socket->flush();
    answer.bytes.remove(0, size);
    if (!answer.bytes.isEmpty()) {
        QTimer::singleShot(0, socket, [this, socket, answer] { send(socket, answer); });
        return;
    }
    if (answer.more)
        return sendMore(socket, answer);
    // Qt never tells of an end that comes before it has read the head, and amid the body.
    constexpr auto apart = 20ms;
    if (answer.then == Then::Close)
        QTimer::singleShot(apart, socket, &QTcpSocket::disconnectFromHost);
    else if (answer.then == Then::Reset)
        QTimer::singleShot(apart, socket, [socket] { sendReset(socket); });
}

void FakeServer::sendMore(QTcpSocket *socket, const Answer &answer)
{
    if (socket->bytesToWrite() == 0) {
        const QByteArray piece = answer.more();
        if (piece.isEmpty())
            return send(socket, {{}, answer.then});
        socket->write(piece);
    }
    const auto next = [this, socket, answer] { sendMore(socket, answer); };
    if (answer.every > 0ms)
        QTimer::singleShot(answer.every, socket, next);
    else
        connect(socket, &QTcpSocket::bytesWritten, socket, next, Qt::SingleShotConnection);
}

} // namespace EtcdRegistry
