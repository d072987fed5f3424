// SPDX-License-Identifier: MIT
#include "beatrecord.h"
#include "connectionstring.h"
#include "etcdcluster.h"
#include "fill.h"
#include "loads.h"
#include "measure.h"
#include "serverlist.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QJsonDocument>
#include <QProcess>
#include <QTemporaryDir>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

constexpr auto longest = 3min;

QString program(const QString &name)
{
    return QCoreApplication::applicationDirPath() + u'/' + name;
}

QString apiName(Api api)
{
    return api == Api::V2 ? u"v2"_s : u"v3"_s;
}

QString number(int number)
{
    return QString::number(number);
}

/// What a process of ours has to say; null: it failed, and has said why.
QJsonObject answerOf(QProcess &process)
{
    if (!runUntil([&] { return process.state() == QProcess::NotRunning; }, longest)
        || process.exitStatus() != QProcess::NormalExit || process.exitCode() != 0)
        return {};
    return QJsonDocument::fromJson(process.readAllStandardOutput()).object();
}

QJsonObject window(const QStringList &arguments)
{
    QProcess process;
    process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    process.start(program(u"bench_window"_s), arguments);
    return answerOf(process);
}

/// An etcd that has nothing in it but the instances.
struct Filled
{
    EtcdCluster etcd;
    QString connection; ///< of the namespace that they are in
    QUrl endpoint;
    bool done = false;

    Filled(Api api, int instances, int ttl = 0)
    {
        if (!etcd.start()) {
            fail(etcd.error());
            return;
        }
        connection = etcd.connectionString(u"/load?api="_s + apiName(api));
        endpoint = etcd.endpoints().first();
        done = instances == 0 || fill(*ConnectionString::parse(connection), api, instances, ttl);
        if (!done)
            fail(u"the instances could not be written"_s);
    }
};

int list(Api api, int instances)
{
    const Filled filled(api, instances);
    if (!filled.done)
        return 1;
    constexpr int runs = 5;
    const PlainHttp::Request request = listRequest(api, "services/load/");
    std::vector<double> raw, ours;
    double stall = 0, stallCpu = 0, baseline = 0, rss = 0, peak = 0;
    for (int run = 0; run < runs; ++run) { // in turns, so that a busy machine is busy for both
        QElapsedTimer timer;
        timer.start();
        if (PlainHttp(filled.endpoint).ask(request).status != 200)
            return fail(u"the raw read failed"_s);
        raw.push_back(double(timer.nsecsElapsed()) / 1e9);
        const QJsonObject answer = window({u"list"_s, filled.connection, number(instances)});
        if (answer.isEmpty())
            return 1;
        ours.push_back(answer["seconds"_L1].toDouble());
        stall = std::max(stall, answer["stall"_L1].toDouble());
        stallCpu = std::max(stallCpu, answer["stall_cpu"_L1].toDouble());
        baseline = std::max(baseline, answer["baseline"_L1].toDouble());
        rss = std::max(rss, answer["rss"_L1].toDouble());
        peak = std::max(peak, answer["peak"_L1].toDouble());
    }
    Line(u"list-100k-"_s + apiName(api))
        .value(median(ours), "s", u"raw HTTP read"_s, median(raw))
        .add("instances", instances, 0)
        .add("stall_ms", stall)
        .add("stall_cpu_ms", stallCpu)
        .add("stall_baseline_ms", baseline)
        .add("rss_mib", rss, 0)
        .add("peak_rss_mib", peak, 0)
        .print();
    return 0;
}

int burst(int instances, int changes)
{
    const Filled filled(Api::V3, instances);
    if (!filled.done)
        return 1;
    const QJsonObject answer =
        window({u"burst"_s, filled.connection, number(instances), program(u"bench_live"_s),
                u"burst-load"_s, filled.endpoint.toString(), number(instances), number(changes)});
    if (answer.isEmpty())
        return 1;
    const double seconds = answer["load_seconds"_L1].toDouble();
    Line(u"watch-burst"_s)
        .value(answer["seconds"_L1].toDouble(), "s", u"target"_s, 1)
        .add("changes", changes, 0)
        .add("changes_per_second", changes / seconds, 0)
        .add("stall_ms", answer["stall"_L1].toDouble())
        .add("stall_cpu_ms", answer["stall_cpu"_L1].toDouble())
        .add("stall_baseline_ms", answer["baseline"_L1].toDouble())
        .add("cpu_seconds", answer["cpu_seconds"_L1].toDouble())
        .add("instances", answer["instances"_L1].toDouble(), 0)
        .print();
    return 0;
}

int beats(int instances)
{
    const Filled filled(Api::V2, 0);
    if (!filled.done)
        return 1;
    const QTemporaryDir folder;
    const QString file = folder.filePath(u"beats"_s);
    BeatRecord record(file, instances);
    QProcess loader;
    loader.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    loader.start(program(u"bench_live"_s),
                 {u"beats-load"_s, filled.endpoint.toString(), number(instances), file});
    if (!record.isOpen() || !runUntil([&] { return record.hasAll(); }, 60s))
        return fail(u"the load does not come up"_s);
    const QJsonObject answer = window({u"beats"_s, filled.connection, number(instances), file});
    record.stop();
    const QJsonObject loaded = answerOf(loader);
    if (answer.isEmpty() || loaded.isEmpty())
        return 1;
    Line(u"beats-10k"_s)
        .value(answer["behind"_L1].toDouble(), "s", u"target"_s, 1)
        .add("cpu_percent", answer["cpu"_L1].toDouble())
        .add("watch_cpu_percent", answer["watch_cpu"_L1].toDouble())
        .add("wrongly_late", answer["late"_L1].toDouble(), 0)
        .add("wrongly_changed", answer["changed"_L1].toDouble(), 0)
        .add("really_late", answer["really_late"_L1].toDouble(), 0)
        .add("instances", instances, 0)
        .add("beats_per_second", loaded["rate"_L1].toDouble(), 0)
        .add("beats_late_ms", loaded["late_ms"_L1].toDouble(), 0)
        .add("beats_failed", loaded["failed"_L1].toDouble(), 0)
        .print();
    return 0;
}

int idle(Api api, int instances)
{
    constexpr int quiet = 3600; // so that there are countdowns to be shown, and nothing happens
    const Filled filled(api, instances, quiet);
    if (!filled.done)
        return 1;
    const QJsonObject answer = window({u"idle"_s, filled.connection, number(instances)});
    if (answer.isEmpty())
        return 1;
    Line(u"idle-"_s + apiName(api))
        .value(answer["cpu"_L1].toDouble(), "% of a core", u"target"_s, 2)
        .add("instances", instances, 0)
        .add("rss_mib", answer["rss"_L1].toDouble(), 0)
        .print();
    return 0;
}

} // namespace

/// bench_live list-100k|watch-burst|beats-10k|idle [INSTANCES]: each against a real etcd that it
/// starts and fills. The window runs in a process of its own, and so do loads:
///   bench_live burst-load ENDPOINT INSTANCES CHANGES
///   bench_live beats-load ENDPOINT INSTANCES RECORD
int main(int argc, char *argv[])
{
    const QCoreApplication application(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    const QString name = arguments.value(1);
    const auto instances = [&](int usual) {
        return arguments.size() > 2 ? arguments[2].toInt() : usual;
    };
    if (name == "burst-load"_L1)
        return Loads::burst(QUrl(arguments.value(2)), arguments.value(3).toInt(),
                            arguments.value(4).toInt());
    if (name == "beats-load"_L1)
        return Loads::beats(QUrl(arguments.value(2)), arguments.value(3).toInt(),
                            arguments.value(4));
    if (name == "list-100k"_L1)
        return list(Api::V2, instances(100000)) | list(Api::V3, instances(100000));
    if (name == "watch-burst"_L1)
        return burst(instances(20000), 50000);
    if (name == "beats-10k"_L1)
        return beats(instances(10000));
    if (name == "idle"_L1)
        return idle(Api::V2, instances(10000)) | idle(Api::V3, instances(10000));
    return fail(u"usage: bench_live list-100k|watch-burst|beats-10k|idle [INSTANCES]"_s);
}
