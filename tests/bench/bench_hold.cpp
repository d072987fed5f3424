// SPDX-License-Identifier: MIT
#include "etcdcluster.h"
#include "measure.h"
#include "peer.h"
#include "registry.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QJsonDocument>
#include <QProcess>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

constexpr auto settling = 11s; ///< two beats, so that joining is over in every respect
constexpr auto watched = 30s;

/// A process that holds so many registrations and tells how it fares:
///   bench_hold hold CONNECTION INSTANCES
class Holder
{
public:
    Holder(const QString &connection, int instances)
        : m_registry(*ConnectionString::parse(connection))
        , m_instances(instances)
    {}

    int run()
    {
        QElapsedTimer timer;
        timer.start();
        for (int port = 1; port <= m_instances; ++port) {
            m_registry.join({.name = u"held"_s, .hostname = u"10.0.0.1"_s, .port = port})
                .then(&m_registry,
                      [this](const Result<Registration> &joined) { m_joined += bool(joined); });
        }
        if (!runUntil([this] { return m_joined == m_instances; }, 2min))
            return fail(u"they could not be joined"_s);
        const double joining = double(timer.nsecsElapsed()) / 1e9;
        QObject::connect(&m_registry, &Registry::registrationsChanged, &m_registry,
                         [this](const QList<Registration> &all) { beaten(all); });
        EtcdRegistry::run(settling);

        m_late = 0ms;
        m_beats = 0;
        const auto before = cpuTime();
        EtcdRegistry::run(watched);
        const double cpu = 100.0 * double((cpuTime() - before).count())
                           / double(std::chrono::nanoseconds(watched).count());
        const Memory memory = residentMemory();
        const QJsonObject answer{
            {u"joining"_s, joining}, {u"cpu"_s, cpu},         {u"late"_s, double(m_late.count())},
            {u"beats"_s, m_beats},   {u"failed"_s, m_failed}, {u"rss"_s, memory.now},
            {u"peak"_s, memory.peak}};
        timer.start();
        bool left = false;
        // Longer than a program that ends would wait, for a machine may be busy
        m_registry.shutDown(20s).then(
            &m_registry, [&](const QList<Registration> &rest) { left = rest.isEmpty(); });
        if (!runUntil([&] { return left; }, 21s))
            return fail(u"they could not be left"_s);
        QJsonObject all = answer;
        all.insert(u"leaving"_s, double(timer.nsecsElapsed()) / 1e9);
        std::puts(QJsonDocument(all).toJson(QJsonDocument::Compact).constData());
        return 0;
    }

private:
    void beaten(const QList<Registration> &all)
    {
        const auto now = Instance::Clock::now();
        for (const Registration &registration : all) {
            m_failed += registration.state != Registration::State::Alive;
            auto &last = m_lastBeats[registration.id];
            if (last != Instance::Clock::time_point()) {
                const auto gap = std::chrono::duration_cast<std::chrono::milliseconds>(now - last);
                m_late = std::max(m_late, gap - registration.service.heartbeat);
            }
            last = now;
            ++m_beats;
        }
    }

    Registry m_registry;
    int m_instances;
    int m_joined = 0;
    int m_beats = 0;
    int m_failed = 0;
    QHash<qint64, Instance::Clock::time_point> m_lastBeats;
    std::chrono::milliseconds m_late{0};
};

/// What it has to say; null: it failed, and has said why.
QJsonObject ask(const QString &program, const QStringList &arguments)
{
    QProcess process;
    process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    process.start(program, arguments);
    if (!runUntil([&] { return process.state() == QProcess::NotRunning; }, 3min)
        || process.exitStatus() != QProcess::NormalExit || process.exitCode() != 0)
        return {};
    return QJsonDocument::fromJson(process.readAllStandardOutput()).object();
}

int hold(const QString &bench, const QString &api, int instances)
{
    EtcdCluster etcd;
    if (!etcd.start())
        return fail(etcd.error());
    const QString connection = etcd.connectionString(u"/hold?api="_s + api);
    const QString count = QString::number(instances);
    const QJsonObject ours =
        ask(QCoreApplication::applicationFilePath(), {u"hold"_s, connection, count});
    if (ours.isEmpty())
        return 1;
    const double cpu = ours["cpu"_L1].toDouble();
    Line line(bench);
    if (api == u"v3") {
        line.value(cpu, "% of a core", u"target"_s, 1);
    } else {
        if (const QString why = NpmPeer::whyNot(); !why.isEmpty())
            return fail(why);
        const QJsonObject npm =
            ask(u"node"_s, {QStringLiteral(TESTS_DIR "/interop/hold.js"),
                            etcd.endpoints().first().toString() + u"/npm"_s, count,
                            QString::number(settling.count()), QString::number(watched.count())});
        if (npm.isEmpty())
            return 1;
        line.value(cpu, "% of a core", u"the npm client"_s, npm["cpu"_L1].toDouble())
            .add("npm_joining_s", npm["joining"_L1].toDouble())
            .add("npm_rss_mib", npm["rss"_L1].toDouble(), 0);
    }
    line.add("instances", instances, 0)
        .add("joining_s", ours["joining"_L1].toDouble(), 2)
        .add("leaving_s", ours["leaving"_L1].toDouble(), 2)
        .add("beats", ours["beats"_L1].toDouble(), 0)
        .add("beats_not_alive", ours["failed"_L1].toDouble(), 0)
        .add("latest_beat_ms", ours["late"_L1].toDouble(), 0)
        .add("rss_mib", ours["rss"_L1].toDouble(), 0)
        .add("peak_rss_mib", ours["peak"_L1].toDouble(), 0)
        .print();
    return 0;
}

} // namespace

int main(int argc, char *argv[])
{
    QCoreApplication application(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.size() == 4 && arguments[1] == u"hold")
        return Holder(arguments[2], arguments[3].toInt()).run();
    if (arguments.value(1) == u"hold-10k-v3")
        return hold(arguments[1], u"v3"_s, 10000);
    if (arguments.value(1) == u"hold-5k-v2")
        return hold(arguments[1], u"v2"_s, 5000);
    return fail(u"usage: bench_hold hold-10k-v3|hold-5k-v2"_s);
}
