// SPDX-License-Identifier: MIT
#include "stream.h"

#include "etcderror.h"
#include "network.h"
#include "transport.h"

#include <QCoreApplication>
#include <QNetworkReply>

namespace EtcdRegistry {

Stream::Stream(const QUrl &endpoint, const QNetworkRequest &request, const QByteArray &method,
               const QByteArray &body, std::chrono::milliseconds timeout, Objection objection)
    : m_endpoint(endpoint)
    , m_objection(std::move(objection))
{
    setUpNetwork(m_network);
    m_reply = m_network.sendCustomRequest(request, method, body);
    m_reply->setParent(this);
    m_reply->setReadBufferSize(readAhead);
    connect(m_reply, &QNetworkReply::metaDataChanged, this, &Stream::readHead);
    connect(m_reply, &QNetworkReply::readyRead, this, &Stream::read);
    connect(m_reply, &QNetworkReply::finished, this, &Stream::finish);
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this, [this] {
        m_timedOut = true;
        m_reply->abort(); // emits finished() at once
    });
    m_timer.start(timeout);
}

Stream::~Stream()
{
    m_reply->disconnect(this);
    m_reply->abort();
    // Before its network, whose thread may be waiting for it (to send a body again) while we wait,
    // for five seconds, for that thread.
    delete m_reply;
}

void Stream::readHead()
{
    if (m_reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt() != 200)
        return; // what says why not has to come in time, too
    m_timer.stop();
    m_objected = m_objection(m_reply->rawHeader("X-Etcd-Cluster-Id").toULongLong(nullptr, 16));
    if (m_objected)
        m_reply->abort(); // emits finished() at once
    else if (!std::exchange(m_opened, true))
        Q_EMIT opened();
}

void Stream::read()
{
    const QByteArray bytes = m_reply->readAll();
    if (m_opened) {
        Q_EMIT received(bytes);
        return;
    }
    m_refusal += bytes; // it says why not
    if (m_refusal.size() > longestRefusal)
        m_reply->abort(); // emits finished() at once
}

void Stream::finish()
{
    m_timer.stop();
    if (m_reply->bytesAvailable() > 0)
        read();
    Q_EMIT ended(outcome());
}

Error Stream::outcome() const
{
    if (m_objected)
        return *m_objected;
    const int status = m_reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    if (status > 0 && !m_opened && !m_timedOut) {
        return errorFromReply({.status = status, .body = m_refusal, .endpoint = m_endpoint});
    }
    Error error{.code = m_timedOut ? Error::Code::Timeout : Error::Code::Unreachable,
                .endpoint = m_endpoint.toString()};
    if (m_timedOut) {
        error.detail = QCoreApplication::translate("Stream", "no answer in time");
    } else if (m_reply->error() == QNetworkReply::NoError) {
        error.detail = QCoreApplication::translate("Stream", "the node ended the stream");
    } else {
        error.detail = m_reply->errorString();
        if (m_reply->error() == QNetworkReply::SslHandshakeFailedError)
            error.code = Error::Code::Tls;
    }
    return error;
}

} // namespace EtcdRegistry
