// SPDX-License-Identifier: MIT
#include "schedule.h"

#include <QRandomGenerator>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds roundLength = 90s;
constexpr milliseconds longRoundLength = 150s; ///< where there is time for some
constexpr milliseconds majorityLoss = 20s;
constexpr milliseconds leaderHang =
    12s;                              ///< longer than a TTL: what it is sent meanwhile comes late
constexpr milliseconds shortest = 2s; ///< of all other faults but LeaderMove

/// A new member has to be sent everything, and after a lost majority all have something to do.
milliseconds calmAfter(Fault::Kind kind)
{
    const bool much = kind == Fault::Kind::DataLoss || kind == Fault::Kind::MajorityLoss;
    return much ? 6000ms : 2500ms;
}

milliseconds leastOf(Fault::Kind kind)
{
    switch (kind) {
    case Fault::Kind::LeaderMove:
        return 0s;
    case Fault::Kind::MajorityLoss:
        return majorityLoss;
    case Fault::Kind::LeaderHang:
        return leaderHang;
    default:
        return shortest;
    }
}

/// Each kind once, in any order; what the least lengths leave of the time is shared out unevenly,
/// so that some faults outlast a TTL and others hardly a heartbeat.
QList<Fault> oneRound(QRandomGenerator &random, milliseconds start, milliseconds length)
{
    std::array<Fault::Kind, Fault::kinds> kinds;
    std::array<int, Fault::kinds> weights;
    milliseconds spare = length;
    for (int i = 0; i < Fault::kinds; ++i) {
        kinds[size_t(i)] = Fault::Kind(i);
        std::swap(kinds[size_t(i)], kinds[random.bounded(quint32(i) + 1)]);
        spare -= leastOf(Fault::Kind(i)) + calmAfter(Fault::Kind(i));
    }
    for (size_t i = 0; i < weights.size(); ++i) {
        const bool fixed =
            kinds[i] == Fault::Kind::LeaderMove || kinds[i] == Fault::Kind::MajorityLoss;
        const int root = random.bounded(1, 100);
        weights[i] = fixed ? 0 : root * root;
    }
    const int sum = std::accumulate(weights.begin(), weights.end(), 0);

    QList<Fault> faults;
    for (size_t i = 0; i < kinds.size(); ++i) {
        const milliseconds end = start + leastOf(kinds[i]) + spare * weights[i] / sum;
        faults.append({kinds[i], start, end, int(random.bounded(6))});
        start = end + calmAfter(kinds[i]);
    }
    return faults;
}

} // namespace

bool Fault::kills() const
{
    return kind == Kind::Kill || kind == Kind::LeaderKill
           || (kind == Kind::MajorityLoss && pick >= 3);
}

QString nameOf(const Fault &fault)
{
    switch (fault.kind) {
    case Fault::Kind::Kill:
        return u"killed"_s;
    case Fault::Kind::Hang:
        return u"hung"_s;
    case Fault::Kind::LeaderKill:
        return u"leader killed"_s;
    case Fault::Kind::LeaderHang:
        return u"leader hung"_s;
    case Fault::Kind::LeaderMove:
        return u"leader moved"_s;
    case Fault::Kind::DataLoss:
        return u"data lost"_s;
    case Fault::Kind::Slow:
        return u"slow"_s;
    case Fault::Kind::Swallow:
        return u"swallows"_s;
    case Fault::Kind::OtherApi:
        return u"serves another API"_s;
    case Fault::Kind::OtherCluster:
        return u"of another cluster"_s;
    case Fault::Kind::WebServer:
        return u"a web server"_s;
    case Fault::Kind::MajorityLoss:
        return fault.kills() ? u"majority killed"_s : u"majority hung"_s;
    }
    Q_UNREACHABLE();
}

QList<Fault> makeSchedule(quint32 seed, milliseconds duration)
{
    QRandomGenerator random(seed);
    const milliseconds usual = duration < 2 * longRoundLength ? roundLength : longRoundLength;
    const qint64 rounds = std::max<qint64>(1, duration / usual);
    const milliseconds length = std::max(roundLength, milliseconds(duration / rounds));
    QList<Fault> faults;
    for (qint64 i = 0; i < rounds; ++i)
        faults += oneRound(random, i * length, length);
    return faults;
}

QString toTable(const QList<Fault> &schedule)
{
    QString text;
    for (const Fault &fault : schedule) {
        text += u"%1 s  %2 s  %3\n"_s.arg(double(fault.from.count()) / 1000, 7, 'f', 1)
                    .arg(double((fault.to - fault.from).count()) / 1000, 5, 'f', 1)
                    .arg(nameOf(fault));
    }
    return text;
}

} // namespace EtcdRegistry
