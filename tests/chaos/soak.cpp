// SPDX-License-Identifier: MIT
// An hour of holding, see tests/soak.sh: it fails if the client grows, or loses or fails anything.
#include "etcdcluster.h"
#include "peer.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QElapsedTimer>
#include <QRandomGenerator>
#include <QTest>

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <span>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

constexpr auto cycle = 30s;

/// Until then a process warms up: caches, the allocator, connections for the most requests at once.
constexpr double warmUp = 1800;   ///< seconds
constexpr double growthLimit = 2; ///< %, of memory in the time after that
/// How many connections there are depends on how many requests were under way at once since each
/// node was last down, for Qt keeps those that it has: up to six to a node, for each network
/// manager of each of the four clients here. So descriptors go up and down, and must not drift: the
/// averages of the third and the fourth quarter may be as far apart as what two managers open to
/// one node.
constexpr double driftLimit = 12;

/// What the client said at a quiet point.
struct Sample
{
    double seconds;
    double rss; ///< MiB
    int descriptors;
    int sockets;
    int threads;

    /// A thread's event loop has one. The rest is what the process began with.
    int otherDescriptors() const { return descriptors - sockets - threads; }
};

template <typename Of>
double average(std::span<const Sample> samples, Of of)
{
    double sum = 0;
    for (const Sample &sample : samples)
        sum += std::invoke(of, sample);
    return sum / double(samples.size());
}

/// Of memory in %, from the first to the last, by the line of least squares.
double growth(std::span<const Sample> samples)
{
    const double time = average(samples, &Sample::seconds);
    const double rss = average(samples, &Sample::rss);
    double above = 0, below = 0;
    for (const Sample &sample : samples) {
        above += (sample.seconds - time) * (sample.rss - rss);
        below += (sample.seconds - time) * (sample.seconds - time);
    }
    const double slope = above / below;
    const double first = rss + slope * (samples.front().seconds - time);
    return 100 * slope * (samples.back().seconds - samples.front().seconds) / first;
}

class Soak
{
public:
    Soak(std::chrono::seconds duration, int registrations, quint32 seed)
        : m_duration(duration)
        , m_registrations(registrations)
        , m_random(seed)
    {}

    bool run();

private:
    enum class Fault { Kill, Hang, LeaderKill, LeaderHang, LeaderMove };
    static constexpr std::array names{"killed", "hung", "leader killed", "leader hung",
                                      "leader moved"};

    bool inflict(Fault fault);
    bool sample(Peer &peer, const char *after);
    bool judge() const;
    void waitUntil(std::chrono::milliseconds time) const
    {
        QTest::qWait(int(std::max<qint64>(0, time.count() - m_timer.elapsed())));
    }

    const std::chrono::seconds m_duration;
    const int m_registrations;
    QRandomGenerator m_random;
    EtcdCluster m_etcd{{.members = 3}};
    QElapsedTimer m_timer;
    std::vector<Sample> m_samples;
    bool m_good = true;
};

bool Soak::run()
{
    if (!m_etcd.start()) {
        std::printf("%s\n", qPrintable(m_etcd.error()));
        return false;
    }
    Peer peer(QStringLiteral(SOAK_PEER),
              {m_etcd.connectionString(u"/soak"_s), QString::number(m_registrations)});
    m_timer.start();
    std::printf("      s  after          held  ops failed lost missing unseen  RSS MiB  heap MiB  "
                "fds  sockets  connected  threads\n");
    if (!sample(peer, "the start"))
        return false;
    std::array<Fault, names.size()> faults{Fault::Kill, Fault::Hang, Fault::LeaderKill,
                                           Fault::LeaderHang, Fault::LeaderMove};
    for (int i = 0; m_timer.elapsed() < (m_duration - cycle / 2) / 1ms; ++i) {
        const auto begin = std::chrono::milliseconds(m_timer.elapsed());
        if (i % faults.size() == 0)
            std::shuffle(faults.begin(), faults.end(), m_random);
        const Fault fault = faults[i % faults.size()];
        if (!inflict(fault)) {
            std::printf("The cluster was not to be had: %s\n", names[size_t(fault)]);
            return false;
        }
        waitUntil(begin + cycle - 3s); // sampling takes the rest
        if (!sample(peer, names[size_t(fault)]))
            return false;
    }
    return judge();
}

bool Soak::inflict(Fault fault)
{
    const int leader = m_etcd.waitForLeader();
    if (leader < 0)
        return false;
    const int follower = (leader + m_random.bounded(1, 3)) % 3;
    const int victim = fault == Fault::Kill || fault == Fault::Hang ? follower : leader;
    const int length = m_random.bounded(2000, 12000);
    bool done = true;
    switch (fault) {
    case Fault::Kill:
    case Fault::LeaderKill:
        done = m_etcd.kill(victim);
        QTest::qWait(length);
        done = done && m_etcd.restart(victim);
        break;
    case Fault::Hang:
    case Fault::LeaderHang:
        m_etcd.suspend(victim);
        QTest::qWait(length);
        m_etcd.resume(victim);
        break;
    case Fault::LeaderMove:
        return m_etcd.moveLeader(leader, follower);
    }
    return done && QTest::qWaitFor([&] { return m_etcd.isHealthy(victim); }, 30000);
}

bool Soak::sample(Peer &peer, const char *after)
{
    const QJsonObject all = peer.ask({u"sample"_s}).toObject();
    if (all.isEmpty())
        return false;
    const auto sum = [&](QLatin1StringView what) {
        return all["v2"_L1][what].toInt() + all["v3"_L1][what].toInt();
    };
    const Sample sample{double(m_timer.elapsed()) / 1000, all["rss"_L1].toDouble(),
                        all["descriptors"_L1].toInt(), all["sockets"_L1].toInt(),
                        all["threads"_L1].toInt()};
    std::printf("%7.0f  %-13s %5d %4d %6d %4d %7d %6d %8.2f %9.2f %4d %8d %10d %8d\n",
                sample.seconds, after, sum("held"_L1), sum("operations"_L1), sum("failed"_L1),
                sum("lost"_L1), sum("missing"_L1), sum("unseen"_L1), sample.rss,
                all["heap"_L1].toDouble(), sample.descriptors, sample.sockets,
                all["connections"_L1].toInt(), sample.threads);
    std::fflush(stdout);
    m_samples.push_back(sample);
    m_good = m_good && sum("failed"_L1) + sum("lost"_L1) + sum("missing"_L1) + sum("unseen"_L1) == 0
             && sum("held"_L1) >= 2 * m_registrations;
    return true;
}

bool Soak::judge() const
{
    const auto later = std::span(m_samples).subspan(m_samples.size() / 2);
    const auto quarter = later.size() / 2;
    const double drift = average(later.subspan(quarter), &Sample::descriptors)
                         - average(later.first(quarter), &Sample::descriptors);
    const auto [least, most] = std::ranges::minmax(later, {}, &Sample::otherDescriptors);
    const bool constant = least.otherDescriptors() == most.otherDescriptors();
    const bool isWarm =
        later.front().seconds >= warmUp - std::chrono::duration<double>(cycle).count();
    std::printf(
        "The last half of the time: %d to %d descriptors besides sockets and threads, all of "
        "them drift by %+.1f (limit %.0f), memory grows by %+.2f %% (limit %.0f)%s\n",
        least.otherDescriptors(), most.otherDescriptors(), drift, driftLimit, growth(later),
        growthLimit, isWarm ? "" : "; the last two are not judged, for it is not warm");
    return m_good && constant && (!isWarm || (drift <= driftLimit && growth(later) < growthLimit));
}

} // namespace

int main(int argc, char *argv[])
{
    const QCoreApplication application(argc, argv);
    QCommandLineParser parser;
    parser.addHelpOption();
    parser.addOptions({
        {u"seconds"_s, u"how long"_s, u"seconds"_s, u"90"_s},
        {u"registrations"_s, u"how many are held through each API"_s, u"number"_s, u"150"_s},
        {u"seed"_s, u"of the faults"_s, u"seed"_s, u"1"_s},
    });
    parser.process(application);
    const auto number = [&](const QString &option) { return parser.value(option).toInt(); };
    std::printf("seed %d\n", number(u"seed"_s));
    Soak soak(std::chrono::seconds(number(u"seconds"_s)), number(u"registrations"_s),
              quint32(number(u"seed"_s)));
    return soak.run() ? 0 : 1;
}
