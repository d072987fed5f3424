// SPDX-License-Identifier: MIT
#include "attempt.h"

#include <QCoreApplication>
#include <QNetworkReply>
#include <QPointer>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace EtcdRegistry {

Attempt::Attempt(QNetworkReply *reply, const QUrl &endpoint, std::chrono::milliseconds timeout,
                 Done done, QObject *parent)
    : QObject(parent)
    , m_reply(reply)
    , m_endpoint(endpoint)
    , m_timeout(timeout)
    , m_done(std::move(done))
{
    m_reply->setParent(this);
    m_reply->setReadBufferSize(readAhead);
    connect(m_reply, &QNetworkReply::metaDataChanged, this, &Attempt::read);
    connect(m_reply, &QNetworkReply::readyRead, this, &Attempt::read);
    connect(m_reply, &QNetworkReply::finished, this, &Attempt::finish);
    connect(m_reply, &QNetworkReply::socketStartedConnecting, this, [this] { m_isFresh = true; });
    connect(m_reply, &QNetworkReply::encrypted, this, [this] { m_encrypted.start(); });
    connect(m_reply, &QNetworkReply::sslErrors, this,
            [this](const QList<QSslError> &errors) { m_tlsDetail = errors.first().errorString(); });
    m_timer.setSingleShot(true);
    m_timer.setTimerType(Qt::PreciseTimer);
    connect(&m_timer, &QTimer::timeout, this, &Attempt::timeOut);
    m_timer.start(m_timeout);
}

Attempt::~Attempt()
{
    m_reply->disconnect(this);
    m_reply->abort();
}

void Attempt::beLarge(QDeadlineTimer deadline, QDeadlineTimer begun, IsAlive isAlive)
{
    m_deadline = deadline;
    m_begun = begun;
    m_isAlive = std::move(isAlive);
}

qsizetype Attempt::longest() const
{
    const int status = m_reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    return m_isAlive && status == 200 ? longestLargeAnswer : longestAnswer;
}

/// As QByteArray::append() grows by a copy, which takes twice the memory, resize() does it.
void Attempt::append()
{
    if (!m_reply->isOpen()) // we aborted it, or it failed right after its head
        return;
    const qsizetype before = m_body.size();
    m_body.resize(before + m_reply->bytesAvailable());
    const qint64 more = m_reply->read(m_body.data() + before, m_body.size() - before);
    m_body.resize(before + std::max<qint64>(more, 0));
}

void Attempt::read()
{
    append();
    const qint64 announced = m_reply->header(QNetworkRequest::ContentLengthHeader).toLongLong();
    if (std::max<qint64>(m_body.size(), announced) > longest()) {
        m_tooLong = true;
        abort();
    } else if (m_isAlive && m_longest.hasExpired()) {
        abortTimedOut();
    } else if (m_isAlive && m_body.size() - m_counted >= slowest) {
        m_counted = m_body.size();
        m_timer.start(m_timeout);
    }
}

void Attempt::abortTimedOut()
{
    m_timedOut = true;
    abort();
}

/// It would emit finished() in the middle of it, and whoever gets that may delete us.
void Attempt::abort()
{
    m_reply->disconnect(this);
    m_reply->abort();
    finish();
}

void Attempt::timeOut()
{
    if (!m_isAlive || m_deadline.hasExpired() || (!isComing() && m_begun.hasExpired()))
        return abortTimedOut();
    // Slow with a large answer, or hung?
    m_isAlive([self = QPointer(this)](bool alive) {
        if (!self || self->m_reply->isFinished())
            return;
        if (!alive)
            self->m_deadline = QDeadlineTimer(0);
        self->m_timer.start(alive ? self->m_timeout : 0ms);
    });
}

void Attempt::finish()
{
    m_timer.stop();
    append();
    const Done done = std::exchange(m_done, {});
    Result<HttpReply> result = outcome();
    deleteLater();
    done(std::move(result));
}

/// Only a connection that is new can fail by its certificates: a node may end the others at any
/// time.
void Attempt::blameTls(Error &failure, QNetworkReply::NetworkError error) const
{
    const bool isClosed = error == QNetworkReply::RemoteHostClosedError;
    const bool isHandshake = error == QNetworkReply::SslHandshakeFailedError
                             || (isClosed && m_isFresh && !m_encrypted.isValid());
    // With TLS 1.3 a missing or foreign client certificate is refused right after the handshake, by
    // an alert, which the end of the connection may overtake.
    const bool isRefusal = error == QNetworkReply::UnknownNetworkError
                           || (isClosed && m_encrypted.isValid() && !m_encrypted.hasExpired(200));
    if (!isHandshake && !(m_isFresh && isRefusal))
        return;
    QString hint = u"%1"_s;
    if (!isHandshake) {
        hint =
            QCoreApplication::translate("Transport", "the node ended the connection; it may want "
                                                     "another client certificate: %1");
    } else if (!m_tlsDetail.isEmpty()) {
        failure.detail = m_tlsDetail;
    } else if (isClosed || failure.detail.contains("wrong version number"_L1)) {
        hint = QCoreApplication::translate("Transport", "it may speak plain http: %1");
    }
    failure.code = Error::Code::Tls;
    failure.detail = hint.arg(failure.detail);
}

Result<HttpReply> Attempt::outcome()
{
    const int status = m_reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    const QNetworkReply::NetworkError error = m_reply->error();
    // Errors from 201 on are Qt's names for HTTP statuses; those below speak of the connection,
    // and may come with a status too, when the answer broke off.
    // Qt takes one that broke off, but not together with its head, for a whole one.
    const bool whole =
        m_body.size() >= m_reply->header(QNetworkRequest::ContentLengthHeader).toLongLong();
    if (status > 0 && whole && (error == QNetworkReply::NoError || error > 200) && !m_timedOut
        && !m_tooLong) {
        return HttpReply{.status = status,
                         .etcdIndex = m_reply->rawHeader("X-Etcd-Index"),
                         .body = std::move(m_body),
                         .endpoint = m_endpoint,
                         .received = BootClock::now(),
                         .clusterId =
                             m_reply->rawHeader("X-Etcd-Cluster-Id").toULongLong(nullptr, 16),
                         .date = m_reply->rawHeader("Date")};
    }

    Error failure;
    failure.endpoint = m_endpoint.toString();
    failure.detail = whole ? m_reply->errorString()
                           : QCoreApplication::translate("Transport", "the answer broke off");
    failure.code = Error::Code::Unreachable;
    if (m_tooLong) {
        failure.code = Error::Code::Protocol;
        failure.httpStatus = status;
        failure.detail = QCoreApplication::translate("Transport", "the answer has more than %1 MiB")
                             .arg(longest() / 1024 / 1024);
    } else if (m_timedOut) {
        failure.code = Error::Code::Timeout;
        failure.detail = QCoreApplication::translate("Transport", "no answer within %1 ms")
                             .arg(m_timeout.count());
    } else if (m_endpoint.scheme() == "https"_L1 && status == 0) {
        blameTls(failure, error);
    } else if (m_isFresh && status == 0 && error == QNetworkReply::RemoteHostClosedError) {
        failure.detail =
            QCoreApplication::translate("Transport", "it may want https, or serve gRPC only: %1")
                .arg(failure.detail);
    }
    return failure;
}

} // namespace EtcdRegistry
