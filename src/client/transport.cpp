// SPDX-License-Identifier: MIT
#include "transport.h"

#include "etcderror.h"
#include "log.h"
#include "network.h"
#include "pipeline.h"
#include "stream.h"
#include "tlsfiles.h"
#include "transportoperation.h"

#include <QCoreApplication>
#include <QNetworkReply>
#include <QRandomGenerator>
#include <QTimer>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace EtcdRegistry {

// Qt opens six connections to a host, and a seventh request's timer would run while it queues.
// The sixth is kept for what has to end within a time.
constexpr int inFlightPerNetwork = 5;
constexpr auto largeDeadline = 60s;

/// Between two rounds; requests that failed together do not come again together.
static std::chrono::milliseconds restBetweenRounds()
{
    return std::chrono::milliseconds(QRandomGenerator::global()->bounded(100, 200));
}

/// A further round over the nodes may end better: not where nobody is there, or who answers would
/// say the same again.
static bool mayChange(const Error &error, const EndpointPool &pool)
{
    switch (error.code) {
    case Error::Code::Unreachable:
    case Error::Code::Tls:
    case Error::Code::Protocol: // who sends too much would do so again
    case Error::Code::NotServed:
        return false;
    case Error::Code::OtherCluster:
        return pool.isReplaced();
    default:
        return true;
    }
}

static Error unidentified(const QUrl &endpoint)
{
    return {.code = Error::Code::OtherCluster,
            .endpoint = endpoint.toString(),
            .detail =
                QCoreApplication::translate("Transport", "it does not say of which cluster it is")};
}

Transport::Transport(const ConnectionString &connection, QObject *parent)
    : QObject(parent)
    , m_pool(connection.endpoints)
    , m_nameSpace(connection.nameSpace)
    , m_timeout(connection.timeout)
    , m_deadline(connection.deadline)
    , m_classifier([](const HttpRequest &, const HttpReply &reply) {
        return NodeVerdict{reply.status >= 500 ? std::optional(errorFromReply(reply))
                                               : std::nullopt};
    })
{
    std::ranges::for_each(m_networks, setUpNetwork);
    setUpNetwork(m_probes);
    for (QTimer *timer : {&m_hedgeTimer, &m_pingTimer}) {
        timer->setSingleShot(true);
        timer->setTimerType(Qt::PreciseTimer);
    }
    connect(&m_hedgeTimer, &QTimer::timeout, this, &Transport::hedge);
    connect(&m_pingTimer, &QTimer::timeout, this, &Transport::ping);
    const auto isSecure = [](const QUrl &url) { return url.scheme() == "https"_L1; };
    if (std::ranges::any_of(connection.endpoints, isSecure) || !connection.caFile.isEmpty()
        || isSecure(connection.discovery))
        m_tls = tlsConfiguration(connection);
}

Transport::~Transport()
{
    cancelAll();
}

void Transport::cancelAll()
{
    // Attempts go first: with them goes what they hold of the operations. A promise that is
    // dropped cancels its future.
    qDeleteAll(findChildren<Attempt *>(Qt::FindDirectChildrenOnly));
    m_pipelines.clear();
    m_waiting.clear();
    m_running.clear();
    m_inFlight.clear();
    m_pinging.clear();
    m_hedgeTimer.stop();
    m_pingTimer.stop();
    QCoreApplication::removePostedEvents(this, QEvent::MetaCall); // those of later()
}

QNetworkRequest Transport::networkRequest(const QUrl &endpoint, const HttpRequest &request) const
{
    QNetworkRequest result(endpoint.resolved(QUrl::fromEncoded(request.path)));
    if (m_tls && *m_tls)
        result.setSslConfiguration(**m_tls);
    // One protocol with and without TLS: what was measured on HTTP/1.1 holds for both.
    result.setAttribute(QNetworkRequest::Http2AllowedAttribute, false);
    // etcd compresses nothing, and what does would grow here beyond what was sent.
    result.setRawHeader("Accept-Encoding", "identity");
    // Without it etcd takes a request of its gateway for one of the server certificate's user.
    result.setRawHeader("Accept", "application/json");
    if (!request.body.isEmpty())
        result.setHeader(QNetworkRequest::ContentTypeHeader, request.contentType);
    if (request.withLogin && !m_authorization.isEmpty())
        result.setRawHeader("Authorization", m_authorization);
    if (const qsizetype colon = request.header.indexOf(": "); colon > 0)
        result.setRawHeader(request.header.left(colon), request.header.mid(colon + 2));
    return result;
}

/// What the future is to have; the future of what was dropped is canceled.
static Transport::Done finishing(QFuture<Result<HttpReply>> &future)
{
    auto promise = std::make_shared<QPromise<Result<HttpReply>>>();
    promise->start();
    future = promise->future();
    return [promise](Result<HttpReply> result) {
        promise->addResult(std::move(result));
        promise->finish();
    };
}

QFuture<Result<HttpReply>> Transport::send(const HttpRequest &request)
{
    QFuture<Result<HttpReply>> future;
    send(request, finishing(future));
    return future;
}

void Transport::send(const HttpRequest &request, Done done)
{
    auto operation = std::make_shared<Operation>();
    operation->request = request;
    operation->done = std::move(done);
    if (request.frequent && startInPipeline(operation))
        return;
    m_waiting.insert(firstBehind(*operation), operation);
    // From the event loop, so that a future never finishes inside the call that made it.
    QMetaObject::invokeMethod(this, &Transport::dispatch, Qt::QueuedConnection);
}

/// What has to end within a time, as heartbeats have, goes before all that has not.
std::deque<std::shared_ptr<Transport::Operation>>::iterator
Transport::firstBehind(const Operation &operation)
{
    const bool isUrgent = operation.request.within > 0ms;
    return isUrgent ? std::ranges::find(m_waiting, 0ms,
                                        [](const auto &other) { return other->request.within; })
                    : m_waiting.end();
}

QFuture<Result<HttpReply>> Transport::ask(const QUrl &endpoint, const HttpRequest &request,
                                          std::optional<std::chrono::milliseconds> timeout)
{
    if (isUnusable())
        return later(Result<HttpReply>(m_tls->error()));
    QFuture<Result<HttpReply>> future;
    QNetworkReply *reply =
        m_probes.sendCustomRequest(networkRequest(endpoint, request), request.method, request.body);
    new Attempt(reply, endpoint, timeout.value_or(m_timeout), finishing(future), this);
    return future;
}

std::unique_ptr<Stream> Transport::stream(const QUrl &endpoint, const HttpRequest &request)
{
    auto stream = std::make_unique<Stream>(
        endpoint, networkRequest(endpoint, request), request.method, request.body, m_timeout,
        [this, endpoint](quint64 clusterId) { return objection(endpoint, clusterId); });
    connect(stream.get(), &Stream::opened, this, [this, endpoint] { m_pool.succeeded(endpoint); });
    connect(stream.get(), &Stream::ended, this, [this, endpoint](const Error &error) {
        qCInfo(logTransport) << "stream from" << error.endpoint << "ended:" << error.detail;
        m_pool.failed(endpoint, error);
    });
    return stream;
}

void Transport::dispatch()
{
    // Nodes are full in the order of preference, so a few that can't start tell of all the rest.
    constexpr int skipsAtMost = 16;
    int skipped = 0;
    QList<std::shared_ptr<Operation>> hopeless;
    for (auto next = m_waiting.begin(); next != m_waiting.end() && skipped < skipsAtMost;) {
        const std::shared_ptr<Operation> operation = *next;
        if (!operation->rest.hasExpired()) {
            ++next;
            continue;
        }
        const QList<QUrl> order = m_pool.order();
        const bool anyLeft = std::ranges::any_of(
            order, [&](const QUrl &candidate) { return !operation->tried.contains(candidate); });
        if (isUnusable() || !anyLeft) {
            next = m_waiting.erase(next);
            hopeless.append(operation);
        } else if (const auto node = freeNode(*operation)) {
            next = m_waiting.erase(next);
            m_running.push_back(operation);
            start(node->first, node->second, operation);
        } else {
            ++next;
            ++skipped;
        }
    }
    // Last, for what waits for them may call send().
    for (const auto &operation : hopeless)
        giveUp(*operation);
}

/// The best node that it has not asked in this round and that has a connection to spare; which of
/// our networks has it. All healthy nodes are used before one gets the second network's share, too,
/// and all their shares before one that has just failed.
std::optional<std::pair<QUrl, int>> Transport::freeNode(const Operation &operation) const
{
    const int most = inFlightPerNetwork + (operation.request.within > 0ms);
    const QList<QUrl> order = m_pool.order();
    const auto firstOthers = std::ranges::find_if_not(
        order, [this](const QUrl &endpoint) { return m_pool.isHealthy(endpoint); });
    for (const auto &[first, last] :
         {std::pair(order.begin(), firstOthers), std::pair(firstOthers, order.end())}) {
        for (int network = 0; network < networks; ++network) {
            for (auto endpoint = first; endpoint != last; ++endpoint) {
                if (!operation.tried.contains(*endpoint)
                    && m_inFlight.value(*endpoint)[size_t(network)] < most)
                    return std::pair(*endpoint, network);
            }
        }
    }
    return {};
}

/// Of an attempt that starts now.
std::chrono::milliseconds Transport::timeoutOf(Operation &operation) const
{
    const HttpRequest &request = operation.request;
    const bool hasToEnd = request.within > 0ms;
    if (!operation.deadline) {
        operation.began = EndpointPool::Clock::now();
        operation.deadline = QDeadlineTimer(request.large ? largeDeadline
                                            : hasToEnd    ? request.within
                                                          : m_deadline,
                                            Qt::PreciseTimer);
        operation.lastRound =
            request.large ? QDeadlineTimer(m_deadline, Qt::PreciseTimer) : *operation.deadline;
    }
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(operation.deadline->remainingTimeAsDuration());
    return std::min({m_timeout, left, hasToEnd ? request.within / 2 : m_timeout});
}

/// False where the node that is asked first has no room in its pipeline.
bool Transport::startInPipeline(const std::shared_ptr<Operation> &operation)
{
    const QUrl endpoint = m_pool.first();
    if (endpoint.isEmpty() || isUnusable())
        return false;
    std::unique_ptr<Pipeline> &pipeline = m_pipelines[endpoint];
    if (!pipeline) {
        pipeline =
            std::make_unique<Pipeline>(endpoint, m_tls ? std::optional(**m_tls) : std::nullopt);
    }
    if (!pipeline->makeRoom())
        return false;
    const auto timeout = timeoutOf(*operation);
    const HttpRequest &request = operation->request;
    pipeline->send(request, request.withLogin ? m_authorization : QByteArray(), timeout,
                   [this, endpoint, operation](std::optional<HttpReply> reply) {
                       if (operation->running.empty()) // another node was quicker
                           return;
                       if (reply)
                           finished(endpoint, operation, *std::move(reply));
                       else
                           handedBack(endpoint, operation);
                   });
    m_running.push_back(operation);
    started(operation, {.endpoint = endpoint}, timeout);
    return true;
}

void Transport::start(const QUrl &endpoint, int network,
                      const std::shared_ptr<Operation> &operation)
{
    const HttpRequest &request = operation->request;
    const auto timeout = timeoutOf(*operation);
    ++m_inFlight[endpoint][size_t(network)];
    const bool isAsked = request.onlyHere && !m_identification.path.isEmpty()
                         && m_pool.clusterId() != 0 && !m_pool.isProven(endpoint);
    Attempt *attempt = isAsked ? newAttempt(endpoint, network, m_identification, timeout,
                                            [=, this](Result<HttpReply> result) {
                                                identified(endpoint, operation, std::move(result));
                                            })
                               : newAttempt(endpoint, network, request, timeout,
                                            [=, this](Result<HttpReply> result) {
                                                finished(endpoint, operation, std::move(result));
                                            });
    if (request.large) {
        const QDeadlineTimer begun =
            request.page ? QDeadlineTimer(3 * m_timeout) : QDeadlineTimer(QDeadlineTimer::Forever);
        attempt->beLarge(*operation->deadline, begun, [this, endpoint](auto tell) {
            ask(endpoint, {.path = "/version"}).then(this, [tell](const Result<HttpReply> &alive) {
                tell(bool(alive));
            });
        });
    }
    started(operation, {endpoint, attempt, network}, timeout);
}

Attempt *Transport::newAttempt(const QUrl &endpoint, int network, const HttpRequest &request,
                               std::chrono::milliseconds timeout, Done done)
{
    QNetworkReply *reply = m_networks[size_t(network)].sendCustomRequest(
        networkRequest(endpoint, request), request.method, request.body);
    return new Attempt(reply, endpoint, timeout, std::move(done), this);
}

/// The node has said of which cluster it is, or it has not: now the request itself may follow.
void Transport::identified(const QUrl &endpoint, const std::shared_ptr<Operation> &operation,
                           Result<HttpReply> result)
{
    if (result) {
        const NodeVerdict verdict = m_classifier(m_identification, *result);
        if (verdict.failure)
            result = *verdict.failure;
        else if (const auto other = objection(endpoint, verdict.clusterId))
            result = *other;
        // Who may not ask that is believed where it was seen to be of ours
        else if (verdict.clusterId == 0 && !m_pool.hasBelonged(endpoint))
            result = unidentified(endpoint);
    }
    if (!result)
        return finished(endpoint, operation, std::move(result));
    Running &run = *operation->runOn(endpoint);
    run.attempt = newAttempt(
        endpoint, run.network, operation->request, timeoutOf(*operation),
        [=, this](Result<HttpReply> answer) { finished(endpoint, operation, std::move(answer)); });
}

/// Why an answer does not count, if it does not.
std::optional<Error> Transport::objection(const QUrl &endpoint, Operation &operation,
                                          const HttpReply &reply)
{
    NodeVerdict verdict = m_classifier(operation.request, reply);
    if (!verdict.failure)
        verdict.failure = objection(endpoint, verdict.clusterId);
    if (!verdict.failure && reply.status >= 400 && verdict.clusterId == 0 && m_pool.clusterId() != 0
        && !m_pool.hasBelonged(endpoint)) {
        operation.doubtful = reply;
        return unidentified(endpoint);
    }
    return verdict.failure;
}

/// The same of a node that says to be of this cluster; 0: it does not say.
std::optional<Error> Transport::objection(const QUrl &endpoint, quint64 clusterId)
{
    if (clusterId == 0 || m_pool.belongs(endpoint, clusterId))
        return {};
    return Error{.code = Error::Code::OtherCluster,
                 .httpStatus = 200,
                 .endpoint = endpoint.toString(),
                 .detail = QCoreApplication::translate("Transport", "cluster %1 instead of %2")
                               .arg(clusterId, 0, 16)
                               .arg(m_pool.clusterId(), 0, 16)};
}

void Transport::started(const std::shared_ptr<Operation> &operation, Running run,
                        std::chrono::milliseconds timeout)
{
    const HttpRequest &request = operation->request;
    const auto patience = m_pool.patience(run.endpoint);
    operation->tried.append(run.endpoint);
    operation->running.push_back(std::move(run));
    const auto began = operation->lastStarted = operation->running.back().started;
    operation->hedgeAt = EndpointPool::Clock::time_point::max();
    if (request.read || request.large)
        operation->hedgeAt = began + patience;
    else if (request.within > 0ms)
        operation->hedgeAt = began + std::max(patience, timeout / 3);
    else
        return;
    hedgeAt(operation->hedgeAt);
}

/// Out of the pipeline, and to be sent again.
void Transport::handedBack(const QUrl &endpoint, const std::shared_ptr<Operation> &operation)
{
    operation->running.erase(operation->runOn(endpoint));
    operation->tried.removeOne(endpoint);
    operation->uncertain = true;
    if (!operation->running.empty())
        return;
    m_running.remove(operation);
    if (operation->deadline->hasExpired()) {
        operation->failed(
            {.code = Error::Code::Timeout,
             .endpoint = endpoint.toString(),
             .detail = QCoreApplication::translate("Transport", "no answer in time")});
        dispatch();
        return giveUp(*operation);
    }
    m_waiting.push_front(operation);
    dispatch();
}

void Transport::finished(const QUrl &endpoint, const std::shared_ptr<Operation> &operation,
                         Result<HttpReply> result)
{
    const auto run = operation->runOn(endpoint);
    const auto started = run->started;
    const auto age = run->age();
    release(*run);
    operation->running.erase(run);
    if (result) {
        if (const auto error = objection(endpoint, *operation, *result))
            result = *error;
    }

    if (result) {
        const bool isShort = !operation->request.large;
        const bool isShortRead = isShort && operation->request.read;
        m_pool.succeeded(endpoint, isShortRead ? std::optional(age) : std::nullopt);
        while (!operation->running.empty()) {
            const Running other = operation->running.back();
            operation->running.pop_back();
            operation->uncertain = true;
            if (other.started < started)
                m_pool.overtaken(other.endpoint,
                                 isShortRead ? std::optional(other.age()) : std::nullopt);
            release(other);
            delete other.attempt;
        }
        m_running.remove(operation);
        if (isShort && !operation->request.read)
            overtake(started, age);
        ping();
        m_lastAnswered = endpoint;
        HttpReply reply = std::move(result).value();
        reply.uncertain = operation->uncertain;
        reply.anonymous = !operation->request.withLogin || m_authorization.isEmpty();
        reply.requestSize = operation->request.body.size();
        reply.nameSpace = m_nameSpace;
        dispatch();
        operation->done(std::move(reply));
        return;
    }

    const Error &error = result.error();
    qCInfo(logTransport) << operation->request.method << operation->request.path << "on"
                         << error.endpoint << "failed:" << error.detail;
    m_pool.failed(endpoint, error);
    ping();
    operation->failed(error);
    operation->uncertain = true;
    operation->reached |= mayChange(error, m_pool);
    Q_EMIT failedOver(endpoint, error);
    if (!operation->running.empty()) {
        startAnother(operation);
        dispatch();
        return;
    }

    m_running.remove(operation);
    const QList<QUrl> order = m_pool.order();
    const bool roundOver = std::ranges::all_of(
        order, [&](const QUrl &candidate) { return operation->tried.contains(candidate); });
    if (roundOver && m_pool.followReplacement()) {
        operation->reached = true;
        qCWarning(logTransport) << "the cluster was rebuilt: its id is now" << m_pool.clusterId();
        Q_EMIT clusterReplaced();
    }
    const auto pause = roundOver ? restBetweenRounds() : 0ms;
    const QDeadlineTimer &deadline = roundOver ? operation->lastRound : *operation->deadline;
    if ((roundOver && !operation->reached) || deadline.remainingTimeAsDuration() <= pause) {
        dispatch();
        return giveUp(*operation);
    }
    if (roundOver) {
        operation->tried.clear();
        operation->reached = false;
        operation->rest = QDeadlineTimer(pause, Qt::PreciseTimer);
        QTimer::singleShot(pause, Qt::PreciseTimer, this, &Transport::dispatch);
    }
    m_waiting.push_front(operation);
    dispatch();
}

/// Its connection is free again.
void Transport::release(const Running &run)
{
    if (run.attempt)
        --m_inFlight[run.endpoint][size_t(run.network)];
}

/// It ends without an answer that counts.
void Transport::giveUp(const Operation &operation)
{
    if (isUnusable())
        operation.done(m_tls->error());
    else if (operation.doubtful)
        operation.done(*operation.doubtful);
    else
        operation.done(exhausted(operation));
}

/// What says most about why nobody did it: what nodes answer, before that they don't.
static int weightOf(const Error &error)
{
    switch (error.code) {
    case Error::Code::Unreachable:
        return 0;
    case Error::Code::Tls:
        return 1;
    case Error::Code::Timeout:
        return 2;
    case Error::Code::Protocol:
    case Error::Code::OtherCluster:
        return 3;
    case Error::Code::NotServed:
        return 4;
    case Error::Code::NoLeader:
        return 6;
    default:
        return 5;
    }
}

Error Transport::exhausted(const Operation &operation) const
{
    if (operation.failures.isEmpty()) {
        return {.code = Error::Code::InvalidArgument,
                .detail = QCoreApplication::translate("Transport", "no node to ask is known")};
    }
    Error error = *std::ranges::max_element(operation.failures, {}, &weightOf);
    QStringList alike, others;
    for (const Error &each : operation.failures)
        (each.code == error.code ? alike : others).append(each.endpoint);
    error.endpoint = alike.join(", "_L1);
    const std::chrono::duration<double> took = EndpointPool::Clock::now() - operation.began;
    if (error.code == Error::Code::Timeout && took > m_timeout) {
        error.detail =
            QCoreApplication::translate("Transport", "no answer within %1 s")
                .arg(took < 2s ? std::round(10 * took.count()) / 10 : std::round(took.count()));
    }
    if (!others.isEmpty()) {
        error.detail = QCoreApplication::translate("Transport", "%1; nor did %2")
                           .arg(error.detail, others.join(", "_L1));
    }
    return error;
}

} // namespace EtcdRegistry
