// SPDX-License-Identifier: MIT
#include "connectionstring.h"
#include "etcdcluster.h"
#include "fill.h"
#include "measure.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QJsonArray>
#include <QJsonDocument>
#include <QProcess>
#include <QStandardPaths>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

namespace {

constexpr int instances = 20000;
constexpr int runs = 7;

struct Contender
{
    QString name;
    QString program;
    QStringList arguments;
    int exitCode = 0; ///< that it has to end with
    std::vector<double> seconds = {};
};

/// One whole process, its output thrown away; none if it fails.
std::optional<double> measure(const Contender &contender)
{
    QProcess process;
    process.setWorkingDirectory(QStringLiteral(TESTS_DIR "/interop"));
    process.setStandardOutputFile(QProcess::nullDevice());
    process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    QElapsedTimer timer;
    timer.start();
    process.start(contender.program, contender.arguments);
    const bool finished = process.waitForFinished(60000);
    const double seconds = double(timer.nsecsElapsed()) / 1e9;
    if (!finished || process.exitStatus() != QProcess::NormalExit
        || process.exitCode() != contender.exitCode)
        return {};
    return seconds;
}

bool listsAll(const Contender &contender)
{
    QProcess process;
    process.start(contender.program, contender.arguments);
    process.waitForFinished(60000);
    return QJsonDocument::fromJson(process.readAllStandardOutput()).array().size() == instances;
}

/// Ours first, then those that it is compared with.
std::vector<Contender> contenders(Api api, const QString &cli, const EtcdCluster &cluster)
{
    const QString endpoint = cluster.endpoints().first().toString();
    const QString suffix = api == Api::V2 ? u"/load?api=v2"_s : u"/load?api=v3"_s;
    std::vector<Contender> all{
        {u"etcd-registry"_s, cli, {u"-e"_s, endpoint + suffix, u"list"_s, u"--json"_s}}};
    if (api == Api::V2) {
        all.push_back({u"curl"_s,
                       u"curl"_s,
                       {u"-sSf"_s, endpoint + u"/v2/keys/services/load/?recursive=true"_s}});
    } else {
        const auto base64 = [](const QByteArray &key) {
            return QString::fromLatin1(key.toBase64());
        };
        const QString range = uR"({"key":"%1","range_end":"%2"})"_s.arg(base64("services/load/"),
                                                                        base64("services/load0"));
        all.push_back(
            {u"curl"_s, u"curl"_s, {u"-sSf"_s, u"-d"_s, range, endpoint + u"/v3/kv/range"_s}});
    }
    const bool npm = QFile::exists(QStringLiteral(TESTS_DIR "/interop/node_modules/etcd-registry"));
    if (api == Api::V2 && npm && !QStandardPaths::findExecutable(u"node"_s).isEmpty()) {
        const QString script = u"require('etcd-registry')(process.argv[1]).list((error, all) => {"
                               "  if (error) throw error;"
                               "  process.stdout.write(JSON.stringify(all), () => process.exit());"
                               "})"_s;
        all.push_back(
            {u"npm etcd-registry"_s, u"node"_s, {u"-e"_s, script, endpoint + u"/load"_s}});
    }
    return all;
}

/// In turns, so that a busy machine is busy for all. False: one of them failed.
bool measureAll(std::vector<Contender> &all)
{
    for (int run = 0; run < runs; ++run) {
        for (Contender &contender : all) {
            const std::optional<double> seconds = measure(contender);
            if (!seconds) {
                fail(contender.name + u" failed"_s);
                return false;
            }
            contender.seconds.push_back(*seconds);
        }
    }
    return true;
}

/// A registry with nothing in it: what the program itself takes to start, ask and end.
int compareEmpty(Api api, const QString &cli, const EtcdCluster &cluster)
{
    std::vector<Contender> all = contenders(api, cli, cluster);
    all.resize(2);
    all[0].exitCode = 1;            // nothing found
    all[1].arguments[0] = u"-sS"_s; // v2 answers with 404
    if (!measureAll(all))
        return 1;
    Line(api == Api::V2 ? u"list-empty-v2"_s : u"list-empty-v3"_s)
        .value(median(all[0].seconds), "s", u"1.5 times curl and 50 ms"_s,
               1.5 * median(all[1].seconds) + 0.05)
        .add("curl_s", median(all[1].seconds), 4)
        .print();
    return 0;
}

int compare(Api api, const QString &cli, const EtcdCluster &cluster)
{
    std::vector<Contender> all = contenders(api, cli, cluster);
    if (!listsAll(all.front()))
        return fail(u"the list is not complete"_s);
    if (!measureAll(all))
        return 1;
    const double ours = median(all.front().seconds);
    for (size_t i = 1; i < all.size(); ++i) {
        Line(api == Api::V2 ? u"list-20k-v2"_s : u"list-20k-v3"_s)
            .value(ours, "s", all[i].name, median(all[i].seconds))
            .print();
    }
    return 0;
}

} // namespace

/// bench_list ETCD-REGISTRY: how long `etcd-registry list` takes for 20,000 instances in a real
/// etcd, as a whole process, against curl for the same bytes and the npm client; and for none.
int main(int argc, char *argv[])
{
    const QCoreApplication application(argc, argv);
    if (argc != 2)
        return fail(u"usage: bench_list ETCD-REGISTRY"_s);
    const QString cli = QString::fromLocal8Bit(argv[1]);
    for (const Api api : {Api::V2, Api::V3}) {
        EtcdCluster cluster;
        if (!cluster.start())
            return fail(cluster.error());
        if (api == Api::V2 && !cluster.servesV2())
            continue;
        if (const int status = compareEmpty(api, cli, cluster))
            return status;
        const Result<ConnectionString> connection =
            ConnectionString::parse(cluster.connectionString());
        if (!fill(*connection, api, instances))
            return fail(u"the instances could not be written"_s);
        if (const int status = compare(api, cli, cluster))
            return status;
    }
    return 0;
}
