// SPDX-License-Identifier: MIT
#include "windowbench.h"

#include "beatwatch.h"
#include "instancemodel.h"
#include "instancepanel.h"
#include "serverlist.h"
#include "session.h"
#include "tableview.h"

#include <QElapsedTimer>
#include <QEventLoop>
#include <QJsonDocument>
#include <QJsonValue>
#include <QProcess>

#include <cstdio>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

constexpr auto patience = 60s;

ServerList listOf(const Rows &rows)
{
    ServerList list;
    for (const Row &row : rows)
        list.insert(list.end(), row.instance->key, row.instance->document);
    return list;
}

QStringList keysIn(const QAbstractItemModel &model)
{
    QStringList keys;
    for (int row = 0; row < model.rowCount(); ++row)
        keys += model.index(row, 0).data(InstanceModel::KeyRole).toString();
    keys.sort();
    return keys;
}

} // namespace

WindowBench::WindowBench(const QString &connection, int instances)
    : m_connection(connection)
    , m_instances(instances)
    , m_settings(m_folder.filePath(u"settings.ini"_s), QSettings::IniFormat)
    , m_window(m_settings)
{
    m_window.resize(1280, 800);
    m_window.show();
    run(1s);
}

QAbstractItemModel *WindowBench::model() const
{
    const auto *panel = m_window.findChild<InstancePanel *>();
    return panel ? panel->table()->model() : nullptr;
}

std::optional<double> WindowBench::connect()
{
    std::optional<double> seconds;
    QEventLoop loop;
    QElapsedTimer timer;
    const auto look = [&] {
        if (model()->rowCount() < m_instances)
            return;
        seconds = double(timer.nsecsElapsed()) / 1e9;
        loop.quit();
    };
    QObject::connect(&m_window, &MainWindow::connected, &loop, [&] {
        // After all that the window itself does about it
        QObject::connect(&session(), &Session::updated, &loop, look, Qt::QueuedConnection);
        look();
    });
    QObject::connect(&m_window, &MainWindow::connectingFailed, &loop, &QEventLoop::quit);
    QTimer::singleShot(patience, &loop, &QEventLoop::quit);
    timer.start();
    m_window.connectTo(m_connection);
    if (!seconds)
        loop.exec();
    return seconds;
}

int WindowBench::list()
{
    StallBaseline baseline;
    m_stalls.start();
    const std::optional<double> seconds = connect();
    if (!seconds)
        return fail(u"not all instances are shown"_s);
    run(3s); // what comes after: painting, and the updates of a view that lives
    const double idleStall = baseline.longest();
    const Memory memory = residentMemory();
    std::printf("{\"seconds\":%.3f,\"stall\":%.1f,\"stall_cpu\":%.1f,\"baseline\":%.1f,"
                "\"rss\":%.0f,\"peak\":%.0f}\n",
                *seconds, m_stalls.longest(), m_stalls.cpu(), idleStall, memory.now, memory.peak);
    return 0;
}

int WindowBench::burst(const QStringList &load)
{
    if (!connect())
        return fail(u"not all instances are shown"_s);
    run(2s);

    std::vector<std::pair<Clock::time_point, RowsUpdatePtr>> updates;
    bool loading = true;
    const auto listening = QObject::connect(
        &session(), &Session::updated, &m_window, [&](const RowsUpdatePtr &update) {
            if (loading) // none of these can be complete, unless it is the last
                updates.clear();
            updates.emplace_back(Clock::now(), update);
        });
    QProcess loader;
    loader.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    loader.start(load.first(), load.mid(1));
    if (!loader.waitForStarted())
        return fail(loader.errorString());
    StallBaseline baseline;
    m_stalls.start();
    const auto cpu = cpuTime();
    if (!runUntil([&] { return loader.state() == QProcess::NotRunning; }, patience))
        return fail(u"the load does not end"_s);
    loading = false;
    run(5s); // five times what it may take
    const double cpuSeconds = std::chrono::duration<double>(cpuTime() - cpu).count();
    const double stall = m_stalls.longest(), stallCpu = m_stalls.cpu();
    const double idleStall = baseline.longest();
    QObject::disconnect(listening);

    const QJsonDocument loaded = QJsonDocument::fromJson(loader.readAllStandardOutput());
    const std::chrono::nanoseconds last(loaded["last"_L1].toString().toLongLong());
    const ConnectionString connection = *ConnectionString::parse(m_connection);
    const auto wanted = serverList(connection.endpoints.first(), Api::V3, "services/load/");
    if (!wanted || loader.exitCode() != 0)
        return fail(u"etcd or the load failed"_s);
    const QString lost = differences(*wanted, listOf(session().rows()));
    if (!lost.isEmpty())
        return fail(u"after five seconds the view is not what the server has:\n"_s + lost);
    if (keysIn(*model()) != QStringList(wanted->keys()))
        return fail(u"the table does not show what the session has"_s);
    const auto first = std::ranges::find_if(
        updates, [&](const auto &update) { return listOf(update.second->rows) == *wanted; });
    if (first == updates.end())
        return fail(u"no update was complete"_s);
    std::printf("{\"seconds\":%.3f,\"load_seconds\":%.3f,\"stall\":%.1f,\"stall_cpu\":%.1f,"
                "\"baseline\":%.1f,\"cpu_seconds\":%.2f,\"instances\":%lld}\n",
                std::chrono::duration<double>(first->first.time_since_epoch() - last).count(),
                loaded["seconds"_L1].toDouble(), stall, stallCpu, idleStall, cpuSeconds,
                qint64(wanted->size()));
    return 0;
}

int WindowBench::beats(const QString &recordFile, std::chrono::seconds time)
{
    BeatRecord record(recordFile, m_instances);
    if (!record.isOpen())
        return fail(u"the record can't be shared"_s);
    if (!connect())
        return fail(u"not all instances are shown"_s);
    BeatWatch watch(session(), record);
    run(10s); // two beats of each
    const auto cpu = cpuTime();
    watch.restart();
    run(time);
    const auto share = [time](std::chrono::nanoseconds spent) {
        return 100 * std::chrono::duration<double>(spent) / time;
    };
    std::printf("{\"behind\":%.3f,\"cpu\":%.1f,\"watch_cpu\":%.1f,\"late\":%d,\"changed\":%d,"
                "\"really_late\":%d}\n",
                std::chrono::duration<double>(watch.behind()).count(),
                share(cpuTime() - cpu - watch.cpu()), share(watch.cpu()), watch.wronglyLate(),
                watch.wronglyChanged(), watch.reallyLate());
    return 0;
}

int WindowBench::idle(std::chrono::seconds time)
{
    if (!connect())
        return fail(u"not all instances are shown"_s);
    run(10s);
    const auto cpu = cpuTime();
    run(time);
    std::printf("{\"cpu\":%.2f,\"rss\":%.0f}\n",
                100 * std::chrono::duration<double>(cpuTime() - cpu) / time, residentMemory().now);
    return 0;
}

} // namespace EtcdRegistry
