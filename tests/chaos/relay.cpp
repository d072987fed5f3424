// SPDX-License-Identifier: MIT
#include "relay.h"

#include "localetcd.h"

#include <QByteArray>
#include <QRandomGenerator>

#include <array>
#include <cerrno>
#include <chrono>
#include <deque>
#include <list>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace EtcdRegistry {

using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t mostChunks = 64; ///< of one direction that wait: then its sender has to

sockaddr_in loopback(quint16 port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int newSocket()
{
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int yes = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    return socket;
}

/// The peer sees a reset, as from a process that was killed.
void reset(int socket)
{
    const linger atOnce{1, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &atOnce, sizeof atOnce);
    ::close(socket);
}

struct Chunk
{
    Clock::time_point due;
    QByteArray bytes;
};

struct Direction
{
    int from;
    int to;
    std::deque<Chunk> chunks = {};
    bool ended = false; ///< `from` sends no more
    bool told = false;  ///< and `to` knows
    size_t source = 0;  ///< what is polled for it
};

struct Link
{
    std::array<Direction, 2> directions;
    bool broken = false;
};

} // namespace

/// What the thread does. One turn polls everything once.
class Relay::Loop
{
public:
    explicit Loop(Relay &relay)
        : m_relay(relay)
        , m_node(relay.m_node)
    {
        listen();
    }
    ~Loop()
    {
        if (m_listener >= 0)
            ::close(m_listener);
        for (Link &link : m_links)
            closeBoth(link);
    }

    void turn();

private:
    void listen();
    int connectToNode() const;
    void accept();
    bool read(Direction &direction);
    bool write(Direction &direction) const;
    static void closeBoth(const Link &link);
    size_t watch(int socket, short events);
    bool isReady(size_t watched) const { return m_polled[watched].revents != 0; }

    Relay &m_relay;
    quint16 m_node;
    int m_listener = -1; ///< none while the node refuses
    std::list<Link> m_links;
    std::vector<pollfd> m_polled;
    Mode m_mode = Mode::Pass;
};

Relay::Relay(quint16 node)
    : m_node(node)
    , m_port(LocalEtcd::freePort())
    , m_wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
{
    auto loop = std::make_unique<Loop>(*this); // who returns from here may connect
    m_thread = std::thread([this, loop = std::move(loop)] {
        while (!m_stop)
            loop->turn();
    });
}

Relay::~Relay()
{
    m_stop = true;
    ::eventfd_write(m_wake, 1);
    m_thread.join();
    ::close(m_wake);
}

void Relay::setMode(Mode mode)
{
    m_mode = mode;
    ::eventfd_write(m_wake, 1);
}

void Relay::setNode(quint16 node)
{
    m_node = node;
    ::eventfd_write(m_wake, 1);
}

void Relay::Loop::listen()
{
    m_listener = newSocket();
    const sockaddr_in address = loopback(m_relay.m_port);
    if (::bind(m_listener, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0
        || ::listen(m_listener, 4096) != 0)
        qFatal("A relay can't listen on port %d", int(m_relay.m_port));
}

/// -1: it refuses. One that hangs does not: its system takes the connection.
int Relay::Loop::connectToNode() const
{
    const int socket = newSocket();
    const sockaddr_in address = loopback(m_node);
    if (::connect(socket, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0)
        return socket;
    pollfd polled{socket, POLLOUT, 0};
    int error = errno;
    socklen_t size = sizeof error;
    if (error == EINPROGRESS && ::poll(&polled, 1, 200) > 0)
        ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == 0 || error == EINPROGRESS)
        return socket;
    ::close(socket);
    return -1;
}

void Relay::Loop::accept()
{
    const int client = ::accept4(m_listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0)
        return;
    const int yes = 1;
    ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    const int node = connectToNode();
    if (node >= 0) {
        m_links.push_back({{{{client, node}, {node, client}}}});
    } else {
        reset(client);
        ::close(std::exchange(m_listener, -1));
    }
}

/// False: the connection broke.
bool Relay::Loop::read(Direction &direction)
{
    std::array<char, 1 << 16> bytes;
    const ssize_t size = ::recv(direction.from, bytes.data(), bytes.size(), 0);
    if (size < 0)
        return errno == EAGAIN || errno == EINTR;
    Clock::time_point due = Clock::now();
    if (m_mode == Mode::Slow)
        due += std::chrono::milliseconds(QRandomGenerator::global()->bounded(300, 701));
    if (!direction.chunks.empty()) // nothing overtakes
        due = std::max(due, direction.chunks.back().due);
    direction.ended = size == 0;
    direction.chunks.push_back({due, QByteArray(bytes.data(), size)}); // empty: the end
    return true;
}

/// False: the connection broke.
bool Relay::Loop::write(Direction &direction) const
{
    while (!direction.chunks.empty() && direction.chunks.front().due <= Clock::now()) {
        QByteArray &bytes = direction.chunks.front().bytes;
        if (bytes.isEmpty()) {
            direction.told = true;
            ::shutdown(direction.to, SHUT_WR);
        } else {
            const ssize_t size =
                ::send(direction.to, bytes.constData(), size_t(bytes.size()), MSG_NOSIGNAL);
            if (size < 0)
                return errno == EAGAIN || errno == EINTR;
            if (size < bytes.size()) {
                bytes.remove(0, size);
                return true;
            }
        }
        direction.chunks.pop_front();
    }
    return true;
}

void Relay::Loop::closeBoth(const Link &link)
{
    for (const Direction &direction : link.directions) {
        if (link.broken)
            reset(direction.from);
        else
            ::close(direction.from);
    }
}

/// Where its events will be.
size_t Relay::Loop::watch(int socket, short events)
{
    m_polled.push_back({socket, events, 0});
    return m_polled.size() - 1;
}

void Relay::Loop::turn()
{
    m_mode = m_relay.m_mode;
    if (std::exchange(m_node, m_relay.m_node) != m_node) {
        for (Link &link : m_links) {
            link.broken = true;
            closeBoth(link);
        }
        m_links.clear();
    }
    m_polled.clear();
    watch(m_relay.m_wake, POLLIN);
    auto next = Clock::time_point::max();
    if (m_mode != Mode::Swallow) {
        if (m_listener < 0) {
            if (const int node = connectToNode(); node >= 0) {
                ::close(node);
                listen();
            } else {
                next = Clock::now() + 20ms;
            }
        }
        watch(m_listener, POLLIN); // poll() passes over a negative one
        for (Link &link : m_links) {
            for (Direction &direction : link.directions) {
                const bool waits = !direction.chunks.empty();
                const bool due = waits && direction.chunks.front().due <= Clock::now();
                if (waits && !due)
                    next = std::min(next, direction.chunks.front().due);
                const bool takes = !direction.ended && direction.chunks.size() < mostChunks;
                direction.source = watch(takes ? direction.from : -1, POLLIN);
                watch(due ? direction.to : -1, POLLOUT);
            }
        }
    }

    int timeout = -1;
    if (next != Clock::time_point::max())
        timeout = std::max(
            0, int(std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()).count()));
    if (::poll(m_polled.data(), m_polled.size(), timeout) < 0)
        return;
    eventfd_t count;
    ::eventfd_read(m_relay.m_wake, &count);
    if (m_mode == Mode::Swallow)
        return;

    for (Link &link : m_links) {
        bool sound = true;
        for (Direction &direction : link.directions) {
            if (isReady(direction.source))
                sound = sound && read(direction);
            sound = sound && write(direction);
        }
        link.broken = !sound;
    }
    m_links.remove_if([](const Link &link) {
        const bool over = link.broken || (link.directions[0].told && link.directions[1].told);
        if (over)
            closeBoth(link);
        return over;
    });
    if (m_listener >= 0 && isReady(1))
        accept();
}

} // namespace EtcdRegistry
