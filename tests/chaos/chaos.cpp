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
    return result.lost == 0 && result.backAfter <= back && result.leftBehind == 0
           && result.strayed == 0 && result.longestBlind < tooBlind;
}

QString toRow(const ChaosClient &client, int registrations, const ChaosResult &result)
{
    return QString::asprintf("%-5s %13d %6d %10.2f %10.1f %12.2f\n", qPrintable(client.name()),
                             registrations, result.lost, seconds(result.longestAbsence),
                             seconds(result.totalAbsence), seconds(result.backAfter));
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
    ChaosOptions options{
        .registrations = parser.value(u"registrations"_s).toInt(),
        .duration = std::chrono::seconds(parser.value(u"seconds"_s).toInt()),
        .seed = parser.value(u"seed"_s).toUInt(),
    };
    if (wanted(u"peer"_s, u"ours"_s) && wanted(u"api"_s, u"v2"_s))
        options.clients += {Api::V2};
    if (wanted(u"peer"_s, u"ours"_s) && wanted(u"api"_s, u"v3"_s))
        options.clients += {Api::V3};
    if (wanted(u"peer"_s, u"npm"_s))
        options.clients += {Api::V2, true};

    std::printf("seed %u\n%s\n", options.seed,
                qPrintable(toTable(makeSchedule(options.seed, options.duration))));
    ChaosRun run(options);
    const QList<ChaosResult> results = run.run();
    if (results.isEmpty()) {
        std::fprintf(stderr, "%s\n", qPrintable(run.error()));
        return 1;
    }
    bool good = true;
    QString rows;
    for (qsizetype i = 0; i < results.size(); ++i) {
        const ChaosResult &result = results[i];
        const ChaosClient &client = options.clients[i];
        std::printf("%s: %d looks, %d failed, %.2f s the longest without one; %d absences; %d keys "
                    "left behind, %d in the other cluster\n",
                    qPrintable(client.name()), result.looks, result.failedLooks,
                    seconds(result.longestBlind), result.absences, result.leftBehind,
                    result.strayed);
        good = good && (client.npm || isGood(result, back));
        rows += toRow(client, options.registrations, result);
    }
    std::printf("\n      registrations   lost  longest s    total s  back after s\n%s",
                qPrintable(rows));
    return good ? 0 : 1;
}
