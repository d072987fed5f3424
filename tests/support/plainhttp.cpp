// SPDX-License-Identifier: MIT
#include "plainhttp.h"

#include <QHostAddress>

#include <array>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace EtcdRegistry {

PlainHttp::PlainHttp(const QUrl &endpoint, std::chrono::milliseconds timeout)
    : m_endpoint(endpoint)
    , m_timeout(timeout)
{}

PlainHttp::PlainHttp(PlainHttp &&other) noexcept
    : m_endpoint(other.m_endpoint)
    , m_timeout(other.m_timeout)
    , m_socket(std::exchange(other.m_socket, -1))
    , m_buffer(std::move(other.m_buffer))
    , m_read(other.m_read)
{}

PlainHttp::~PlainHttp()
{
    close();
}

bool PlainHttp::connect()
{
    m_socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval timeout{m_timeout.count() / 1000, m_timeout.count() % 1000 * 1000};
    const int yes = 1;
    ::setsockopt(m_socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    ::setsockopt(m_socket, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    ::setsockopt(m_socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(quint16(m_endpoint.port()));
    address.sin_addr.s_addr = htonl(QHostAddress(m_endpoint.host()).toIPv4Address());
    return ::connect(m_socket, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0;
}

void PlainHttp::close()
{
    if (m_socket >= 0)
        ::close(std::exchange(m_socket, -1));
    m_buffer.clear();
    m_read = 0;
}

void PlainHttp::send(const Request &request)
{
    if (m_socket < 0 && !connect())
        return close();
    const QByteArray type =
        request.body.startsWith('{') ? "application/json" : "application/x-www-form-urlencoded";
    const QByteArray bytes = request.method + ' ' + request.path + " HTTP/1.1\r\nHost: "
                             + m_endpoint.authority().toLatin1() + "\r\nContent-Type: " + type
                             + "\r\nContent-Length: " + QByteArray::number(request.body.size())
                             + "\r\n\r\n" + request.body;
    for (qsizetype sent = 0; sent < bytes.size();) {
        const ssize_t size =
            ::send(m_socket, bytes.constData() + sent, size_t(bytes.size() - sent), MSG_NOSIGNAL);
        if (size <= 0)
            return close();
        sent += size;
    }
}

PlainHttp::Reply PlainHttp::receive()
{
    m_buffer.remove(0, std::exchange(m_read, 0));
    Reply reply;
    reply.status = readLine().mid(9, 3).toInt();
    bool chunked = false;
    qsizetype length = 0;
    for (QByteArray line = readLine(); !line.isEmpty(); line = readLine()) {
        const QByteArray header = line.toLower();
        if (header.startsWith("content-length:"))
            length = header.mid(15).trimmed().toLongLong();
        chunked |= header.startsWith("transfer-encoding:") && header.endsWith("chunked");
    }
    if (!chunked) {
        reply.body = read(length);
    } else {
        do {
            length = readLine().toLongLong(nullptr, 16);
            reply.body += read(length);
            readLine();
        } while (length > 0);
    }
    return m_socket < 0 ? Reply() : reply; // which is how reading fails
}

PlainHttp::Reply PlainHttp::ask(const Request &request)
{
    send(request);
    return receive();
}

bool PlainHttp::sendAll(const QUrl &endpoint, const QList<Request> &requests, int connections)
{
    std::vector<PlainHttp> all;
    for (int i = 0; i < connections; ++i)
        all.emplace_back(endpoint);
    bool done = true;
    for (qsizetype i = 0; i < requests.size(); i += connections) {
        const auto many = size_t(std::min<qsizetype>(connections, requests.size() - i));
        for (size_t j = 0; j < many; ++j)
            all[j].send(requests[i + qsizetype(j)]);
        for (size_t j = 0; j < many; ++j) {
            const int status = all[j].receive().status;
            done &= status >= 200 && status < 300;
        }
    }
    return done;
}

bool PlainHttp::readMore()
{
    std::array<char, 1 << 17> bytes;
    const ssize_t size = m_socket < 0 ? -1 : ::recv(m_socket, bytes.data(), bytes.size(), 0);
    if (size <= 0)
        close();
    else
        m_buffer.append(bytes.data(), size);
    return size > 0;
}

QByteArray PlainHttp::readLine()
{
    qsizetype end = -1;
    while ((end = m_buffer.indexOf("\r\n", m_read)) < 0) {
        if (!readMore())
            return {};
    }
    const QByteArray line = m_buffer.sliced(m_read, end - m_read);
    m_read = end + 2;
    return line;
}

QByteArray PlainHttp::read(qsizetype size)
{
    while (m_buffer.size() < m_read + size) {
        if (!readMore())
            return {};
    }
    m_read += size;
    return m_buffer.sliced(m_read - size, size);
}

} // namespace EtcdRegistry
