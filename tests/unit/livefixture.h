// SPDX-License-Identifier: MIT
#pragma once

#include "fakeserver.h"
#include "liveregistry.h"

#include <QJsonDocument>
#include <QJsonObject>

#include <map>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

using Keys = std::map<QByteArray, std::pair<qint64, QByteArray>>; ///< revision and value, by name

inline constexpr char version[] = "/version", watchV3[] = "/v3/watch", rangeV3[] = "/v3/kv/range",
                      watchV2[] = "/v2/keys/services/?wait", leaderV2[] = "/v2/members/leader",
                      membersV3[] = "/v3/cluster/member/list",
                      listV2[] = "/v2/keys/services/?recursive", checkV2[] = "/v2/keys/services/_";

/// A node of etcd, as it plays one.
class FakeEtcd : public FakeServer
{
public:
    explicit FakeEtcd(Api api)
    {
        set(version, reply(200, R"({"etcdserver":"3.4.23","etcdcluster":"3.4.0"})"));
        if (api == Api::V2)
            set("/v2/members", reply(200, R"({"members":[]})"));
    }

    void set(const QByteArray &path, const Answer &answer)
    {
        forget(path);
        on(path, answer);
    }

    /// What it has now; v3: a new watch is told this revision, too.
    void hasV3(qint64 revision, const Keys &keys)
    {
        set(rangeV3, reply(200, rangeOf(revision, keys)));
        set(watchV3, stream(created(revision)));
    }

    void hasV2(qint64 index, const Keys &keys)
    {
        QByteArrayList nodes;
        for (const auto &[name, value] : keys)
            nodes.append(nodeOf(name, value.first, value.second));
        const QByteArray head = "X-Etcd-Index: " + QByteArray::number(index) + "\r\n";
        set(listV2, reply(200,
                          R"({"action":"get","node":{"key":"/services","dir":true,"nodes":[)"
                              + nodes.join(',') + "]}}",
                          "application/json", head));
        set(checkV2,
            reply(404, R"({"errorCode":100,"message":"Key not found","cause":"/services"})",
                  "application/json", head));
        set(watchV2, stream({}));
    }

    static QByteArray rangeOf(qint64 revision, const Keys &keys)
    {
        QByteArrayList kvs;
        for (const auto &[name, value] : keys)
            kvs.append(kv(name, value.first, value.second));
        return R"({"header":)" + header(revision) + R"(,"kvs":[)" + kvs.join(',') + R"(],"count":")"
               + QByteArray::number(kvs.size()) + "\"}";
    }

    inline static int clusterId = 1; ///< v3: of all of them
    static QByteArray header(qint64 revision)
    {
        return R"({"cluster_id":")" + QByteArray::number(clusterId)
               + R"(","member_id":"2","revision":")" + QByteArray::number(revision) + "\"}";
    }
    static QByteArray kv(const QByteArray &name, qint64 revision, const QByteArray &value)
    {
        return R"({"key":")" + ("services/" + name).toBase64() + R"(","mod_revision":")"
               + QByteArray::number(revision) + R"(","value":")" + value.toBase64() + "\"}";
    }
    static QByteArray lineV3(qint64 revision, const QByteArray &more)
    {
        return R"({"result":{"header":)" + header(revision) + more + "}}\n";
    }
    static QByteArray created(qint64 revision) { return lineV3(revision, R"(,"created":true)"); }
    static QByteArray putV3(const QByteArray &name, qint64 revision, const QByteArray &value = "{}")
    {
        return lineV3(revision, R"(,"events":[{"kv":)" + kv(name, revision, value) + "}]");
    }
    static QByteArray deleteV3(const QByteArray &name, qint64 revision)
    {
        return lineV3(revision,
                      R"(,"events":[{"type":"DELETE","kv":)" + kv(name, revision, {}) + "}]");
    }
    static QByteArray refusal(const QByteArray &reason = "etcdserver: permission denied")
    {
        return lineV3(5, R"(,"watch_id":"-1","created":true,"canceled":true,"cancel_reason":")"
                             + reason + '"');
    }

    static QByteArray nodeOf(const QByteArray &name, qint64 index, const QByteArray &value)
    {
        return R"({"key":"/services/)" + name + R"(","value":")" + value + R"(","modifiedIndex":)"
               + QByteArray::number(index) + R"(,"createdIndex":1})";
    }
    static QByteArray putV2(const QByteArray &name, qint64 index, const QByteArray &value = "{}")
    {
        return R"({"action":"set","node":)" + nodeOf(name, index, value) + "}\n";
    }

    QList<Request> requestsTo(const QByteArray &path) const
    {
        QList<Request> result;
        for (const Request &request : requests()) {
            if (request.path.startsWith(path))
                result.append(request);
        }
        return result;
    }
    /// The start_revision of its last watch.
    qint64 watchedFrom() const
    {
        const QByteArray body = requestsTo(watchV3).last().body;
        const auto create = QJsonDocument::fromJson(body)["create_request"_L1];
        return create["start_revision"_L1].toString().toLongLong();
    }
};

/// A live registry, and one who listens to it.
struct LiveListener
{
    std::unique_ptr<LiveRegistry> registry;
    QStringList has; ///< "name=document", sorted
    QStringList told;
    QList<LiveEvent::Kind> events;
    QList<int> counts; ///< of the events
    QList<Change> gone;
    LiveStatus status;

    explicit LiveListener(const QList<const FakeServer *> &nodes,
                          std::chrono::milliseconds checkInterval = 0ms,
                          const QString &options = u"&timeout=300&deadline=700"_s)
    {
        QStringList hosts;
        for (const FakeServer *node : nodes)
            hosts.append(node->url().authority());
        registry = std::make_unique<LiveRegistry>(
            *ConnectionString::parse(hosts.join(u',') + "/?api=auto"_L1 + options));
        registry->setCheckInterval(checkInterval);
        const auto text = [](const Instance &instance) {
            return QString(instance.key.mid(9) + u'=' + QString::fromUtf8(instance.document));
        };
        QObject::connect(registry.get(), &LiveRegistry::began, registry.get(),
                         [=, this](const QList<LiveInstance> &instances) {
                             for (const LiveInstance &live : instances)
                                 has.append(text(*live.instance));
                             has.sort();
                         });
        QObject::connect(
            registry.get(), &LiveRegistry::changed, registry.get(),
            [=, this](const QList<Change> &changes) {
                for (const Change &change : changes) {
                    if (change.kind != Change::Kind::Joined)
                        has.removeOne(text(change.before ? *change.before : *change.live.instance));
                    if (isGone(change.kind))
                        gone.append(change);
                    else
                        has.append(text(*change.live.instance));
                    told.append(text(*change.live.instance));
                }
                has.sort();
            });
        QObject::connect(registry.get(), &LiveRegistry::happened, registry.get(),
                         [this](const LiveEvent &event) {
                             events.append(event.kind);
                             counts.append(event.count);
                         });
        QObject::connect(registry.get(), &LiveRegistry::statusChanged, registry.get(),
                         [this](const LiveStatus &now) { status = now; });
        registry->start();
    }

    bool isLive() const { return status.freshness == LiveStatus::Freshness::Live; }
    bool isLiveOn(const FakeServer &node) const
    {
        return isLive() && status.endpoint == node.url().toString();
    }
};

} // namespace EtcdRegistry
