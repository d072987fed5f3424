// SPDX-License-Identifier: MIT
#pragma once

#include "error.h"

#include <QByteArray>
#include <QNetworkAccessManager>
#include <QNetworkRequest>
#include <QObject>
#include <QTimer>
#include <QUrl>

#include <chrono>
#include <functional>
#include <optional>

class QNetworkReply;

namespace EtcdRegistry {

/// An answer that goes on for as long as both sides like, on a connection of its own, as Qt has
/// six for each host and open streams would starve everything else. It is made by
/// Transport::stream(), sends its request at once, and tells from the event loop: opened() with the
/// head of the answer, then received(), and at last one ended(). Delete it to end it. That nothing
/// comes proves nothing: only the head, or a whole refusal, has to arrive within `timeout`.
class Stream : public QObject
{
    Q_OBJECT
public:
    /// So much is read ahead while we are busy; what comes then waits with its sender.
    static constexpr qsizetype readAhead = 1024 * 1024;
    /// Of what a node says instead of 200.
    static constexpr qsizetype longestRefusal = 64 * 1024;

    /// Why a node of this cluster is not to be followed, if it is not; 0: it does not say.
    using Objection = std::function<std::optional<Error>(quint64 clusterId)>;

    Stream(const QUrl &endpoint, const QNetworkRequest &request, const QByteArray &method,
           const QByteArray &body, std::chrono::milliseconds timeout, Objection objection);
    ~Stream() override;

    const QUrl &endpoint() const { return m_endpoint; }
    /// For whoever reads in the answer of which cluster the node is.
    std::optional<Error> objectionTo(quint64 clusterId) const { return m_objection(clusterId); }

Q_SIGNALS:
    void opened();
    void received(const QByteArray &bytes);
    /// What the node said instead of 200, or how the connection ended.
    void ended(const EtcdRegistry::Error &error);

private:
    void readHead();
    void read();
    void finish();
    Error outcome() const;

    QUrl m_endpoint;
    QNetworkAccessManager m_network;
    QNetworkReply *m_reply;
    QTimer m_timer;
    Objection m_objection;
    std::optional<Error> m_objected;
    QByteArray m_refusal;
    bool m_opened = false;
    bool m_timedOut = false;
};

} // namespace EtcdRegistry
