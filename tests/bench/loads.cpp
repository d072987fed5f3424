// SPDX-License-Identifier: MIT
#include "loads.h"

#include "beatrecord.h"
#include "fill.h"
#include "measure.h"
#include "plainhttp.h"

#include <QRandomGenerator>

#include <cstdio>
#include <numeric>
#include <thread>

namespace EtcdRegistry::Loads {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

QByteArray putOperation(const Layout::Record &record)
{
    return R"({"request_put":{"key":")" + record.key.toUtf8().toBase64() + R"(","value":")"
           + record.value.toBase64() + R"("}})";
}

QByteArray deleteOperation(const Layout::Record &record)
{
    return R"({"request_delete_range":{"key":")" + record.key.toUtf8().toBase64() + R"("}})";
}

/// Of ten changes four are new instances, four new documents, and two removals.
QList<PlainHttp::Request> burstRequests(int filled, int changes)
{
    constexpr int operations = 100;
    QRandomGenerator random(1);
    const QList<Layout::Record> all = loadRecords(filled + changes * 4 / 10);
    qsizetype next = filled; // of those that are new
    QList<qsizetype> present(filled);
    std::iota(present.begin(), present.end(), 0);

    QList<PlainHttp::Request> requests;
    for (int i = 0; i < changes / operations; ++i) {
        QByteArrayList body;
        QList<qsizetype> touched; // a transaction takes each key once
        for (int j = 0; j < operations; ++j) {
            if (j % 10 < 4) {
                body += putOperation(all[next]);
                touched += next++;
                continue;
            }
            std::swap(present[random.bounded(present.size())], present.back());
            const qsizetype index = present.takeLast();
            if (j % 10 < 8) {
                Layout::Record record = all[index];
                record.value.replace("eu-1a", "eu-" + QByteArray::number(i));
                body += putOperation(record);
                touched += index;
            } else {
                body += deleteOperation(all[index]);
            }
        }
        present += touched;
        requests.append({"POST", "/v3/kv/txn", R"({"success":[)" + body.join(',') + "]}"});
    }
    return requests;
}

qint64 now()
{
    return std::chrono::nanoseconds(Clock::now().time_since_epoch()).count();
}

} // namespace

int burst(const QUrl &endpoint, int filled, int changes)
{
    constexpr int connections = 8;
    const QList<PlainHttp::Request> requests = burstRequests(filled, changes);
    const qint64 start = now();
    if (!PlainHttp::sendAll(endpoint, requests, connections))
        return fail(u"a transaction was refused"_s);
    const qint64 end = now();
    std::printf("{\"last\":\"%lld\",\"seconds\":%.3f}\n", end, double(end - start) / 1e9);
    return 0;
}

int beats(const QUrl &endpoint, int instances, const QString &recordFile)
{
    constexpr size_t atOnce = 32;
    constexpr auto interval = 5s;
    BeatRecord record(recordFile, instances);
    if (!record.isOpen())
        return fail(u"%1 can't be shared"_s.arg(recordFile));
    QList<PlainHttp::Request> requests;
    for (const Layout::Record &instance : beatingRecords(instances))
        requests.append({"PUT", "/v2/keys/" + instance.key.toUtf8(),
                         "value=" + instance.value.toPercentEncoding() + "&ttl=10"});
    std::vector<PlainHttp> connections;
    for (size_t i = 0; i < atOnce; ++i)
        connections.emplace_back(endpoint);

    // Services beat at the same time, not one after the other
    QList<int> order(instances);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), QRandomGenerator(1));
    const auto due = [&, start = Clock::now()](qint64 beat) {
        return start + beat * std::chrono::nanoseconds(interval) / instances;
    };
    qint64 sent = 0, failed = 0;
    std::chrono::nanoseconds late{0};
    while (!record.stopped() && sent < qint64(instances) * BeatRecord::beatsAtMost) {
        std::this_thread::sleep_until(due(sent + qint64(atOnce) - 1));
        for (size_t i = 0; i < atOnce; ++i)
            connections[i].send(requests[order[int((sent + qint64(i)) % instances)]]);
        for (size_t i = 0; i < atOnce; ++i, ++sent) {
            const PlainHttp::Reply reply = connections[i].receive();
            constexpr QByteArrayView field = "\"modifiedIndex\":"; // of the node, then of the last
            const qsizetype at = reply.body.indexOf(field) + field.size();
            if (reply.status != 200 && reply.status != 201) {
                ++failed;
                continue;
            }
            auto &beat = record.of(order[int(sent % instances)])[size_t(sent / instances)];
            beat.at = now();
            beat.revision = reply.body.sliced(at, reply.body.indexOf(',', at) - at).toLongLong();
            late = std::max<std::chrono::nanoseconds>(late, Clock::now() - due(sent));
        }
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - due(0)).count();
    std::printf("{\"rate\":%.0f,\"late_ms\":%.0f,\"failed\":%lld}\n", double(sent) / seconds,
                double(late.count()) / 1e6, failed);
    return 0;
}

} // namespace EtcdRegistry::Loads
