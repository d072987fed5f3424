// SPDX-License-Identifier: MIT
#include "nodeprobe.h"

#include "error.h"

#include <QPromise>
#include <QRegularExpression>
#include <QSslSocket>
#include <QTimer>

using namespace Qt::StringLiterals;

namespace EtcdRegistry {
namespace {

/// Goes when it is done.
class Probe : public QObject
{
public:
    Probe(const QUrl &endpoint, std::chrono::milliseconds timeout, QObject *parent);

    QFuture<Spoken> future() const { return m_promise.future(); }

private:
    void connectBy(bool tls);
    void read();
    void end();
    void conclude();

    QUrl m_endpoint;
    QSslSocket m_socket;
    QTimer m_timer;
    QByteArray m_answer;
    bool m_overTls = false;
    bool m_isSecondTry = false;
    Spoken m_spoken;
    QPromise<Spoken> m_promise;
};

Probe::Probe(const QUrl &endpoint, std::chrono::milliseconds timeout, QObject *parent)
    : QObject(parent)
    , m_endpoint(endpoint)
{
    m_promise.start();
    m_socket.setPeerVerifyMode(QSslSocket::VerifyNone); // it gets nothing of ours
    const auto greet = [this] {
        m_socket.write("GET /version HTTP/1.1\r\nHost: " + m_endpoint.authority().toLatin1()
                       + "\r\nConnection: close\r\n\r\n");
    };
    connect(&m_socket, &QSslSocket::connected, this, [this, greet] {
        if (!m_overTls)
            greet();
    });
    connect(&m_socket, &QSslSocket::encrypted, this, [this, greet] {
        m_spoken.tls = true;
        greet();
    });
    connect(&m_socket, &QSslSocket::readyRead, this, &Probe::read);
    connect(&m_socket, &QSslSocket::disconnected, this, &Probe::end, Qt::QueuedConnection);
    connect(&m_socket, &QSslSocket::errorOccurred, this, &Probe::end, Qt::QueuedConnection);
    connect(&m_timer, &QTimer::timeout, this, &Probe::conclude);
    m_timer.setSingleShot(true);
    m_timer.start(timeout);
    connectBy(endpoint.scheme() == "https"_L1);
}

void Probe::connectBy(bool tls)
{
    m_overTls = tls;
    const bool isHttps = m_endpoint.scheme() == "https"_L1;
    const auto port = quint16(m_endpoint.port(isHttps ? 443 : 80));
    if (tls)
        m_socket.connectToHostEncrypted(m_endpoint.host(), port);
    else
        m_socket.connectToHost(m_endpoint.host(), port);
}

void Probe::read()
{
    constexpr qsizetype enough = 4096; // for a head and a title
    m_answer += m_socket.read(enough - m_answer.size());
    constexpr char settings = 4; // the type of the frame by which HTTP/2 begins
    if (m_answer.size() >= 9 && !m_answer.startsWith("HTTP/") && m_answer[3] == settings) {
        m_spoken.http2 = true;
        return conclude();
    }
    if (m_answer.size() >= enough)
        conclude();
}

/// The connection has, or there was none.
void Probe::end()
{
    if (m_promise.future().isFinished() || m_socket.state() == QAbstractSocket::ConnectingState)
        return;
    if (m_answer.startsWith("HTTP/"))
        return conclude();
    // TLS refuses us by an alert, which is some TLS, too; who speaks none has another error.
    const bool isRefused = m_socket.error() == QAbstractSocket::ConnectionRefusedError
                           || m_socket.error() == QAbstractSocket::HostNotFoundError;
    m_spoken.tls |= m_overTls && m_socket.errorString().contains("alert"_L1);
    if (isRefused || m_spoken.tls || std::exchange(m_isSecondTry, true))
        return conclude();
    m_answer.clear();
    m_socket.abort();
    connectBy(!m_overTls);
}

void Probe::conclude()
{
    if (m_promise.future().isFinished())
        return;
    m_socket.disconnect(this);
    if (m_answer.startsWith("HTTP/")) {
        static const QRegularExpression server(u"\\r\\nserver: *([^\\r]+)"_s,
                                               QRegularExpression::CaseInsensitiveOption);
        static const QRegularExpression title(u"<title>([^<]+)"_s,
                                              QRegularExpression::CaseInsensitiveOption);
        const QString text = QString::fromUtf8(m_answer);
        m_spoken.http = true;
        m_spoken.status = m_answer.mid(m_answer.indexOf(' ') + 1, 3).toInt();
        for (const QRegularExpression &name : {server, title}) {
            if (m_spoken.server.isEmpty())
                m_spoken.server = quotable(name.match(text).captured(1), 60);
        }
    }
    m_promise.addResult(m_spoken);
    m_promise.finish();
    deleteLater();
}

} // namespace

QFuture<Spoken> probe(const QUrl &endpoint, std::chrono::milliseconds timeout, QObject *parent)
{
    return (new Probe(endpoint, timeout, parent))->future();
}

} // namespace EtcdRegistry
