// SPDX-License-Identifier: MIT
#include "hostile.h"
#include "transport.h"

namespace EtcdRegistry {
namespace {

Service web()
{
    return {.name = u"web"_s, .hostname = u"h"_s, .port = 80};
}

QString keyOf(const Service &service)
{
    return Layout::encode(service)->key;
}

constexpr auto constant = [](const QString &text) { return [text](const auto &) { return text; }; };

Outcome open(Scene &scene)
{
    scene.connect();
    return scene.outcomeOf(scene.registry->open(), [](const auto &cluster) {
        return (cluster->api == Api::V2 ? u"v2 "_s : u"v3 "_s) + cluster->version;
    });
}

QString sizeOf(const Result<Snapshot> &snapshot)
{
    return u"%1 instances"_s.arg(snapshot->instances.size());
}

Outcome list(Scene &scene)
{
    // Once it is known that it lists it shows no other sign of life.
    scene.node.on(version, FakeServer::hang());
    scene.connect();
    return scene.outcomeOf(scene.registry->list(), &sizeOf);
}

Outcome join(Scene &scene)
{
    scene.connect();
    return scene.outcomeOf(scene.registry->join(web()), constant(u"joined"_s));
}

Outcome joinTwo(Scene &scene)
{
    scene.connect();
    Service other = web();
    other.port = 81;
    const auto one = scene.registry->join(web());
    const auto two = scene.registry->join(other);
    const Outcome first = scene.outcomeOf(one, constant(u"joined"_s));
    return first.error ? first : scene.outcomeOf(two, constant(u"joined"_s));
}

Outcome beat(Scene &scene)
{
    scene.connect();
    Service service = web();
    service.ttl = 2000ms;
    service.heartbeat = 100ms;
    const Outcome joined = scene.outcomeOf(scene.registry->join(service), constant(u"joined"_s));
    if (joined.error)
        return joined;
    std::optional<Registration> beaten;
    const auto told =
        QObject::connect(scene.registry.get(), &Registry::registrationsChanged,
                         scene.registry.get(), [&](const QList<Registration> &changed) {
                             if (changed.first().beatsSent > 0 && !beaten)
                                 beaten = changed.first();
                         });
    const bool isBeaten = scene.waitFor([&] { return beaten.has_value(); });
    QObject::disconnect(told);
    if (!isBeaten)
        return {u"HANGS"_s, {}};
    return {beaten->rejoins > 0 ? u"put again"_s : u"beaten"_s, beaten->lastError};
}

/// At the keys, which a beat does beside the renewal.
Outcome look(Scene &scene)
{
    Outcome outcome = beat(scene);
    scene.within = 500ms;
    const bool again = !outcome.error && scene.waitFor([&] {
        return scene.registry->registrations().first().rejoins > 0;
    });
    return again ? Outcome{u"put again"_s, {}} : outcome;
}

Outcome leave(Scene &scene)
{
    const Outcome joined = join(scene);
    if (joined.error)
        return joined;
    return scene.outcomeOf(scene.registry->leaveAll(), constant(u"left"_s));
}

Outcome removeOther(Scene &scene)
{
    scene.connect();
    return scene.outcomeOf(scene.registry->remove(u"services/other"_s), [](const auto &removed) {
        return *removed ? u"removed"_s : u"was not there"_s;
    });
}

Outcome logIn(Scene &scene)
{
    const FakeServer::Answer listing = FakeServer::reply(200, FakeEtcd::rangeOf(5, {}));
    scene.node.set(rangeV3, FakeServer::reply(401, R"({"code":16,"message":"invalid token"})"));
    scene.node.on(rangeV3, listing);
    scene.connectTo("user:word@"_L1 + scene.node.url().authority());
    return scene.outcomeOf(scene.registry->list(), &sizeOf);
}

/// What it has, or its first error.
Outcome live(Scene &scene)
{
    LiveListener listener({&scene.node}, 100ms, scene.options);
    std::optional<Error> error;
    QObject::connect(listener.registry.get(), &LiveRegistry::statusChanged, listener.registry.get(),
                     [&](const LiveStatus &status) {
                         if (status.error && !error)
                             error = status.error;
                     });
    const auto asked = [&] { return !scene.node.requestsTo(scene.hostilePath).isEmpty(); };
    if (!scene.waitFor([&] { return error || (listener.isLive() && asked()); }))
        return {u"HANGS"_s, {}};
    if (!error && scene.fails)
        scene.waitFor([&] { return error.has_value(); });
    else if (!error)
        QTest::qWait(200);
    const QList<FakeServer::Request> ranges = scene.node.requestsTo(rangeV3);
    const auto isListing = [](const auto &range) { return !range.body.contains("keys_only"); };
    if (std::ranges::count_if(ranges, isListing) > 8)
        return {u"LISTS WITHOUT A PAUSE"_s, {}};
    return {listener.has.join(u' '), error};
}

/// One node has gone, so the other is asked who else there is.
Outcome followMembers(Scene &scene)
{
    FakeServer gone;
    const QString nobody = gone.url().authority();
    gone.stop();
    scene.connectTo(nobody + ','_L1 + scene.node.url().authority(), u"&refresh=true"_s);
    const Outcome opened = scene.outcomeOf(scene.registry->open(), constant({}));
    if (opened.error)
        return opened;
    if (!scene.waitFor([&] { return !scene.node.requestsTo(scene.hostilePath).isEmpty(); }))
        return {u"HANGS"_s, {}};
    QTest::qWait(100);
    return scene.outcomeOf(scene.registry->list(), &sizeOf);
}

Outcome askNodes(Scene &scene)
{
    const Outcome opened = open(scene);
    if (opened.error)
        return opened;
    scene.registry->setNodesInterval(10s);
    const auto asked = [&] { return scene.registry->nodes().first().asked; };
    if (!scene.waitFor(asked))
        return {u"HANGS"_s, {}};
    QTest::qWait(100);
    const Node node = scene.registry->nodes().first();
    return {node.version + (node.leader ? u" leads"_s : QString()), node.lastError};
}

Outcome discover(Scene &scene)
{
    scene.connectTo("discovery+"_L1 + scene.node.url().toString() + "/token"_L1);
    return scene.outcomeOf(scene.registry->list(), &sizeOf);
}

Outcome send(Scene &scene)
{
    Transport transport(
        *ConnectionString::parse(scene.node.url().authority() + "/?"_L1 + scene.options));
    return scene.outcomeOf(transport.send({.path = "/any"}), [](const auto &reply) {
        return u"%1, %2 bytes"_s.arg(reply->status).arg(reply->body.size());
    });
}

} // namespace

const std::map<QByteArray, Operation> &operations()
{
    const QByteArray key = "/v2/keys/" + keyOf(web()).toUtf8();
    static const std::map<QByteArray, Operation> all{
        {"version", {Api::V3, version, &open}},
        {"v2 list", {Api::V2, listV2, &list}},
        {"v2 join", {Api::V2, key, &join}},
        {"v2 beat", {Api::V2, key, &beat, true}},
        {"v2 leave", {Api::V2, key, &leave, true}},
        {"v2 remove", {Api::V2, "/v2/keys/services/other", &removeOther}},
        {"v2 watch", {Api::V2, watchV2, &live}},
        {"v2 check", {Api::V2, checkV2, &live}},
        {"v3 list", {Api::V3, rangeV3, &list}},
        {"v3 grant", {Api::V3, "/v3/lease/grant", &join}},
        {"v3 put", {Api::V3, "/v3/kv/txn", &join}},
        {"v3 puts", {Api::V3, "/v3/kv/txn", &joinTwo}},
        {"v3 renewal", {Api::V3, "/v3/lease/keepalive", &beat}},
        {"v3 time to live", {Api::V3, "/v3/lease/timetolive", &look}},
        {"v3 revoke", {Api::V3, "/v3/lease/revoke", &leave}},
        {"v3 remove", {Api::V3, "/v3/kv/deleterange", &removeOther}},
        {"v3 login", {Api::V3, "/v3/auth/authenticate", &logIn}},
        {"v3 watch", {Api::V3, watchV3, &live}},
        {"v3 check", {Api::V3, rangeV3, &live, true}},
        {"members", {Api::V3, "/v3/cluster/member/list", &followMembers}},
        {"node version", {Api::V3, version, &askNodes, true}},
        {"node status", {Api::V3, "/v3/maintenance/status", &askNodes}},
        {"discovery", {Api::V3, "/token", &discover}},
        {"discovered peer", {Api::V3, "/members", &discover}},
        {"transport", {Api::V3, "/any", &send}},
    };
    return all;
}

void answerSoundly(FakeEtcd &node, Api api)
{
    const auto set = [&](const QByteArray &path, const QByteArray &body) {
        node.set(path, FakeServer::reply(200, body));
    };
    const Keys keys{{"web/a", {5, "{}"}}};
    if (api == Api::V2) {
        node.hasV2(10, keys);
        const QByteArray done =
            R"({"action":"set","node":{"key":"/services/x","modifiedIndex":11,"createdIndex":11}})";
        set("/v2/keys/" + keyOf(web()).toUtf8(), done);
        set("/v2/keys/services/other", done);
        return;
    }
    node.hasV3(5, keys);
    const QByteArray header = R"({"header":)" + FakeEtcd::header(5);
    set("/v3/lease/grant", header + R"(,"ID":"7","TTL":"10"})");
    set("/v3/kv/txn", header + R"(,"succeeded":true})");
    set("/v3/lease/keepalive", R"({"result":)" + header + R"(,"ID":"7","TTL":"10"}})");
    set("/v3/lease/timetolive", header + R"(,"ID":"7","TTL":"9","grantedTTL":"10","keys":[")"
                                    + keyOf(web()).toUtf8().toBase64() + "\"]}");
    set("/v3/lease/revoke", header + "}");
    set("/v3/kv/deleterange", header + R"(,"deleted":"1"})");
    set("/v3/auth/authenticate", header + R"(,"token":"abc.1"})");
    set("/v3/maintenance/status", header + R"(,"version":"3.4.23","leader":"2"})");
    const QByteArray urls = R"("clientURLs":[")" + node.url().toEncoded() + "\"]";
    set("/v3/cluster/member/list", header + R"(,"members":[{"ID":"2","name":"a",)" + urls + "}]}");
    set("/token", R"({"node":{"nodes":[{"value":"a=)" + node.url().toEncoded() + R"("}]}})");
    set("/members", "[{" + urls + "}]");
}

} // namespace EtcdRegistry
