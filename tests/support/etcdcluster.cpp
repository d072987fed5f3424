// SPDX-License-Identifier: MIT
#include "etcdcluster.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QNetworkProxy>
#include <QNetworkReply>
#include <QSignalSpy>
#include <QTest>
#include <QThread>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

namespace {

QString base64(const QString &text)
{
    return QString::fromLatin1(text.toUtf8().toBase64());
}

QByteArray basic(const QString &user, const QString &password)
{
    return "Basic " + QString(user + u':' + password).toUtf8().toBase64();
}

} // namespace

QJsonObject EtcdCluster::Reply::json() const
{
    return QJsonDocument::fromJson(body).object();
}

EtcdCluster::EtcdCluster(Options options)
    : m_options(std::move(options))
{
    m_network.setProxy(QNetworkProxy::NoProxy);
}

EtcdCluster::~EtcdCluster() = default;

bool EtcdCluster::start()
{
    if (m_options.tls && !m_certificates.create()) {
        m_error = m_certificates.error();
        return false;
    }
    for (int attempt = 0; attempt < 5; ++attempt) {
        if (startMembers())
            return true;
        m_members.clear();
        if (!m_error.contains("address already in use"_L1))
            break;
    }
    return false;
}

bool EtcdCluster::startMembers()
{
    std::vector<LocalEtcdOptions> all(size_t(m_options.members));
    QStringList cluster; // members of one must know each other's ports before they start
    for (LocalEtcdOptions &options : all) {
        options.v2 = m_options.v2 && cluster.size() != m_options.memberWithoutV2;
        options.name = u"node%1"_s.arg(cluster.size() + 1);
        options.arguments = m_options.arguments;
        options.clientPort = LocalEtcd::freePort();
        options.peerPort = LocalEtcd::freePort();
        cluster += u"%1=http://127.0.0.1:%2"_s.arg(options.name).arg(options.peerPort);
        if (m_options.tls) {
            options.tls = m_certificates.clientConfiguration();
            options.arguments += {u"--cert-file"_s,       m_certificates.path(u"server.pem"_s),
                                  u"--key-file"_s,        m_certificates.path(u"server.key"_s),
                                  u"--trusted-ca-file"_s, m_certificates.path(u"ca.pem"_s),
                                  u"--client-cert-auth"_s};
        }
    }

    size_t started = 0;
    m_error.clear();
    m_memberOptions.clear();
    for (LocalEtcdOptions &options : all) {
        options.initialCluster = cluster.join(u',');
        m_memberOptions.push_back(options);
        m_members.push_back(std::make_unique<LocalEtcd>(options));
        LocalEtcd *member = m_members.back().get();
        QObject::connect(member, &LocalEtcd::started, &m_network, [&started] { ++started; });
        QObject::connect(member, &LocalEtcd::failed, &m_network,
                         [this](const QString &message) { m_error = message; });
        member->start();
    }
    const bool done =
        QTest::qWaitFor([&] { return started == all.size() || !m_error.isEmpty(); }, 60000);
    for (const auto &member : m_members)
        member->disconnect(&m_network);
    if (!done)
        m_error = u"etcd did not start within a minute"_s;
    return m_error.isEmpty();
}

QList<QUrl> EtcdCluster::endpoints() const
{
    QList<QUrl> list;
    for (const auto &member : m_members)
        list += member->clientUrl();
    return list;
}

QString EtcdCluster::connectionString(const QString &suffix) const
{
    QStringList hosts;
    for (const QUrl &endpoint : endpoints())
        hosts += endpoint.authority();
    const QString text = hosts.join(u',') + suffix;
    if (!m_options.tls)
        return u"http://"_s + text;
    return u"https://%1%2ca=%3&cert=%4&key=%5"_s.arg(
        text, suffix.contains(u'?') ? u"&"_s : u"?"_s, m_certificates.path(u"ca.pem"_s),
        m_certificates.path(u"client.pem"_s), m_certificates.path(u"client.key"_s));
}

bool EtcdCluster::servesV2() const
{
    return m_members.front()->servesV2();
}

bool EtcdCluster::kill(int index)
{
    member(index).kill();
    return QTest::qWaitFor([&] { return !member(index).isRunning(); });
}

bool EtcdCluster::restart(int index)
{
    bool started = false;
    const QMetaObject::Connection connection = QObject::connect(
        &member(index), &LocalEtcd::started, &m_network, [&started] { started = true; });
    member(index).restart();
    (void)QTest::qWaitFor([&] { return started; }, 30000);
    QObject::disconnect(connection);
    return started;
}

void EtcdCluster::wipe(int index)
{
    LocalEtcdOptions options = m_memberOptions[size_t(index)];
    options.arguments += {u"--initial-cluster-state"_s, u"existing"_s};
    m_members[size_t(index)].reset(); // before there is another on its ports
    m_members[size_t(index)] = std::make_unique<LocalEtcd>(options);
}

bool EtcdCluster::rejoin(int index)
{
    return takeTheirPlace(index, member(index).peerUrl());
}

bool EtcdCluster::replace(int index)
{
    const QUrl before = member(index).peerUrl();
    QUrl after = before;
    LocalEtcdOptions &options = m_memberOptions[size_t(index)];
    options.clientPort = LocalEtcd::freePort();
    do {
        options.peerPort = LocalEtcd::freePort();
    } while (options.peerPort == options.clientPort);
    after.setPort(options.peerPort);
    for (LocalEtcdOptions &each : m_memberOptions)
        each.initialCluster.replace(before.toString(), after.toString());
    wipe(index);
    return takeTheirPlace(index, before);
}

/// The place of the member that had this peer URL.
bool EtcdCluster::takeTheirPlace(int index, const QUrl &formerPeer)
{
    const int other = (index + 1) % int(m_members.size());
    const QString peer = member(index).peerUrl().toString();
    const auto ask = [&](const QString &what, const QJsonObject &object) {
        return post(u"/v3/cluster/member/"_s + what, object, other).json();
    };
    const auto id = [&](const QString &peer) {
        const QJsonArray members = ask(u"list"_s, {})["members"_L1].toArray();
        for (const QJsonValue &one : members) {
            if (one["peerURLs"_L1].toArray().contains(peer))
                return one["ID"_L1].toString();
        }
        return QString();
    };
    // Refused until the others have been connected to each other for five seconds
    const auto removed = [&, old = id(formerPeer.toString())] {
        ask(u"remove"_s, {{u"ID"_s, old}});
        return id(formerPeer.toString()) != old;
    };
    const auto added = [&] {
        ask(u"add"_s, {{u"peerURLs"_s, QJsonArray{peer}}});
        return !id(peer).isEmpty();
    };
    return QTest::qWaitFor(removed, 20000) && QTest::qWaitFor(added, 20000) && restart(index);
}

void EtcdCluster::suspend(int index)
{
    member(index).suspend();
    // The signal reaches a thread when it next leaves the kernel, and until then it may answer.
    const QDir threads(u"/proc/%1/task"_s.arg(member(index).pid()));
    const auto stopped = [&](const QString &thread) {
        QFile stat(threads.filePath(thread + u"/stat"_s));
        if (!stat.open(QIODevice::ReadOnly))
            return true;
        const QByteArray line = stat.readAll();
        return line.contains(") T ") || line.contains(") Z ");
    };
    while (!std::ranges::all_of(threads.entryList(QDir::Dirs | QDir::NoDotAndDotDot), stopped))
        QThread::msleep(1);
}

bool EtcdCluster::moveLeader(int from, int to)
{
    const QJsonObject status = post(u"/v3/maintenance/status"_s, {}, to).json();
    const QJsonObject target{{u"targetID"_s, status["header"_L1]["member_id"_L1]}};
    return post(u"/v3/maintenance/transfer-leadership"_s, target, from).status == 200;
}

bool EtcdCluster::isHealthy(int index)
{
    return request(Api::V3, "GET", u"/health"_s, {}, index, std::chrono::seconds(1)).status == 200;
}

int EtcdCluster::leaderIndex()
{
    for (int i = 0; i < int(m_members.size()); ++i) {
        // A suspended one does not answer
        const QJsonObject status =
            request(Api::V3, "POST", u"/v3/maintenance/status"_s, "{}", i, std::chrono::seconds(1))
                .json();
        const QString leader = status["leader"_L1].toString();
        if (!leader.isEmpty() && leader == status["header"_L1]["member_id"_L1].toString())
            return i;
    }
    return -1;
}

int EtcdCluster::waitForLeader(int other)
{
    int leader = -1;
    const auto found = [&] {
        leader = leaderIndex();
        return leader >= 0 && leader != other;
    };
    return QTest::qWaitFor(found, 20000) ? leader : -1;
}

bool EtcdCluster::enableAuth(Api api, const QString &user, const QString &password, bool readOnly)
{
    return api == Api::V2 ? enableAuthV2(user, password, readOnly)
                          : enableAuthV3(user, password, readOnly);
}

bool EtcdCluster::enableAuthV2(const QString &user, const QString &password, bool readOnly)
{
    const auto put = [this](const QString &path, const QJsonObject &object = {}) {
        const int status =
            request(Api::V2, "PUT", u"/v2/auth/"_s + path, QJsonDocument(object).toJson()).status;
        return status == 200 || status == 201;
    };
    const QJsonArray keys{u"/services"_s, u"/services/*"_s};
    const QJsonObject permissions{
        {u"kv"_s, QJsonObject{{u"read"_s, keys}, {u"write"_s, readOnly ? QJsonArray{} : keys}}}};
    const QJsonArray all{u"/*"_s};
    const QJsonObject everything{{u"kv"_s, QJsonObject{{u"read"_s, all}, {u"write"_s, all}}}};

    if (!put(u"users/root"_s, {{u"user"_s, u"root"_s}, {u"password"_s, u"root"_s}})
        || !put(u"roles/services"_s, {{u"role"_s, u"services"_s}, {u"permissions"_s, permissions}})
        || !put(
            u"users/"_s + user,
            {{u"user"_s, user}, {u"password"_s, password}, {u"roles"_s, QJsonArray{u"services"_s}}})
        || !put(u"enable"_s))
        return false;
    m_authorizationV2 = basic(u"root"_s, u"root"_s);
    return put(u"roles/guest"_s, {{u"role"_s, u"guest"_s}, {u"revoke"_s, everything}});
}

bool EtcdCluster::enableAuthV3(const QString &user, const QString &password, bool readOnly)
{
    const auto done = [this](const QString &path, const QJsonObject &object) {
        return post(u"/v3/auth/"_s + path, object).status == 200;
    };
    const QJsonObject root{{u"name"_s, u"root"_s}, {u"password"_s, u"root"_s}};
    const QJsonObject permission{{u"permType"_s, readOnly ? u"READ"_s : u"READWRITE"_s},
                                 {u"key"_s, base64(u"services/"_s)},
                                 {u"range_end"_s, base64(u"services0"_s)}};
    if (!done(u"user/add"_s, root) || !done(u"role/add"_s, {{u"name"_s, u"root"_s}})
        || !done(u"user/grant"_s, {{u"user"_s, u"root"_s}, {u"role"_s, u"root"_s}})
        || !done(u"role/add"_s, {{u"name"_s, u"services"_s}})
        || !done(u"role/grant"_s, {{u"name"_s, u"services"_s}, {u"perm"_s, permission}})
        || !done(u"user/add"_s, {{u"name"_s, user}, {u"password"_s, password}})
        || !done(u"user/grant"_s, {{u"user"_s, user}, {u"role"_s, u"services"_s}})
        || !done(u"enable"_s, {}))
        return false;
    m_authorizationV3 =
        post(u"/v3/auth/authenticate"_s, root).json()["token"_L1].toString().toUtf8();
    return !m_authorizationV3.isEmpty();
}

bool EtcdCluster::put(Api api, const QString &key, const QByteArray &value, int ttl)
{
    if (api == Api::V2) {
        QByteArray form = "value=" + value.toPercentEncoding();
        if (ttl)
            form += "&ttl=" + QByteArray::number(ttl);
        const int status = request(api, "PUT", u"/v2/keys/"_s + key, form).status;
        return status == 200 || status == 201;
    }
    QJsonObject object{{u"key"_s, base64(key)},
                       {u"value"_s, QString::fromLatin1(value.toBase64())}};
    if (ttl)
        object[u"lease"_s] = post(u"/v3/lease/grant"_s, {{u"TTL"_s, ttl}}).json()["ID"_L1];
    return post(u"/v3/kv/put"_s, object).status == 200;
}

std::optional<QByteArray> EtcdCluster::get(Api api, const QString &key)
{
    if (api == Api::V2) {
        const Reply reply = request(api, "GET", u"/v2/keys/"_s + key);
        if (reply.status != 200)
            return {};
        return reply.json()["node"_L1]["value"_L1].toString().toUtf8();
    }
    const QJsonArray kvs =
        post(u"/v3/kv/range"_s, {{u"key"_s, base64(key)}}).json()["kvs"_L1].toArray();
    if (kvs.isEmpty())
        return {};
    return QByteArray::fromBase64(kvs[0]["value"_L1].toString().toLatin1());
}

bool EtcdCluster::remove(Api api, const QString &key)
{
    if (api == Api::V2)
        return request(api, "DELETE", u"/v2/keys/"_s + key).status == 200;
    return post(u"/v3/kv/deleterange"_s, {{u"key"_s, base64(key)}}).json().contains("deleted"_L1);
}

EtcdCluster::Reply EtcdCluster::post(const QString &path, const QJsonObject &object, int member)
{
    return request(Api::V3, "POST", path, QJsonDocument(object).toJson(QJsonDocument::Compact),
                   member);
}

EtcdCluster::Reply EtcdCluster::request(Api api, const QByteArray &method, const QString &path,
                                        const QByteArray &body, int member,
                                        std::chrono::milliseconds timeout)
{
    QUrl url = m_members[size_t(member)]->clientUrl();
    url.setPath(path, QUrl::DecodedMode);
    QNetworkRequest request(url);
    request.setTransferTimeout(int(timeout.count()));
    const bool form = api == Api::V2 && !body.startsWith('{');
    request.setHeader(QNetworkRequest::ContentTypeHeader,
                      form ? u"application/x-www-form-urlencoded"_s : u"application/json"_s);
    const QByteArray &authorization = api == Api::V2 ? m_authorizationV2 : m_authorizationV3;
    if (!authorization.isEmpty())
        request.setRawHeader("Authorization", authorization);
    if (m_options.tls)
        request.setSslConfiguration(m_certificates.clientConfiguration());
    const std::unique_ptr<QNetworkReply> reply(m_network.sendCustomRequest(request, method, body));
    QSignalSpy(reply.get(), &QNetworkReply::finished).wait(2 * int(timeout.count()));
    const int status = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    return {status, status ? reply->readAll() : QByteArray()};
}

} // namespace EtcdRegistry
