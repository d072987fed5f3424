// SPDX-License-Identifier: MIT
#pragma once

#include <QtGlobal>

#include <atomic>
#include <thread>

namespace EtcdRegistry {

/// A TCP relay on 127.0.0.1 in a thread of its own: the network between a client and one node.
/// While the node refuses connections, so does the relay. setMode(), setNode() and port() are for
/// any thread.
class Relay
{
public:
    enum class Mode {
        Pass,
        Slow,    ///< whatever comes, either way, is kept for 300 to 700 ms
        Swallow, ///< connections are taken and nothing comes through; what was sent meanwhile is
                 ///< delivered afterwards, as TCP sends lost packets again
    };

    explicit Relay(quint16 node);
    ~Relay();
    Relay(const Relay &) = delete;
    Relay &operator=(const Relay &) = delete;

    quint16 port() const { return m_port; }
    void setMode(Mode mode);
    /// From now on it leads to this port; connections that are there are reset.
    void setNode(quint16 node);

private:
    class Loop;

    std::atomic<quint16> m_node;
    const quint16 m_port;
    const int m_wake; ///< an eventfd
    std::atomic<Mode> m_mode = Mode::Pass;
    std::atomic<bool> m_stop = false;
    std::thread m_thread;
};

} // namespace EtcdRegistry
