// SPDX-License-Identifier: MIT
#pragma once

#include "certificates.h"
#include "instance.h"
#include "localetcd.h"

#include <QJsonObject>

#include <memory>
#include <optional>
#include <vector>

namespace EtcdRegistry {

struct EtcdClusterOptions
{
    int members = 1;
    bool v2 = true;
    int memberWithoutV2 = -1;   ///< its index: a rolling upgrade has got as far as that
    bool tls = false;           ///< https with a private CA and a required client certificate
    QStringList arguments = {}; ///< further ones for each etcd
};

/// One or more real etcd processes for tests. Every call blocks, while the event loop runs, until
/// it is done. What it asks etcd itself does not go through our client.
class EtcdCluster
{
public:
    using Options = EtcdClusterOptions;

    struct Reply
    {
        int status = 0; ///< 0: no answer
        QByteArray body;

        QJsonObject json() const;
    };

    explicit EtcdCluster(Options options = {});
    ~EtcdCluster();

    /// False: see error(). Use: QVERIFY2(cluster.start(), qPrintable(cluster.error()))
    bool start();
    QString error() const { return m_error; }

    QList<QUrl> endpoints() const;
    /// All endpoints, then e.g. "/shop?api=v3"; with TLS the files of the certificates are added.
    QString connectionString(const QString &suffix = {}) const;
    Certificates &certificates() { return m_certificates; }
    bool servesV2() const;

    LocalEtcd &member(int index) { return *m_members[size_t(index)]; }
    bool kill(int index);    ///< SIGKILL; returns when the process has ended
    bool restart(int index); ///< returns when it answers, which needs a majority
    void wipe(int index);    ///< SIGKILL, and its data are gone
    bool rejoin(int index);  ///< after wipe(), as a new member; returns when it answers
    bool replace(int index); ///< by a new member at another address; returns when it answers
    void suspend(int index); ///< returns when all of its threads have stopped
    void resume(int index) { member(index).resumeProcess(); }

    int leaderIndex(); ///< -1: none of those that answer leads
    /// Until one of the members that answer leads, and is not `other`; -1: none did in time.
    int waitForLeader(int other = -1);
    bool moveLeader(int from, int to);
    bool isHealthy(int index); ///< a majority agrees to what this one proposes

    /// Logins are required from now on. The user may read and, unless readOnly, write below
    /// services/; root's password is "root". The helpers below use root.
    bool enableAuth(Api api, const QString &user, const QString &password, bool readOnly = false);

    /// Keys without a leading slash; `ttl` in seconds, 0: none.
    bool put(Api api, const QString &key, const QByteArray &value, int ttl = 0);
    std::optional<QByteArray> get(Api api, const QString &key);
    bool remove(Api api, const QString &key);

    /// The path is not percent-encoded and has no query. It logs in as root where that is needed.
    Reply request(Api api, const QByteArray &method, const QString &path,
                  const QByteArray &body = {}, int member = 0,
                  std::chrono::milliseconds timeout = std::chrono::seconds(10));

private:
    bool startMembers();
    bool takeTheirPlace(int index, const QUrl &formerPeer);
    Reply post(const QString &path, const QJsonObject &object, int member = 0);
    bool enableAuthV2(const QString &user, const QString &password, bool readOnly);
    bool enableAuthV3(const QString &user, const QString &password, bool readOnly);

    Options m_options;
    Certificates m_certificates;
    std::vector<LocalEtcdOptions> m_memberOptions;
    std::vector<std::unique_ptr<LocalEtcd>> m_members;
    QNetworkAccessManager m_network;
    QByteArray m_authorizationV2;
    QByteArray m_authorizationV3;
    QString m_error;
};

} // namespace EtcdRegistry
