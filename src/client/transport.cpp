// SPDX-License-Identifier: MIT
#include "transport.h"

#include "etcderror.h"
#include "log.h"
#include "stream.h"

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QFile>
#include <QNetworkReply>
#include <QPointer>
#include <QSslCertificate>
#include <QSslKey>
#include <QTimer>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace EtcdRegistry {

// Qt opens six connections to a host, and a seventh request's timer would run while it queues.
constexpr int inFlightPerEndpoint = 5;
constexpr auto largeDeadline = 60s;
constexpr auto pauseBetweenRounds = 150ms;

struct Transport::Operation
{
    HttpRequest request;
    QPromise<Result<HttpReply>> promise;
    std::optional<QDeadlineTimer>
        deadline;                ///< from the first attempt on: queueing is our own doing
    QList<QUrl> tried;           ///< in this round
    QStringList failedEndpoints; ///< in all rounds
    std::optional<Error> lastError;
    bool reached = false;   ///< somebody accepted a connection in this round
    QDeadlineTimer rest{0}; ///< between two rounds

    void finish(Result<HttpReply> result)
    {
        promise.addResult(std::move(result));
        promise.finish();
    }
};

/// One request to one node, with its deadline. Calls `done` once, unless it is deleted before.
class Transport::Attempt : public QObject
{
public:
    Attempt(Transport &transport, QNetworkAccessManager &network, const QUrl &endpoint,
            const HttpRequest &request, std::chrono::milliseconds timeout, QDeadlineTimer deadline,
            Done done)
        : QObject(&transport)
        , m_transport(transport)
        , m_endpoint(endpoint)
        , m_large(request.large)
        , m_timeout(timeout)
        , m_deadline(deadline)
        , m_done(std::move(done))
    {
        m_reply = network.sendCustomRequest(transport.networkRequest(endpoint, request),
                                            request.method, request.body);
        m_reply->setParent(this);
        connect(m_reply, &QNetworkReply::finished, this, &Attempt::finish);
        connect(m_reply, &QNetworkReply::downloadProgress, this, [this] {
            if (m_large) // it is being sent: only a standstill counts
                m_timer.start(m_timeout);
        });
        connect(m_reply, &QNetworkReply::sslErrors, this, [this](const QList<QSslError> &errors) {
            m_tlsDetail = errors.first().errorString();
        });
        m_timer.setSingleShot(true);
        m_timer.setTimerType(Qt::PreciseTimer);
        connect(&m_timer, &QTimer::timeout, this, &Attempt::timeOut);
        m_timer.start(m_large ? m_timeout / 4 : m_timeout); // a doubt costs little
    }

    ~Attempt() override
    {
        m_reply->disconnect(this);
        m_reply->abort();
    }

private:
    void timeOut()
    {
        if (!m_large || m_deadline.hasExpired()) {
            m_timedOut = true;
            m_reply->abort(); // emits finished() at once
            return;
        }
        // Slow with a large answer, or hung? GET /version takes etcd 50 us.
        m_transport.ask(m_endpoint, {.path = "/version"})
            .then(&m_transport, [self = QPointer(this)](const Result<HttpReply> &alive) {
                if (!self || self->m_reply->isFinished())
                    return;
                if (!alive)
                    self->m_deadline = QDeadlineTimer(0);
                self->m_timer.start(alive ? self->m_timeout : 0ms);
            });
    }

    void finish()
    {
        m_timer.stop();
        const Done done = std::exchange(m_done, {});
        Result<HttpReply> result = outcome();
        deleteLater();
        done(std::move(result));
    }

    Result<HttpReply> outcome() const
    {
        const int status = m_reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
        const QNetworkReply::NetworkError error = m_reply->error();
        // Errors from 201 on are Qt's names for HTTP statuses; those below speak of the connection,
        // and may come with a status too, when the answer broke off.
        // Qt takes one that broke off, but not together with its head, for a whole one.
        const bool whole = m_reply->bytesAvailable()
                           >= m_reply->header(QNetworkRequest::ContentLengthHeader).toLongLong();
        if (status > 0 && whole && (error == QNetworkReply::NoError || error > 200)
            && !m_timedOut) {
            return HttpReply{status,
                             m_reply->header(QNetworkRequest::ContentTypeHeader).toByteArray(),
                             m_reply->rawHeader("X-Etcd-Index"),
                             m_reply->readAll(),
                             m_endpoint,
                             BootClock::now()};
        }

        Error failure;
        failure.endpoint = m_endpoint.toString();
        failure.detail = whole ? m_reply->errorString()
                               : QCoreApplication::translate("Transport", "the answer broke off");
        failure.code = Error::Code::Unreachable;
        if (m_timedOut) {
            failure.code = Error::Code::Timeout;
            failure.detail = QCoreApplication::translate("Transport", "no answer within %1 ms")
                                 .arg(m_timeout.count());
        } else if (error == QNetworkReply::SslHandshakeFailedError) {
            failure.code = Error::Code::Tls;
            if (!m_tlsDetail.isEmpty())
                failure.detail = m_tlsDetail;
        } else if (m_endpoint.scheme() == "https"_L1 && status == 0
                   && error != QNetworkReply::ConnectionRefusedError
                   && error != QNetworkReply::HostNotFoundError) {
            // With TLS 1.3 a missing or foreign client certificate is refused after the handshake.
            failure.code = Error::Code::Tls;
            failure.detail =
                QCoreApplication::translate(
                    "Transport", "the node ended the connection; it may want another client "
                                 "certificate, or plain http: %1")
                    .arg(failure.detail);
        }
        return failure;
    }

    Transport &m_transport;
    QUrl m_endpoint;
    bool m_large;
    std::chrono::milliseconds m_timeout;
    QDeadlineTimer m_deadline;
    Done m_done;
    QNetworkReply *m_reply;
    QTimer m_timer;
    QString m_tlsDetail;
    bool m_timedOut = false;
};

Transport::Transport(const ConnectionString &connection, QObject *parent)
    : QObject(parent)
    , m_pool(connection.endpoints)
    , m_timeout(connection.timeout)
    , m_deadline(connection.deadline)
{
    for (QNetworkAccessManager *network : {&m_network, &m_probes}) {
        network->setAutoDeleteReplies(false);
        network->setRedirectPolicy(QNetworkRequest::ManualRedirectPolicy);
    }
    const auto isSecure = [](const QUrl &url) { return url.scheme() == "https"_L1; };
    if (std::ranges::any_of(connection.endpoints, isSecure) || !connection.caFile.isEmpty()
        || isSecure(connection.discovery))
        loadCertificates(connection);
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
    m_inFlight.clear();
    QCoreApplication::removePostedEvents(this, QEvent::MetaCall); // those of later()
}

void Transport::loadCertificates(const ConnectionString &connection)
{
    const auto read = [this](const QString &path) {
        QFile file(path);
        if (!file.open(QIODevice::ReadOnly)) {
            m_tlsError =
                Error{.code = Error::Code::Tls,
                      .detail = QCoreApplication::translate("Transport", "can't read %1: %2")
                                    .arg(path, file.errorString())};
            return QByteArray();
        }
        return file.readAll();
    };
    const auto reject = [this](const QString &path, const QString &what) {
        if (!m_tlsError)
            m_tlsError = Error{.code = Error::Code::Tls, .detail = what.arg(path)};
    };

    m_tls = QSslConfiguration::defaultConfiguration(); // takes 20 ms: the system's certificates
    if (!connection.caFile.isEmpty()) {
        const auto authorities = QSslCertificate::fromData(read(connection.caFile), QSsl::Pem);
        if (authorities.isEmpty())
            reject(connection.caFile,
                   QCoreApplication::translate("Transport", "%1 holds no PEM certificate"));
        m_tls->setCaCertificates(authorities);
    }
    if (!connection.certFile.isEmpty()) {
        const auto chain = QSslCertificate::fromData(read(connection.certFile), QSsl::Pem);
        if (chain.isEmpty())
            reject(connection.certFile,
                   QCoreApplication::translate("Transport", "%1 holds no PEM certificate"));
        const QByteArray keyText = read(connection.keyFile);
        QSslKey key(keyText, QSsl::Rsa);
        if (key.isNull())
            key = QSslKey(keyText, QSsl::Ec);
        if (key.isNull())
            reject(connection.keyFile,
                   QCoreApplication::translate("Transport",
                                               "%1 holds no RSA or EC key without a passphrase"));
        m_tls->setLocalCertificateChain(chain);
        m_tls->setPrivateKey(key);
    }
}

QNetworkRequest Transport::networkRequest(const QUrl &endpoint, const HttpRequest &request) const
{
    QNetworkRequest result(endpoint.resolved(QUrl::fromEncoded(request.path)));
    if (m_tls)
        result.setSslConfiguration(*m_tls);
    // One protocol with and without TLS: what was measured on HTTP/1.1 holds for both.
    result.setAttribute(QNetworkRequest::Http2AllowedAttribute, false);
    if (!request.body.isEmpty())
        result.setHeader(QNetworkRequest::ContentTypeHeader, request.contentType);
    if (!m_authorization.isEmpty())
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

QFuture<Result<HttpReply>> Transport::ask(const QUrl &endpoint, const HttpRequest &request)
{
    auto promise = std::make_shared<QPromise<Result<HttpReply>>>();
    promise->start();
    new Attempt(*this, m_probes, endpoint, request, m_timeout, QDeadlineTimer(m_timeout),
                [promise](Result<HttpReply> result) {
                    promise->addResult(std::move(result));
                    promise->finish();
                });
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
        const auto endpoint = std::ranges::find_if(
            order, [&](const QUrl &candidate) { return !operation->tried.contains(candidate); });
        if (m_tlsError || endpoint == order.end()) {
            next = m_waiting.erase(next);
            hopeless.append(operation);
        } else if (m_inFlight.value(*endpoint) < inFlightPerEndpoint) {
            next = m_waiting.erase(next);
            start(*endpoint, operation);
        } else {
            ++next;
            ++skipped;
        }
    }
    // Last, for what waits for them may call send().
    for (const auto &operation : hopeless)
        operation->finish(m_tlsError ? *m_tlsError : exhausted(*operation));
}

void Transport::start(const QUrl &endpoint, const std::shared_ptr<Operation> &operation)
{
    if (!operation->deadline) {
        operation->deadline =
            QDeadlineTimer(operation->request.large ? largeDeadline : m_deadline, Qt::PreciseTimer);
    }
    operation->tried.append(endpoint);
    ++m_inFlight[endpoint];
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        operation->deadline->remainingTimeAsDuration());
    new Attempt(*this, m_network, endpoint, operation->request, std::min(m_timeout, left),
                *operation->deadline, [this, endpoint, operation](Result<HttpReply> result) {
                    finished(endpoint, operation, std::move(result));
                });
}

void Transport::finished(const QUrl &endpoint, const std::shared_ptr<Operation> &operation,
                         Result<HttpReply> result)
{
    --m_inFlight[endpoint];
    if (result && result->status >= 500)
        result = errorFromReply(*result);

    if (result) {
        m_pool.succeeded(endpoint);
        m_lastAnswered = endpoint;
        dispatch();
        operation->finish(std::move(result));
        return;
    }

    const Error &error = result.error();
    qCInfo(logTransport) << operation->request.method << operation->request.path << "on"
                         << error.endpoint << "failed:" << error.detail;
    m_pool.failed(endpoint, error);
    operation->lastError = error;
    operation->reached |= error.code != Error::Code::Unreachable && error.code != Error::Code::Tls;
    if (!operation->failedEndpoints.contains(error.endpoint))
        operation->failedEndpoints.append(error.endpoint);
    Q_EMIT failedOver(endpoint, error);

    const QList<QUrl> order = m_pool.order();
    const bool roundOver = std::ranges::all_of(
        order, [&](const QUrl &candidate) { return operation->tried.contains(candidate); });
    const auto pause = roundOver ? pauseBetweenRounds : 0ms;
    if ((roundOver && !operation->reached)
        || operation->deadline->remainingTimeAsDuration() <= pause) {
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
