// SPDX-License-Identifier: MIT
#include "chaosrun.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QSet>
#include <QTest>
#include <QTime>

#include <algorithm>
#include <cstdio>
#include <future>
#include <map>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds ttl = 10s;

milliseconds between(Absence::Time from, Absence::Time to)
{
    return std::chrono::duration_cast<milliseconds>(to - from);
}

QString seconds(milliseconds time)
{
    return QString::number(double(time.count()) / 1000, 'f', 2);
}

} // namespace

QString ChaosClient::name() const
{
    return npm ? u"npm"_s : api == Api::V2 ? u"v2"_s : u"v3"_s;
}

QByteArray ChaosRun::Side::prefix() const
{
    return "services/chaos-" + client.name().toUtf8() + '/';
}

ChaosRun::ChaosRun(ChaosOptions options)
    : m_options(options)
{}

/// With the time of day, by which it is found in the client's log.
void ChaosRun::say(const QString &text) const
{
    std::printf("%s %8s s  %s\n", qPrintable(QTime::currentTime().toString(u"hh:mm:ss.zzz"_s)),
                qPrintable(seconds(between(m_start, Clock::now()))), qPrintable(text));
    std::fflush(stdout);
}

void ChaosRun::wait(milliseconds time)
{
    QTest::qWait(int(std::max(time, 0ms).count()));
}

void ChaosRun::waitUntil(milliseconds sinceStart)
{
    wait(sinceStart + m_slip - between(m_start, Clock::now()));
}

QList<QUrl> ChaosRun::nodes(const QList<int> &except) const
{
    const QList<QUrl> all = m_etcd.endpoints();
    QList<QUrl> some;
    for (int i = 0; i < int(all.size()); ++i) {
        if (!except.contains(i))
            some += all[i];
    }
    return some;
}

QString ChaosRun::connectionString(const Side &side) const
{
    QStringList hosts;
    for (const auto &relay : m_relays)
        hosts += u"127.0.0.1:%1"_s.arg(relay->port());
    const QString text = u"http://%1/chaos-%2"_s.arg(hosts.join(u','), side.client.name());
    return side.client.npm ? text : text + u"?api="_s + side.client.name();
}

QList<ChaosResult> ChaosRun::fail(const QString &error)
{
    m_error = error;
    return {};
}

QList<ChaosResult> ChaosRun::run()
{
    for (EtcdCluster *etcd : {&m_etcd, &m_other}) {
        if (!etcd->start())
            return fail(etcd->error());
    }
    m_webServer.on("/", FakeServer::reply(200, "<!doctype html><title>Hello</title>", "text/html"));
    for (int i = 0; i < 3; ++i)
        m_relays[size_t(i)] = std::make_unique<Relay>(quint16(m_etcd.endpoints()[i].port()));
    for (const ChaosClient &client : m_options.clients) {
        m_sides.push_back({.client = client});
        if (!begin(m_sides.back()))
            return {};
    }

    m_start = Clock::now();
    for (const Side &side : m_sides)
        side.observer->start();
    say(u"%1 registrations of each are there"_s.arg(m_options.registrations));
    const QList<Fault> schedule = makeSchedule(m_options.seed, m_options.duration);
    for (const Fault &fault : schedule) {
        // However late the last one was over, there is some calm before the next
        m_slip = std::max(m_slip, between(m_start, Clock::now()) + 1s - fault.from);
        waitUntil(fault.from);
        if (!inflict(fault))
            return fail(u"The cluster was not to be had: "_s + nameOf(fault));
    }
    wait(ttl + 2s);

    QList<ChaosResult> results;
    for (Side &side : m_sides)
        results += end(side);
    return results;
}

bool ChaosRun::begin(Side &side)
{
    const QString text = connectionString(side);
    if (!side.client.npm) {
        side.peer = std::make_unique<Peer>(QStringLiteral(CHAOS_PEER), QStringList{text});
    } else if (const QString why = NpmPeer::whyNot(); why.isEmpty()) {
        side.peer = std::make_unique<NpmPeer>(text);
    } else {
        fail(why);
        return false;
    }
    for (int port = 1; port <= m_options.registrations; ++port) {
        if (!side.peer->ask({u"join"_s, u"web"_s, QJsonObject{{u"port"_s, port}}}).isObject()) {
            fail(u"A registration could not be joined"_s);
            return false;
        }
    }
    side.observer = std::make_unique<Observer>(side.client.api, side.prefix(), nodes());
    if (side.observer->count() != m_options.registrations)
        fail(u"The store has %1 registrations"_s.arg(side.observer->count()));
    return m_error.isEmpty();
}

ChaosResult ChaosRun::end(Side &side)
{
    std::printf("\n%s\n", qPrintable(side.client.name()));
    ChaosResult result = judge(side, side.observer->stop());
    if (!side.client.npm) {
        const QJsonObject report = side.peer->ask({u"report"_s}).toObject();
        std::printf("%s", QJsonDocument(report).toJson().constData());
    }
    side.peer->ask({u"leave"_s, u"web"_s});
    result.strayed = Observer(side.client.api, side.prefix(), m_other.endpoints()).count();
    result.leftBehind = Observer(side.client.api, side.prefix(), nodes()).count();
    return result;
}

void ChaosRun::setTrouble(const QString &trouble, const QList<QUrl> &nodes)
{
    for (const Side &side : m_sides)
        side.observer->setTrouble(trouble, nodes);
}

void ChaosRun::setMajority(bool stands)
{
    for (const Side &side : m_sides)
        side.observer->setMajority(stands);
}

bool ChaosRun::inflict(const Fault &fault)
{
    const int leader = m_etcd.waitForLeader();
    if (leader < 0)
        return false;
    if (fault.kind == Fault::Kind::MajorityLoss)
        return loseMajority(fault);

    int victim = fault.pick % 3;
    if (fault.kind == Fault::Kind::LeaderKill || fault.kind == Fault::Kind::LeaderHang)
        victim = leader;
    else if (fault.kind == Fault::Kind::Kill || fault.kind == Fault::Kind::Hang
             || fault.kind == Fault::Kind::LeaderMove)
        victim = (leader + 1 + fault.pick % 2) % 3;
    Relay &relay = *m_relays[size_t(victim)];

    const QString trouble = u"%1, node %2"_s.arg(nameOf(fault)).arg(victim + 1);
    say(trouble + u" (node %1 leads)"_s.arg(leader + 1));
    const auto begin = [&](const QList<int> &unwell) { setTrouble(trouble, nodes(unwell)); };
    const auto end = [&] {
        waitUntil(fault.to);
        say(u"over"_s);
        setTrouble(u"after "_s + trouble, nodes({victim}));
    };
    bool done = true;
    switch (fault.kind) {
    case Fault::Kind::Kill:
    case Fault::Kind::LeaderKill:
        begin({victim});
        done = m_etcd.kill(victim);
        end();
        done = m_etcd.restart(victim) && done;
        break;
    case Fault::Kind::Hang:
    case Fault::Kind::LeaderHang:
        begin({victim});
        m_etcd.suspend(victim);
        end();
        m_etcd.resume(victim);
        break;
    case Fault::Kind::LeaderMove:
        begin({});
        done = m_etcd.moveLeader(leader, victim);
        end();
        break;
    case Fault::Kind::DataLoss:
        begin({victim});
        m_etcd.wipe(victim);
        end();
        done = m_etcd.rejoin(victim);
        break;
    case Fault::Kind::Slow:
    case Fault::Kind::Swallow:
        begin({});
        relay.setMode(fault.kind == Fault::Kind::Slow ? Relay::Mode::Slow : Relay::Mode::Swallow);
        end();
        relay.setMode(Relay::Mode::Pass);
        break;
    case Fault::Kind::OtherApi:
    case Fault::Kind::OtherCluster:
    case Fault::Kind::WebServer:
        begin({});
        relay.setNode(
            quint16(fault.kind == Fault::Kind::OtherApi ? m_etcd.member(victim).peerUrl().port()
                    : fault.kind == Fault::Kind::OtherCluster ? m_other.endpoints().first().port()
                                                              : m_webServer.url().port()));
        end();
        relay.setNode(quint16(m_etcd.endpoints()[victim].port()));
        break;
    case Fault::Kind::MajorityLoss:
        break;
    }
    done = done && waitUntilWhole();
    setTrouble(u"after "_s + trouble, nodes());
    return done;
}

bool ChaosRun::loseMajority(const Fault &fault)
{
    const QList<int> victims{fault.pick % 3, (fault.pick + 1) % 3};
    const QString trouble = nameOf(fault);
    say(u"%1: nodes %2 and %3"_s.arg(trouble).arg(victims[0] + 1).arg(victims[1] + 1));
    const auto lost = Clock::now();
    setMajority(false);
    setTrouble(trouble, nodes(victims));
    bool done = true;
    for (const int victim : victims) {
        if (fault.kills())
            done = m_etcd.kill(victim) && done;
        else
            m_etcd.suspend(victim);
    }
    waitUntil(fault.to);

    std::vector<std::future<std::optional<Clock::time_point>>> writes;
    for (const Side &side : m_sides) {
        writes.push_back(
            std::async(std::launch::async, &Observer::firstWrite, side.client.api, nodes(), 30s));
    }
    say(u"over"_s);
    setTrouble(u"after "_s + trouble, nodes());
    for (const int victim : victims) {
        if (fault.kills())
            m_etcd.member(victim).start();
        else
            m_etcd.resume(victim);
    }
    const auto tried = [&] {
        return std::ranges::all_of(writes, [](const auto &write) {
            return write.wait_for(0s) == std::future_status::ready;
        });
    };
    (void)QTest::qWaitFor(tried, 40000);
    for (size_t i = 0; i < m_sides.size(); ++i) {
        const std::optional<Clock::time_point> written = writes[i].get();
        done = done && written;
        if (!written)
            continue;
        m_sides[i].recoveries += {.lost = lost, .firstWrite = *written};
        say(u"%1: first write at %2 s"_s.arg(m_sides[i].client.name(),
                                             seconds(between(m_start, *written))));
    }
    setMajority(true);
    return done && waitUntilWhole();
}

bool ChaosRun::waitUntilWhole()
{
    const auto whole = [this] {
        return m_etcd.isHealthy(0) && m_etcd.isHealthy(1) && m_etcd.isHealthy(2);
    };
    const bool done = QTest::qWaitFor(whole, 30000);
    say(done ? u"whole again"_s : u"not whole again"_s);
    return done;
}

ChaosResult ChaosRun::judge(const Side &side, const Observer::Findings &findings) const
{
    ChaosResult result;
    struct Group
    {
        int count = 0;
        Clock::time_point from, to;
        milliseconds longest{0};
    };
    std::map<QString, Group> groups;
    QSet<QByteArray> lost;
    for (const Absence &absence : findings.absences) {
        const auto recovery =
            std::ranges::find_if(side.recoveries, [&absence](const Recovery &recovery) {
                // Made again between two looks: the majority may have been lost between them, too
                const bool betweenLooks = absence.from == absence.seen;
                return (betweenLooks ? absence.to : absence.from) >= recovery.lost
                       && absence.seen <= recovery.firstWrite + recoveryLimit;
            });
        const milliseconds length = between(absence.from, absence.to);
        if (recovery != side.recoveries.end()) {
            result.backAfter =
                std::max(result.backAfter, between(recovery->firstWrite, absence.to));
        } else {
            lost.insert(absence.key);
            ++result.absences;
            result.longestAbsence = std::max(result.longestAbsence, length);
            result.totalAbsence += length;
        }
        Group &group = groups[absence.trouble];
        group.from = group.count ? std::min(group.from, absence.from) : absence.from;
        group.to = std::max(group.to, absence.to);
        group.longest = std::max(group.longest, length);
        ++group.count;
    }
    for (const auto &[trouble, group] : groups) {
        std::printf("absent: %4d keys, %s s to %s s, the longest for %s s: %s\n", group.count,
                    qPrintable(seconds(between(m_start, group.from))),
                    qPrintable(seconds(between(m_start, group.to))),
                    qPrintable(seconds(group.longest)), qPrintable(trouble));
    }
    result.lost = int(lost.size());
    result.looks = findings.looks;
    result.failedLooks = findings.failedLooks;
    result.longestBlind = findings.longestBlind;
    return result;
}

} // namespace EtcdRegistry
