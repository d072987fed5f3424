// SPDX-License-Identifier: MIT
#include "observer.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

using Keys = QHash<QByteArray, QByteArray>; ///< and their revisions

PlainHttp::Request readAll(Api api, const QByteArray &prefix)
{
    if (api == Api::V2)
        return {"GET", "/v2/keys/" + prefix + "?recursive=true&quorum=true", {}};
    QByteArray end = prefix;
    end.back() += 1;
    return {"POST", "/v3/kv/range",
            R"({"key":")" + prefix.toBase64() + R"(","range_end":")" + end.toBase64()
                + R"(","keys_only":true})"};
}

void addKeysV2(const QJsonObject &node, Keys &keys)
{
    const QJsonArray nodes = node["nodes"_L1].toArray();
    for (const QJsonValue &child : nodes)
        addKeysV2(child.toObject(), keys);
    // What has expired stays until the leader's next tick
    const bool expired = node.contains("ttl"_L1) && node["ttl"_L1].toInt() <= 0;
    if (!node["dir"_L1].toBool() && !expired)
        keys.insert(node["key"_L1].toString().toUtf8(), {});
}

} // namespace

Observer::Observer(Api api, const QByteArray &prefix, const QList<QUrl> &nodes)
    : m_api(api)
    , m_request(readAll(api, prefix))
    , m_nodes(nodes)
{
    PlainHttp http(nodes.first(), 5s);
    const Keys there = look(http).value_or(Keys());
    for (auto key = there.begin(); key != there.end(); ++key)
        m_keys[key.key()].revision = key.value();
}

Observer::~Observer()
{
    stop();
}

void Observer::start()
{
    for (auto &[name, key] : m_keys)
        key.seen = Clock::now();
    m_thread = std::thread([this] { run(); });
}

void Observer::setTrouble(const QString &trouble, const QList<QUrl> &nodes)
{
    const std::lock_guard lock(m_mutex);
    m_trouble = trouble;
    m_nodes = nodes;
}

void Observer::setMajority(bool stands)
{
    m_majority = stands;
}

Observer::Findings Observer::stop()
{
    m_stop = true;
    if (m_thread.joinable())
        m_thread.join();
    for (auto &[name, key] : m_keys) {
        if (key.absence) {
            key.absence->to = Clock::now();
            m_findings.absences.append(*std::exchange(key.absence, std::nullopt));
        }
    }
    return m_findings;
}

/// The keys that are there; nothing: there was no answer that can be trusted.
std::optional<Keys> Observer::look(PlainHttp &http) const
{
    const PlainHttp::Reply reply = http.ask(m_request);
    const QJsonObject answer = QJsonDocument::fromJson(reply.body).object();
    Keys keys;
    if (m_api == Api::V2) {
        if (reply.status == 404 && answer["errorCode"_L1] == 100)
            return keys;
        if (reply.status != 200)
            return {};
        addKeysV2(answer["node"_L1].toObject(), keys);
        return keys;
    }
    if (reply.status != 200 || !answer.contains("header"_L1))
        return {};
    const QJsonArray kvs = answer["kvs"_L1].toArray();
    for (const QJsonValue &kv : kvs) {
        keys.insert(QByteArray::fromBase64(kv["key"_L1].toString().toLatin1()),
                    kv["create_revision"_L1].toString().toLatin1());
    }
    return keys;
}

void Observer::run()
{
    QUrl asked;
    std::optional<PlainHttp> http;
    qsizetype turn = 0;
    Clock::time_point last = Clock::now();
    while (!m_stop) {
        QString trouble;
        {
            const std::lock_guard lock(m_mutex);
            trouble = m_trouble;
            const QUrl node = m_nodes.at(turn % m_nodes.size());
            // A read that waits for a leader may wait for seven seconds although there is one
            if (!http || node != asked)
                http.emplace(asked = node, 400ms);
        }
        const bool majority = m_majority;
        const std::optional<Keys> there = look(*http);
        const auto now = Clock::now();
        ++m_findings.looks;
        if (there) {
            if (majority) {
                m_findings.longestBlind = std::max(
                    m_findings.longestBlind, std::chrono::duration_cast<milliseconds>(now - last));
            }
            last = now;
            compare(*there, trouble);
            std::this_thread::sleep_for(100ms);
        } else {
            m_findings.failedLooks += majority;
            http.reset();
            ++turn;
            std::this_thread::sleep_for(20ms);
        }
        if (!majority)
            last = now;
    }
}

void Observer::compare(const Keys &there, const QString &trouble)
{
    const auto now = Clock::now();
    for (auto &[name, key] : m_keys) {
        const auto found = there.constFind(name);
        if (found == there.constEnd()) {
            if (!key.absence)
                key.absence = Absence{name, key.seen, now, now, trouble};
            continue;
        }
        if (!key.absence && key.revision != *found) // made again between two looks
            key.absence = Absence{name, key.seen, key.seen, now, trouble};
        if (key.absence) {
            key.absence->to = now;
            m_findings.absences.append(*std::exchange(key.absence, std::nullopt));
        }
        key.revision = *found;
        key.seen = now;
    }
}

std::optional<Observer::Clock::time_point> Observer::firstWrite(Api api, const QList<QUrl> &nodes,
                                                                milliseconds limit)
{
    constexpr auto gap = 500ms; // no node answered any: there was no leader
    constexpr auto goesOn = 3s;
    const auto end = Clock::now() + limit;
    const PlainHttp::Request write =
        api == Api::V2 ? PlainHttp::Request{"PUT", "/v2/keys/chaos/probe", "value=1"}
                       : PlainHttp::Request{"POST", "/v3/kv/put",
                                            R"({"key":"Y2hhb3MvcHJvYmU=","value":"MQ=="})"};
    std::mutex mutex;
    std::optional<Clock::time_point> first, last; // since the last gap
    const auto isOver = [&] {
        const std::lock_guard lock(mutex);
        const auto now = Clock::now();
        return now > end || (first && now > *first + goesOn && now < *last + gap);
    };
    const auto probe = [&](const QUrl &node) {
        // Short, because one that was sent before there was a leader may never be answered
        PlainHttp http(node, 200ms);
        while (!isOver()) {
            const int status = http.ask(write).status;
            const bool written = status == 200 || status == 201;
            if (written) {
                const std::lock_guard lock(mutex);
                const auto now = Clock::now();
                if (!last || now > *last + gap)
                    first = now;
                last = now;
            }
            std::this_thread::sleep_for(written ? 50ms : 10ms);
        }
    };
    std::vector<std::thread> threads;
    for (const QUrl &node : nodes)
        threads.emplace_back(probe, node);
    for (std::thread &thread : threads)
        thread.join();
    return first;
}

} // namespace EtcdRegistry
