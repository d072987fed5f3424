// SPDX-License-Identifier: MIT
// See tests/chaos.sh. It fails if our client lost a registration.
#include "chaosrun.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QStorageInfo>

#include <cstdio>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

/// Longer without a look, and an absence may have been missed.
constexpr auto tooBlind = 5s;

double seconds(std::chrono::milliseconds time)
{
    return double(time.count()) / 1000;
}

/// To be back after a lost majority the store has to write all of them: that is not to wait for a
/// slow disk.
void preferMemoryToDisk()
{
    constexpr qint64 enough = qint64(2) << 30;
    const QStorageInfo memory(u"/dev/shm"_s);
    if (memory.isReady() && memory.bytesAvailable() > enough)
        qputenv("TMPDIR", "/dev/shm");
}

bool isGood(const ChaosResult &result, std::chrono::milliseconds back)
{
    return result.error.isEmpty() && result.lost == 0 && result.backAfter <= back
           && result.leftBehind == 0 && result.longestBlind < tooBlind;
}

QString toRow(const ChaosOptions &options, const ChaosResult &result)
{
    const QString peer = options.npm ? u"npm"_s : u"ours"_s;
    const QString api = options.api == Api::V2 ? u"v2"_s : u"v3"_s;
    if (!result.error.isEmpty())
        return QString::asprintf("%-5s %-4s %s\n", qPrintable(peer), qPrintable(api),
                                 qPrintable(result.error));
    return QString::asprintf("%-5s %-4s %13d %6d %10.2f %10.1f %12.2f\n", qPrintable(peer),
                             qPrintable(api), options.registrations, result.lost,
                             seconds(result.longestAbsence), seconds(result.totalAbsence),
                             seconds(result.backAfter));
}

} // namespace

int main(int argc, char *argv[])
{
    const QCoreApplication application(argc, argv);
    QCommandLineParser parser;
    parser.addHelpOption();
    parser.addOptions({
        {u"api"_s, u"v2, v3 or both"_s, u"api"_s, u"both"_s},
        {u"peer"_s, u"ours, npm (v2 only) or both"_s, u"peer"_s, u"ours"_s},
        {u"seconds"_s, u"how long things go wrong"_s, u"seconds"_s, u"90"_s},
        {u"registrations"_s, u"how many are held"_s, u"number"_s, u"1000"_s},
        {u"back"_s, u"after a lost majority all have to be"_s, u"seconds"_s, u"1"_s},
        {u"seed"_s, u"of the schedule"_s, u"seed"_s, u"1"_s},
    });
    parser.process(application);
    const auto wanted = [&parser](const QString &option, const QString &value) {
        return parser.value(option) == value || parser.value(option) == u"both"_s;
    };

    preferMemoryToDisk();
    const std::chrono::milliseconds back(qint64(parser.value(u"back"_s).toDouble() * 1000));
    QList<ChaosOptions> runs;
    const ChaosOptions options{
        .registrations = parser.value(u"registrations"_s).toInt(),
        .duration = std::chrono::seconds(parser.value(u"seconds"_s).toInt()),
        .seed = parser.value(u"seed"_s).toUInt(),
    };
    for (const bool npm : {false, true}) {
        for (const Api api : {Api::V2, Api::V3}) {
            if (wanted(u"peer"_s, npm ? u"npm"_s : u"ours"_s)
                && wanted(u"api"_s, api == Api::V2 ? u"v2"_s : u"v3"_s)
                && !(npm && api == Api::V3)) {
                runs += options;
                runs.last().npm = npm;
                runs.last().api = api;
            }
        }
    }

    std::printf("seed %u\n%s", options.seed,
                qPrintable(toTable(makeSchedule(options.seed, options.duration))));
    bool good = true;
    QString rows;
    for (const ChaosOptions &run : std::as_const(runs)) {
        std::printf("\n%s, %s\n", run.npm ? "npm" : "ours", run.api == Api::V2 ? "v2" : "v3");
        const ChaosResult result = ChaosRun(run).run();
        std::printf(
            "%d looks, %d failed, %.2f s the longest without one; %d absences; %d keys left "
            "behind\n",
            result.looks, result.failedLooks, seconds(result.longestBlind), result.absences,
            result.leftBehind);
        good = good && (run.npm || isGood(result, back));
        rows += toRow(run, result);
    }
    std::printf("\npeer  api  registrations   lost  longest s    total s  back after s\n%s",
                qPrintable(rows));
    return good ? 0 : 1;
}
