// SPDX-License-Identifier: MIT
#include "churn.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QNetworkProxy>
#include <QNetworkReply>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

constexpr qsizetype membersAtMost = 300;
constexpr int underWayAtMost = 60; ///< more wait already than nodes in trouble answer in time

QByteArray json(const QJsonObject &object)
{
    return QJsonDocument(object).toJson(QJsonDocument::Compact);
}

QString base64(const QByteArray &bytes)
{
    return QString::fromLatin1(bytes.toBase64());
}

QString keyOf(const Service &service)
{
    return Layout::encode(service)->key;
}

} // namespace

Churn::Churn(Api api, const QList<QUrl> &endpoints, quint32 seed, QObject *parent)
    : QObject(parent)
    , m_api(api)
    , m_endpoints(endpoints)
    , m_random(seed)
{
    m_network.setProxy(QNetworkProxy::NoProxy);
    connect(&m_timer, &QTimer::timeout, this, &Churn::turn);
    m_timer.start(20ms);
}

void Churn::turn()
{
    const auto now = Clock::now();
    for (Member &member : m_members) {
        if (member.ttl && now >= member.nextBeat) {
            beat(member);
            member.nextBeat = now + std::chrono::milliseconds(member.ttl * 500);
        }
    }
    if (m_paused || m_underWay > underWayAtMost)
        return;
    ++m_operations;
    const int dice = m_random.bounded(100);
    if (m_members.isEmpty() || (dice < 40 && m_members.size() < membersAtMost))
        return join();
    std::swap(m_members[m_random.bounded(m_members.size())], m_members.last());
    if (dice < 70)
        return hasJoined(m_members.last()) ? write(m_members.last()) : void();
    const Member member = m_members.takeLast();
    if (dice < 85 || member.ttl == 0)
        leave(member); // else it crashes: nothing is sent
}

Churn::Member Churn::newMember()
{
    static const QStringList names{u"web"_s, u"api"_s, u"mail"_s, u"café"_s};
    static const QStringList nameSpaces{u"soak"_s, u"soak/eu"_s, u"soak/us"_s};
    const int number = ++m_joined;
    return {.service = {.name = names[m_random.bounded(names.size())],
                        .nameSpace = nameSpaces[m_random.bounded(nameSpaces.size())],
                        .hostname = u"10.0.%1.%2"_s.arg(number >> 8).arg(number & 255),
                        .port = 1000 + number % 60000},
            .ttl = m_random.bounded(5) == 0 ? 0 : m_random.bounded(5, 11)};
}

void Churn::write(Member &member)
{
    Service service = member.service;
    service.document = R"({"load":)" + QByteArray::number(m_random.bounded(1000))
                       + R"(,"note":"„\"Grüße\"\n🙂"})";
    member.document = m_random.bounded(50) == 0 ? "no document" : Layout::encode(service)->value;
    put(keyOf(service), member.document, member.ttl, member.lease);
}

void Churn::join()
{
    Member member = newMember();
    member.nextBeat = Clock::now() + std::chrono::milliseconds(member.ttl * 500);
    m_members.append(member);
    if (m_api == Api::V2 || member.ttl == 0)
        return write(m_members.last());
    grant(member.ttl, [this, joined = member.service](const QString &lease) {
        const auto found = std::ranges::find(m_members, joined, &Member::service);
        if (found == m_members.end())
            return; // its owner has crashed already
        found->lease = lease;
        write(*found);
    });
}

bool Churn::hasJoined(const Member &member) const
{
    return m_api == Api::V2 || member.ttl == 0 || !member.lease.isEmpty();
}

void Churn::leave(const Member &member)
{
    const QString key = keyOf(member.service);
    if (m_api == Api::V2)
        send("DELETE", u"/v2/keys/"_s + key, {});
    else
        send("POST", u"/v3/kv/deleterange"_s, json({{u"key"_s, base64(key.toUtf8())}}));
}

/// As the npm client does and as ours does, in v2. What has expired in bad times stays away.
void Churn::beat(Member &member)
{
    if (m_api == Api::V3) {
        if (hasJoined(member))
            send("POST", u"/v3/lease/keepalive"_s, json({{u"ID"_s, member.lease}}));
    } else if (m_random.bounded(2)) {
        put(keyOf(member.service), member.document, member.ttl, {});
    } else {
        send("PUT", u"/v2/keys/"_s + keyOf(member.service),
             "refresh=true&prevExist=true&ttl=" + QByteArray::number(member.ttl));
    }
}

void Churn::massCrash(int count)
{
    constexpr int soon = 2;
    QList<Service> services;
    for (int i = 0; i < count; ++i)
        services.append(newMember().service);
    if (m_api == Api::V2) {
        for (const Service &service : services)
            put(keyOf(service), Layout::encode(service)->value, soon, {});
        return;
    }
    grant(soon, [this, services](const QString &lease) {
        for (const Service &service : services)
            put(keyOf(service), Layout::encode(service)->value, soon, lease);
    });
}

void Churn::grant(int ttl, const std::function<void(const QString &)> &then)
{
    send("POST", u"/v3/lease/grant"_s, json({{u"TTL"_s, ttl}}),
         [then](int status, const QByteArray &body) {
             if (status == 200)
                 then(QJsonDocument::fromJson(body)["ID"_L1].toString());
         });
}

void Churn::put(const QString &key, const QByteArray &value, int ttl, const QString &lease)
{
    if (m_api == Api::V2) {
        const QByteArray life = ttl ? "&ttl=" + QByteArray::number(ttl) : QByteArray();
        return send("PUT", u"/v2/keys/"_s + key, "value=" + value.toPercentEncoding() + life);
    }
    QJsonObject object{{u"key"_s, base64(key.toUtf8())}, {u"value"_s, base64(value)}};
    if (!lease.isEmpty())
        object[u"lease"_s] = lease;
    send("POST", u"/v3/kv/put"_s, json(object));
}

void Churn::send(const QByteArray &method, const QString &path, const QByteArray &body,
                 const Then &then, int attempt)
{
    const qsizetype node = m_node;
    QNetworkRequest request(m_endpoints[node].resolved(QUrl(path)));
    request.setTransferTimeout(1000);
    request.setHeader(QNetworkRequest::ContentTypeHeader,
                      body.startsWith('{') ? u"application/json"_s
                                           : u"application/x-www-form-urlencoded"_s);
    QNetworkReply *reply = m_network.sendCustomRequest(request, method, body);
    ++m_underWay;
    connect(reply, &QNetworkReply::finished, this, [=, this] {
        reply->deleteLater();
        --m_underWay;
        const int status = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
        if (status > 0 && status < 500) {
            if (then)
                then(status, reply->readAll());
            return;
        }
        if (m_node == node) // and not yet another's choice
            m_node = (node + 1) % m_endpoints.size();
        if (attempt + 1 < m_endpoints.size())
            send(method, path, body, then, attempt + 1);
        else
            ++m_unanswered;
    });
}

} // namespace EtcdRegistry
