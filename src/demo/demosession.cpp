// SPDX-License-Identifier: MIT
#include "demosession.h"

#include "json.h"

#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QNetworkReply>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

DemoSession::DemoSession(QObject *parent)
    : QObject(parent)
{
    connect(&m_etcd, &LocalEtcd::started, this, &DemoSession::populate);
    connect(&m_etcd, &LocalEtcd::failed, this, &DemoSession::fail);
    connect(&m_etcd, &LocalEtcd::ended, this, [this] {
        if (m_ready)
            fail(tr("The etcd of the demo session has ended. Start the demo again."));
    });
    m_toggleTimer.setInterval(25s); // longer than the TTL of those that come and go
    connect(&m_toggleTimer, &QTimer::timeout, this, &DemoSession::toggleUnsteady);
}

void DemoSession::start()
{
    m_etcd.start();
}

void DemoSession::populate()
{
    const Result<ConnectionString> connection =
        ConnectionString::parse(m_etcd.clientUrl().toString());
    m_registry = std::make_unique<Registry>(*connection);

    QFile file(u":/demo/services.jsonl"_s);
    if (!file.open(QIODevice::ReadOnly))
        qFatal("The sample services are missing");
    while (!file.atEnd()) {
        const QByteArray line = file.readLine();
        const QJsonObject sample = QJsonDocument::fromJson(line).object();
        Service service{.name = sample["service"_L1].toString(),
                        .nameSpace = sample["namespace"_L1].toString()};
        const Result<Json::Fields> fields = Json::fields(line);
        for (const Json::Field &field : *fields) {
            if (field.name == "document"_L1)
                service.document = field.value;
        }
        const bool noTtl = sample["noTtl"_L1].toBool();
        if (!noTtl && !sample.contains("value"_L1)) {
            join(service, sample["unsteady"_L1].toBool());
            continue;
        }
        const Result<Layout::Record> record = Layout::encode(service);
        write(record->key, noTtl ? record->value : sample["value"_L1].toString().toUtf8());
    }
}

void DemoSession::join(const Service &service, bool unsteady)
{
    ++m_pending;
    m_registry->join(service).then(this, [this, unsteady](const Result<Registration> &joined) {
        if (!joined) {
            fail(joined.error().message());
            return;
        }
        if (unsteady)
            m_unsteady += joined->id;
        oneDone();
    });
}

/// Past the client, which would neither write a broken document nor one that never expires.
void DemoSession::write(const QString &key, const QByteArray &value)
{
    ++m_pending;
    QUrl url = m_etcd.clientUrl();
    QNetworkReply *reply = nullptr;
    if (m_etcd.servesV2()) {
        url.setPath(u"/v2/keys/"_s + key, QUrl::DecodedMode);
        QNetworkRequest request(url);
        request.setHeader(QNetworkRequest::ContentTypeHeader,
                          u"application/x-www-form-urlencoded"_s);
        reply = m_network.put(request, "value=" + value.toPercentEncoding());
    } else {
        url.setPath(u"/v3/kv/put"_s);
        QNetworkRequest request(url);
        request.setHeader(QNetworkRequest::ContentTypeHeader, u"application/json"_s);
        const QJsonObject body{{u"key"_s, QString::fromLatin1(key.toUtf8().toBase64())},
                               {u"value"_s, QString::fromLatin1(value.toBase64())}};
        reply = m_network.post(request, QJsonDocument(body).toJson());
    }
    connect(reply, &QNetworkReply::finished, this, [this, reply] {
        reply->deleteLater();
        if (reply->error() == QNetworkReply::NoError)
            oneDone();
        else
            fail(tr("The sample services can't be written. %1").arg(reply->errorString()));
    });
}

void DemoSession::fail(const QString &message)
{
    if (!std::exchange(m_failed, true)) // one reason is enough, and the first is the best
        Q_EMIT failed(message);
}

void DemoSession::oneDone()
{
    if (--m_pending > 0)
        return;
    m_ready = true;
    m_toggleTimer.start();
    Q_EMIT ready(m_etcd.clientUrl().toString());
}

void DemoSession::toggleUnsteady()
{
    const QList<Registration> registrations = m_registry->registrations();
    for (const Registration &registration : registrations) {
        if (!m_unsteady.contains(registration.id))
            continue;
        if (registration.state == Registration::State::Paused)
            m_registry->resume(registration.id);
        else
            m_registry->pause(registration.id);
    }
}

} // namespace EtcdRegistry
