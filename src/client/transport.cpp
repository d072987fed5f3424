// SPDX-License-Identifier: MIT
#include "transport.h"

#include "attempt.h"
#include "etcderror.h"
#include "log.h"
#include "network.h"
#include "stream.h"
#include "tlsfiles.h"

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QNetworkReply>
#include <QRandomGenerator>
#include <QTimer>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace EtcdRegistry {

// Qt opens six connections to a host, and a seventh request's timer would run while it queues.
constexpr int inFlightPerNetwork = 5;
constexpr size_t attemptsAtOnce = 3;
constexpr auto largeDeadline = 60s;

/// Between two rounds; requests that failed together do not come again together.
static std::chrono::milliseconds restBetweenRounds()
{
    return std::chrono::milliseconds(QRandomGenerator::global()->bounded(100, 200));
}

struct Transport::Operation
{
    struct Running
    {
        Attempt *attempt;
        int network;
    };

    HttpRequest request;
    QPromise<Result<HttpReply>> promise;
    std::optional<QDeadlineTimer>
        deadline;                 ///< from the first attempt on: queueing is our own doing
    QDeadlineTimer lastRound;     ///< no round begins after it: the minute is for what does come
    std::vector<Running> running; ///< one after the other started
    EndpointPool::Clock::time_point hedgeAt = EndpointPool::Clock::time_point::max();
    QList<QUrl> tried;           ///< in this round
    QStringList failedEndpoints; ///< in all rounds
    std::optional<Error> lastError;
    bool reached = false;   ///< somebody accepted a connection in this round
    bool uncertain = false; ///< see HttpReply
    QDeadlineTimer rest{0}; ///< between two rounds

    void finish(Result<HttpReply> result)
    {
        promise.addResult(std::move(result));
        promise.finish();
    }
};

Transport::Transport(const ConnectionString &connection, QObject *parent)
    : QObject(parent)
    , m_pool(connection.endpoints)
    , m_timeout(connection.timeout)
    , m_deadline(connection.deadline)
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
    if (!request.body.isEmpty())
        result.setHeader(QNetworkRequest::ContentTypeHeader, request.contentType);
    if (request.withLogin && !m_authorization.isEmpty())
        result.setRawHeader("Authorization", m_authorization);
    if (const qsizetype colon = request.header.indexOf(": "); colon > 0)
        result.setRawHeader(request.header.left(colon), request.header.mid(colon + 2));
    return result;
}

QFuture<Result<HttpReply>> Transport::send(const HttpRequest &request)
{
    auto operation = std::make_shared<Operation>();
    operation->request = request;
    operation->promise.start();
    m_waiting.push_back(operation);
    // From the event loop, so that a future never finishes inside the call that made it.
    QMetaObject::invokeMethod(this, &Transport::dispatch, Qt::QueuedConnection);
    return operation->promise.future();
}

QFuture<Result<HttpReply>> Transport::ask(const QUrl &endpoint, const HttpRequest &request,
                                          std::optional<std::chrono::milliseconds> timeout)
{
    auto promise = std::make_shared<QPromise<Result<HttpReply>>>();
    promise->start();
    QNetworkReply *reply =
        m_probes.sendCustomRequest(networkRequest(endpoint, request), request.method, request.body);
    new Attempt(
        reply, endpoint, timeout.value_or(m_timeout),
        [promise](Result<HttpReply> result) {
            promise->addResult(std::move(result));
            promise->finish();
        },
        this);
    return promise->future();
}

std::unique_ptr<Stream> Transport::stream(const QUrl &endpoint, const HttpRequest &request)
{
    auto stream = std::make_unique<Stream>(endpoint, networkRequest(endpoint, request),
                                           request.method, request.body, m_timeout);
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
        operation->finish(isUnusable() ? m_tls->error() : exhausted(*operation));
}

/// The best node that it has not asked in this round and that has a connection to spare; which of
/// our networks has it. All nodes are used before one gets the second network's share, too.
std::optional<std::pair<QUrl, int>> Transport::freeNode(const Operation &operation) const
{
    const QList<QUrl> order = m_pool.order();
    for (int network = 0; network < networks; ++network) {
        for (const QUrl &endpoint : order) {
            if (!operation.tried.contains(endpoint)
                && m_inFlight.value(endpoint)[size_t(network)] < inFlightPerNetwork)
                return std::pair(endpoint, network);
        }
    }
    return {};
}

void Transport::start(const QUrl &endpoint, int network,
                      const std::shared_ptr<Operation> &operation)
{
    const HttpRequest &request = operation->request;
    const bool hasToEnd = request.within > 0ms;
    if (!operation->deadline) {
        operation->deadline = QDeadlineTimer(request.large ? largeDeadline
                                             : hasToEnd    ? request.within
                                                           : m_deadline,
                                             Qt::PreciseTimer);
        operation->lastRound =
            request.large ? QDeadlineTimer(m_deadline, Qt::PreciseTimer) : *operation->deadline;
    }
    operation->tried.append(endpoint);
    ++m_inFlight[endpoint][size_t(network)];
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        operation->deadline->remainingTimeAsDuration());
    const auto timeout = std::min({m_timeout, left, hasToEnd ? request.within / 2 : m_timeout});
    QNetworkReply *reply = m_networks[size_t(network)].sendCustomRequest(
        networkRequest(endpoint, request), request.method, request.body);
    auto *attempt = new Attempt(
        reply, endpoint, timeout,
        [this, endpoint, operation](Result<HttpReply> result) {
            finished(endpoint, operation, std::move(result));
        },
        this);
    if (request.large) {
        attempt->beLarge(*operation->deadline, [this, endpoint](auto tell) {
            ask(endpoint, {.path = "/version"}).then(this, [tell](const Result<HttpReply> &alive) {
                tell(bool(alive));
            });
        });
    }
    operation->running.push_back({attempt, network});

    const auto patience = m_pool.patience(endpoint);
    if (request.read || request.large)
        operation->hedgeAt = attempt->started() + patience;
    else if (hasToEnd)
        operation->hedgeAt = attempt->started() + std::max(patience, timeout / 3);
    else
        return;
    hedgeAt(operation->hedgeAt);
}

void Transport::finished(const QUrl &endpoint, const std::shared_ptr<Operation> &operation,
                         Result<HttpReply> result)
{
    const auto run = std::ranges::find_if(operation->running, [&](const auto &running) {
        return running.attempt->endpoint() == endpoint;
    });
    const auto started = run->attempt->started();
    const auto age = run->attempt->age();
    --m_inFlight[endpoint][size_t(run->network)];
    operation->running.erase(run);
    if (result && result->status >= 500)
        result = errorFromReply(*result);

    if (result) {
        const bool isShort = !operation->request.large;
        m_pool.succeeded(endpoint, isShort ? std::optional(age) : std::nullopt);
        while (!operation->running.empty()) {
            const Attempt &other = *operation->running.back().attempt;
            if (other.started() < started)
                m_pool.overtaken(other.endpoint(), other.age());
            giveUp(*operation, operation->running.size() - 1);
        }
        m_running.remove(operation);
        if (isShort && !operation->request.read)
            overtake(started);
        ping();
        m_lastAnswered = endpoint;
        HttpReply reply = std::move(result).value();
        reply.uncertain = operation->uncertain;
        dispatch();
        operation->finish(std::move(reply));
        return;
    }

    const Error &error = result.error();
    qCInfo(logTransport) << operation->request.method << operation->request.path << "on"
                         << error.endpoint << "failed:" << error.detail;
    m_pool.failed(endpoint, error);
    ping();
    operation->lastError = error;
    operation->uncertain = true;
    // Who sends too much would do so again.
    operation->reached |= error.code != Error::Code::Unreachable && error.code != Error::Code::Tls
                          && error.code != Error::Code::Protocol;
    if (!operation->failedEndpoints.contains(error.endpoint))
        operation->failedEndpoints.append(error.endpoint);
    Q_EMIT failedOver(endpoint, error);
    if (!operation->running.empty()) {
        startAnother(operation);
        return;
    }

    m_running.remove(operation);
    const QList<QUrl> order = m_pool.order();
    const bool roundOver = std::ranges::all_of(
        order, [&](const QUrl &candidate) { return operation->tried.contains(candidate); });
    const auto pause = roundOver ? restBetweenRounds() : 0ms;
    const QDeadlineTimer &deadline = roundOver ? operation->lastRound : *operation->deadline;
    if ((roundOver && !operation->reached) || deadline.remainingTimeAsDuration() <= pause) {
        dispatch();
        operation->finish(exhausted(*operation));
        return;
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

void Transport::giveUp(Operation &operation, size_t attempt)
{
    const Operation::Running running = operation.running[attempt];
    operation.running.erase(operation.running.begin() + qsizetype(attempt));
    operation.uncertain = true;
    --m_inFlight[running.attempt->endpoint()][size_t(running.network)];
    delete running.attempt;
}

/// A write that started then was answered: those that wait since before it may wait in vain, as
/// those do that were under way when a leader died (for seven seconds).
void Transport::overtake(EndpointPool::Clock::time_point started)
{
    for (const auto &operation : m_running) {
        const Attempt &last = *operation->running.back().attempt;
        if (operation->request.large || operation->request.read || last.started() >= started)
            continue;
        operation->hedgeAt =
            std::min(operation->hedgeAt, last.started() + m_pool.patience(last.endpoint()));
        hedgeAt(operation->hedgeAt);
    }
}

/// Sees to it that hedge() runs then, or before.
void Transport::hedgeAt(EndpointPool::Clock::time_point when)
{
    if (m_hedgeTimer.isActive() && m_hedgeAt <= when)
        return;
    m_hedgeAt = when;
    m_hedgeTimer.start(std::max(
        std::chrono::ceil<std::chrono::milliseconds>(when - EndpointPool::Clock::now()), 0ms));
}

void Transport::hedge()
{
    const auto now = EndpointPool::Clock::now();
    const auto running = m_running; // startAnother() may end one
    auto next = EndpointPool::Clock::time_point::max();
    for (const auto &operation : running) {
        if (operation->hedgeAt > now) {
            next = std::min(next, operation->hedgeAt);
            continue;
        }
        operation->hedgeAt = EndpointPool::Clock::time_point::max();
        const Attempt &last = *operation->running.back().attempt;
        if (!operation->request.large) {
            startAnother(operation);
        } else if (!last.isComing()) { // it may be at work: is it?
            ask(last.endpoint(), {.path = "/version"}, m_pool.patience(last.endpoint()))
                .then(this, [this, operation](const Result<HttpReply> &alive) {
                    if (!alive && !operation->running.empty()
                        && !operation->running.back().attempt->isComing())
                        startAnother(operation);
                });
        }
    }
    if (next != EndpointPool::Clock::time_point::max())
        hedgeAt(next);
}

void Transport::startAnother(const std::shared_ptr<Operation> &operation)
{
    if (operation->running.size() >= attemptsAtOnce || operation->deadline->hasExpired())
        return;
    if (const auto node = freeNode(*operation))
        start(node->first, node->second, operation);
}

/// Those in doubt whose ping is due; and again when the next one is.
void Transport::ping()
{
    for (const QUrl &endpoint : m_pool.toPing()) {
        if (m_pinging.contains(endpoint))
            continue;
        m_pinging.insert(endpoint);
        ask(endpoint, {.path = "/version"})
            .then(this, [this, endpoint](const Result<HttpReply> &reply) {
                m_pinging.remove(endpoint);
                if (reply && reply->status == 200)
                    m_pool.revived(endpoint);
                else
                    m_pool.failed(endpoint, reply ? errorFromReply(*reply) : reply.error());
                ping();
            });
    }
    if (const auto next = m_pool.nextPing(m_pinging)) {
        m_pingTimer.start(std::max(
            std::chrono::ceil<std::chrono::milliseconds>(*next - EndpointPool::Clock::now()), 1ms));
    }
}

Error Transport::exhausted(const Operation &operation) const
{
    if (!operation.lastError) {
        return {.code = Error::Code::InvalidArgument,
                .detail = QCoreApplication::translate("Transport", "no node to ask is known")};
    }
    Error error = *operation.lastError;
    error.endpoint = operation.failedEndpoints.join(", "_L1);
    return error;
}

} // namespace EtcdRegistry
