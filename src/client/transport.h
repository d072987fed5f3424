// SPDX-License-Identifier: MIT
#pragma once

#include "connectionstring.h"
#include "endpointpool.h"
#include "http.h"

#include <QFuture>
#include <QHash>
#include <QNetworkAccessManager>
#include <QObject>
#include <QPromise>
#include <QSet>
#include <QSslConfiguration>
#include <QTimer>

#include <array>
#include <chrono>
#include <deque>
#include <list>
#include <map>
#include <memory>

namespace EtcdRegistry {

class Attempt;
class Pipeline;
class Stream;

/// HTTP to the nodes of one cluster; it, Attempt and Stream alone see QNetworkReply. send() runs
/// the attempt loop: it asks the nodes in the pool's order, gives each `timeout` to answer, moves
/// on where a node refuses, resets, hangs or answers 5xx, and goes round until one answers or the
/// connection's `deadline` is over. When nobody even accepts a connection one round is enough.
///
/// Hedging: where the answer takes unusually long, another node is asked as well, up to three at
/// once; the first answer counts and the other requests are dropped. Reads are hedged by the
/// node's usual time; writes, which would only add to the load of a cluster in trouble, where a
/// write that began later was answered in a quarter of their time, and those that have to end
/// `within` a time by a third of their timeout.
///
/// Nodes that did not answer, or not as soon as another, are pinged (GET /version) until they do.
///
/// Frequent requests have a pipeline to the node that is asked first. What that hands back is asked
/// for again as all the rest is.
///
/// A value is any whole HTTP answer that the classifier takes for one: by default any below 500.
/// The first node that says of which cluster it is says so for all: what others answer counts as
/// their failure, unless they were of this cluster and none of it answers any more; then it was
/// rebuilt, and clusterReplaced() tells. Requests may be sent more than once (Qt itself repeats one
/// whose connection was dropped), so they must be idempotent. Redirects are never followed: no
/// version of etcd since 3.0 sends any, and Qt would hand our login to their target.
///
/// Lives in the thread that made it. When it goes, or by cancelAll(), pending futures are
/// canceled, which skips their `.then()`.
class Transport : public QObject
{
    Q_OBJECT
public:
    explicit Transport(const ConnectionString &connection, QObject *parent = nullptr);
    ~Transport() override;

    /// What answers mean, which the store knows.
    using Classifier = std::function<NodeVerdict(const HttpRequest &, const HttpReply &)>;
    void setClassifier(Classifier classifier) { m_classifier = std::move(classifier); }
    /// A cheap request, the answer to which says of which cluster the node is: what is meant
    /// `onlyHere` has to wait for it. Without a path: nothing has to.
    void setIdentification(const HttpRequest &request) { m_identification = request; }

    QFuture<Result<HttpReply>> send(const HttpRequest &request);
    /// The same without a future, which would be a tenth of what a frequent request takes.
    using Done = std::function<void(Result<HttpReply>)>;
    void send(const HttpRequest &request, Done done);

    /// One attempt on this node, on a connection that no other request can hold up; it leaves the
    /// pool alone. Here a 5xx is a value too. Without a timeout it is the connection's.
    QFuture<Result<HttpReply>> ask(const QUrl &endpoint, const HttpRequest &request,
                                   std::optional<std::chrono::milliseconds> timeout = {});

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

    bool hasAuthorization() const { return !m_authorization.isEmpty(); }

    EndpointPool &pool() { return m_pool; }
    const QUrl &lastAnswered() const { return m_lastAnswered; }

Q_SIGNALS:
    void failedOver(const QUrl &endpoint, const EtcdRegistry::Error &error);
    void clusterReplaced(); ///< all nodes that answer are of another cluster: it was rebuilt

private:
    struct Running;
    struct Operation;

    bool startInPipeline(const std::shared_ptr<Operation> &operation);
    std::deque<std::shared_ptr<Operation>>::iterator firstBehind(const Operation &operation);
    void dispatch();
    std::optional<std::pair<QUrl, int>> freeNode(const Operation &operation) const;
    void start(const QUrl &endpoint, int network, const std::shared_ptr<Operation> &operation);
    Attempt *newAttempt(const QUrl &endpoint, int network, const HttpRequest &request,
                        std::chrono::milliseconds timeout, Done done);
    void identified(const QUrl &endpoint, const std::shared_ptr<Operation> &operation,
                    Result<HttpReply> result);
    std::optional<Error> objection(const QUrl &endpoint, Operation &operation,
                                   const HttpReply &reply);
    std::optional<Error> objection(const QUrl &endpoint, quint64 clusterId);
    std::chrono::milliseconds timeoutOf(Operation &operation) const;
    void started(const std::shared_ptr<Operation> &operation, Running run,
                 std::chrono::milliseconds timeout);
    void handedBack(const QUrl &endpoint, const std::shared_ptr<Operation> &operation);
    void finished(const QUrl &endpoint, const std::shared_ptr<Operation> &operation,
                  Result<HttpReply> result);
    void release(const Running &run);
    void overtake(EndpointPool::Clock::time_point started, std::chrono::milliseconds took);
    void hedgeAt(EndpointPool::Clock::time_point when);
    void hedge();
    void startAnother(const std::shared_ptr<Operation> &operation);
    void ping();
    void giveUp(const Operation &operation);
    Error exhausted(const Operation &operation) const;
    QNetworkRequest networkRequest(const QUrl &endpoint, const HttpRequest &request) const;
    /// A certificate can't be read: nothing is sent then.
    bool isUnusable() const { return m_tls && !*m_tls; }

    EndpointPool m_pool;
    QString m_nameSpace;
    std::chrono::milliseconds m_timeout;
    std::chrono::milliseconds m_deadline;
    QByteArray m_authorization;
    Classifier m_classifier;
    HttpRequest m_identification;
    std::optional<Result<QSslConfiguration>> m_tls; ///< https only
    QUrl m_lastAnswered;

    // Qt opens six connections to a host for each of them: each takes over where those before it
    // have no more.
    static constexpr int networks = 6;
    std::array<QNetworkAccessManager, networks> m_networks;
    QNetworkAccessManager m_probes;
    std::deque<std::shared_ptr<Operation>> m_waiting; ///< for a free connection
    std::list<std::shared_ptr<Operation>> m_running;  ///< with an attempt in flight
    QHash<QUrl, std::array<int, networks>> m_inFlight;
    std::map<QUrl, std::unique_ptr<Pipeline>> m_pipelines;
    QTimer m_hedgeTimer;
    EndpointPool::Clock::time_point m_hedgeAt; ///< when it fires
    QTimer m_pingTimer;
    QSet<QUrl> m_pinging;
};

} // namespace EtcdRegistry
