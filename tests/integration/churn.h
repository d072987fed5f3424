// SPDX-License-Identifier: MIT
#pragma once

#include "instance.h"
#include "layout.h"

#include <QNetworkAccessManager>
#include <QRandomGenerator>
#include <QTimer>
#include <QUrl>

#include <functional>

class QNetworkReply;

namespace EtcdRegistry {

/// Some hundred instances of many owners, none of which is our client: plain HTTP that goes on to
/// the next node when one does not answer. They join, leave, change their documents and crash (stop
/// beating), 50 times a second; those that live on beat at half their TTL. What became of an
/// operation that was not answered is not known, so what they hold is for etcd to say.
class Churn : public QObject
{
public:
    Churn(Api api, const QList<QUrl> &endpoints, quint32 seed, QObject *parent = nullptr);

    void setPaused(bool paused) { m_paused = paused; } ///< those that live beat on
    /// So many join, and then all expire at once: more than a v2 stream holds.
    void massCrash(int count);

    int operations() const { return m_operations; }
    int unanswered() const { return m_unanswered; } ///< by any node

private:
    using Clock = std::chrono::steady_clock;
    using Then = std::function<void(int status, const QByteArray &body)>;

    struct Member
    {
        Service service;
        QByteArray document = {}; ///< as it was written last
        int ttl = 0;              ///< seconds; 0: it never expires
        QString lease = {};
        Clock::time_point nextBeat{};
    };

    void turn();
    void join();
    bool hasJoined(const Member &member) const; ///< false: its lease is not granted yet
    void leave(const Member &member);
    void beat(Member &member);
    Member newMember();
    void write(Member &member); ///< with another document
    void grant(int ttl, const std::function<void(const QString &lease)> &then);
    void put(const QString &key, const QByteArray &value, int ttl, const QString &lease);
    void send(const QByteArray &method, const QString &path, const QByteArray &body,
              const Then &then = {}, int attempt = 0);

    Api m_api;
    QList<QUrl> m_endpoints;
    qsizetype m_node = 0; ///< that answered last
    QRandomGenerator m_random;
    QNetworkAccessManager m_network;
    QTimer m_timer;
    QList<Member> m_members;
    int m_joined = 0;
    int m_operations = 0;
    int m_unanswered = 0;
    int m_underWay = 0;
    bool m_paused = false;
};

} // namespace EtcdRegistry
