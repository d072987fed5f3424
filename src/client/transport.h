// SPDX-License-Identifier: MIT
#pragma once

#include "bootclock.h"
#include "connectionstring.h"
#include "endpointpool.h"

#include <QByteArray>
#include <QFuture>
#include <QHash>
#include <QNetworkAccessManager>
#include <QObject>
#include <QPromise>
#include <QSslConfiguration>

#include <chrono>
#include <deque>
#include <memory>

namespace EtcdRegistry {

class Stream;

struct HttpRequest
{
    QByteArray method = "GET";
    QByteArray path; ///< with its query, percent-encoded
    QByteArray body;
    QByteArray contentType = "application/json"; ///< of the body
    QByteArray header;                           ///< one more "Name: value", or empty
    /// The answer may take long to make and to send: a node that is slow with it is asked for a
    /// sign of life before it is given up, and the deadline is a minute.
    bool large = false;
};

struct HttpReply
{
    int status = 0;
    QByteArray contentType;
    QByteArray etcdIndex; ///< X-Etcd-Index (v2)
    QByteArray body;
    QUrl endpoint;
    BootClock::time_point received;
};

/// HTTP to the nodes of one cluster; it and Stream alone see QNetworkReply. send() runs the
/// attempt loop: it asks the nodes in the pool's order, gives each `timeout` to answer, moves on
/// where a node refuses, resets, hangs or answers 5xx, and goes round until one answers or the
/// connection's `deadline` is over. When nobody even accepts a connection one round is enough.
///
/// A value is any whole HTTP answer below 500. Requests may be sent more than once (Qt itself
/// repeats one whose connection was dropped), so they must be idempotent. Redirects are never
/// followed: no version of etcd since 3.0 sends any, and Qt would hand our login to their target.
///
/// Lives in the thread that made it. When it goes, or by cancelAll(), pending futures are
/// canceled, which skips their `.then()`.
class Transport : public QObject
{
    Q_OBJECT
public:
    explicit Transport(const ConnectionString &connection, QObject *parent = nullptr);
    ~Transport() override;

    QFuture<Result<HttpReply>> send(const HttpRequest &request);

    /// One attempt on this node, on a connection that no other request can hold up; it leaves the
    /// pool alone. Here a 5xx is a value too.
    QFuture<Result<HttpReply>> ask(const QUrl &endpoint, const HttpRequest &request);

    /// An answer without an end, from this node; how it fares counts in the pool. It must not
    /// outlive the transport.
    std::unique_ptr<Stream> stream(const QUrl &endpoint, const HttpRequest &request);

    /// A future that has its value by the next turn of the event loop, for what needs no request.
    template <typename T>
    QFuture<T> later(T value)
    {
        auto promise = std::make_shared<QPromise<T>>();
        promise->start();
        QMetaObject::invokeMethod(
            this,
            [promise, value = std::move(value)] {
                promise->addResult(value);
                promise->finish();
            },
            Qt::QueuedConnection);
        return promise->future();
    }

    void cancelAll();

    /// Sent with every request from now on: "Basic ..." (v2) or a token (v3).
    void setAuthorization(const QByteArray &value) { m_authorization = value; }

    EndpointPool &pool() { return m_pool; }
    const QUrl &lastAnswered() const { return m_lastAnswered; }

Q_SIGNALS:
    void failedOver(const QUrl &endpoint, const EtcdRegistry::Error &error);

private:
    class Attempt;
    struct Operation;
    using Done = std::function<void(Result<HttpReply>)>;

    void dispatch();
    void start(const QUrl &endpoint, const std::shared_ptr<Operation> &operation);
    void finished(const QUrl &endpoint, const std::shared_ptr<Operation> &operation,
                  Result<HttpReply> result);
    Error exhausted(const Operation &operation) const;
    QNetworkRequest networkRequest(const QUrl &endpoint, const HttpRequest &request) const;
    void loadCertificates(const ConnectionString &connection);

    EndpointPool m_pool;
    std::chrono::milliseconds m_timeout;
    std::chrono::milliseconds m_deadline;
    QByteArray m_authorization;
    std::optional<QSslConfiguration> m_tls; ///< https only
    std::optional<Error> m_tlsError; ///< a certificate that can't be read: nothing is sent then
    QUrl m_lastAnswered;

    QNetworkAccessManager m_network;
    QNetworkAccessManager m_probes;
    std::deque<std::shared_ptr<Operation>> m_waiting; ///< for a free connection
    QHash<QUrl, int> m_inFlight;
};

} // namespace EtcdRegistry
