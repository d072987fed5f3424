// SPDX-License-Identifier: MIT
#include "journal.h"

#include <QStandardPaths>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using std::chrono::duration_cast;
using std::chrono::milliseconds;
using Kind = JournalEntry::Kind;
using What = JournalEntry::What;

namespace {

constexpr auto batchTime = 100ms;
constexpr int loaded = 1000; ///< entries
constexpr auto flappingTime = 10min;
constexpr size_t flappingJoins = 3;
constexpr qsizetype mostRejoins = 20'000; ///< keys that are watched for flapping
/// So long after we let go of a key its end is ours: the store tells of it a moment later.
constexpr auto leavingTime = 10s;
/// What we delete of others comes back with their next beat.
constexpr auto comingBackTime = 60s;

qint64 msOf(Instance::Clock::duration duration)
{
    return duration_cast<milliseconds>(duration).count();
}

/// What makes wall time, in ms, of the monotonic clock's.
qint64 wallOffset()
{
    return QDateTime::currentMSecsSinceEpoch() - msOf(Instance::Clock::now().time_since_epoch());
}

QDateTime wallTime(Instance::Clock::time_point time, qint64 offset)
{
    return QDateTime::fromMSecsSinceEpoch(offset + msOf(time.time_since_epoch())).toUTC();
}

Kind kindOf(Change::Kind kind)
{
    switch (kind) {
    case Change::Kind::Joined:
        return Kind::Joined;
    case Change::Kind::Changed:
    case Change::Kind::Renewed:
    case Change::Kind::Looked:
        return Kind::Changed;
    case Change::Kind::Left:
        return Kind::Left;
    case Change::Kind::Expired:
        return Kind::Expired;
    case Change::Kind::Gone:
    case Change::Kind::Forgotten:
        return Kind::Gone;
    }
    Q_UNREACHABLE();
}

What whatOf(LiveEvent::Kind kind)
{
    switch (kind) {
    case LiveEvent::Kind::Connected:
        return What::Connected;
    case LiveEvent::Kind::Moved:
        return What::Moved;
    case LiveEvent::Kind::Resynchronised:
        return What::Resynchronised;
    case LiveEvent::Kind::Repaired:
        return What::Repaired;
    case LiveEvent::Kind::CutOff:
        return What::CutOff;
    case LiveEvent::Kind::Recovered:
        return What::Recovered;
    case LiveEvent::Kind::Paced:
        return What::Paced;
    case LiveEvent::Kind::Streaming:
        return What::Streaming;
    case LiveEvent::Kind::HeldBack:
        return What::HeldBack;
    case LiveEvent::Kind::NoLeader:
        return What::NoLeader;
    case LiveEvent::Kind::Led:
        return What::Led;
    case LiveEvent::Kind::Replaced:
        return What::Replaced;
    }
    Q_UNREACHABLE();
}

JournalEntry entryOf(const Instance &instance, Kind kind, const QDateTime &time)
{
    return {.time = time,
            .kind = kind,
            .nameSpace = instance.nameSpace,
            .service = instance.service,
            .key = instance.key,
            .instance = !instance.host.isEmpty()  ? instance.host
                        : !instance.url.isEmpty() ? instance.url
                                                  : instance.key.section(u'/', -1)};
}

std::optional<milliseconds> durationOf(const Change &change)
{
    const LiveInstance &live = change.live;
    if (isGone(change.kind) && !live.older)
        return duration_cast<milliseconds>(change.at - live.firstSeen);
    if (change.kind == Change::Kind::Joined)
        return live.instance->hasTtl ? live.instance->ttl : milliseconds(0);
    return std::nullopt;
}

} // namespace

Journal::Journal(const QString &folder, const QString &cluster, qint64 limit, QObject *parent)
    : QObject(parent)
    , m_file(folder, cluster, limit)
    , m_timer(this) // to go with it into another thread
{
    m_timer.setSingleShot(true);
    m_timer.setInterval(batchTime);
    connect(&m_timer, &QTimer::timeout, this, &Journal::flush);
}

Journal::~Journal()
{
    write(m_waiting);
}

QString Journal::defaultFolder()
{
    return QStandardPaths::writableLocation(QStandardPaths::AppDataLocation) + "/journal"_L1;
}

void Journal::load()
{
    QList<JournalEntry> entries;
    const QList<QByteArray> lines = m_file.lastLines(loaded);
    for (const QByteArray &line : lines) {
        if (auto entry = JournalEntry::fromJson(line)) // one that was cut off is none
            entries.append(std::move(*entry));
    }
    if (!entries.isEmpty())
        Q_EMIT recorded(entries);
}

void Journal::record(JournalEntry entry)
{
    m_waiting.append(std::move(entry));
    if (!m_timer.isActive())
        m_timer.start();
}

void Journal::flush()
{
    m_timer.stop();
    if (m_waiting.isEmpty())
        return;
    const QList<JournalEntry> entries = std::exchange(m_waiting, {});
    write(entries);
    Q_EMIT recorded(entries + std::exchange(m_waiting, {}));
}

void Journal::write(const QList<JournalEntry> &entries)
{
    if (entries.isEmpty())
        return;
    QByteArray lines;
    lines.reserve(entries.size() * 300);
    for (const JournalEntry &entry : entries)
        lines.append(entry.toJson()).append('\n');
    m_unwritten += lines;
    if (!m_hasSeen) // a failed attempt to connect leaves no file
        return;
    const QString error = m_file.append(std::exchange(m_unwritten, {}));
    if (m_writes && !error.isEmpty())
        m_waiting.append({.time = QDateTime::currentDateTimeUtc(),
                          .kind = Kind::Watch,
                          .what = What::NotWritten,
                          .error = Error{.code = Error::Code::OutOfSpace, .detail = error}});
    m_writes = error.isEmpty();
}

void Journal::recordChanges(const QList<Change> &changes)
{
    m_hasSeen = true;
    const qint64 offset = wallOffset();
    for (const Change &change : changes) {
        if (isNews(change.kind))
            recordChange(change, offset);
    }
}

void Journal::recordChange(const Change &change, qint64 clockOffset)
{
    const Instance &instance = *change.live.instance;
    JournalEntry entry = entryOf(instance, kindOf(change.kind), wallTime(change.at, clockOffset));
    entry.ours = isOurs(entry.key, change.at);
    entry.duration = durationOf(change);
    if (const auto removed = m_removed.constFind(entry.key); removed != m_removed.cend()) {
        const bool soon = change.at - *removed < comingBackTime;
        if (soon && change.kind == Change::Kind::Joined) {
            entry.what = What::PutBack;
            entry.duration = duration_cast<milliseconds>(change.at - *removed);
        } else if (soon && isGone(change.kind)) {
            entry.what = What::LeftHere;
        }
        if (!soon || change.kind == Change::Kind::Joined)
            m_removed.erase(removed);
    }
    if (change.kind == Change::Kind::Changed && change.before)
        entry.difference = documentDifference(change.before->document, instance.document);
    record(entry);
    if (change.kind != Change::Kind::Changed)
        watchFlapping(change, entry);
}

void Journal::expectLeave(const QString &key)
{
    const auto now = Clock::now();
    m_removed.removeIf([now](auto each) { return now - each.value() > comingBackTime; });
    if (!m_ours.contains(key))
        m_removed.insert(key, now);
}

bool Journal::isOurs(const QString &key, Clock::time_point at) const
{
    const auto found = m_ours.find(key);
    return found != m_ours.end() && at <= *found;
}

/// Only keys that have gone are watched: most joins are of new ones, and cost nothing here.
void Journal::watchFlapping(const Change &change, const JournalEntry &entry)
{
    const auto forget = [this, &change] {
        m_rejoinsPruned = change.at;
        m_rejoins.removeIf([&](auto each) { return change.at - each.value().last > flappingTime; });
    };
    if (change.at - m_rejoinsPruned > 1min)
        forget();
    auto found = m_rejoins.find(entry.key);
    if (isGone(change.kind) && found == m_rejoins.end() && m_rejoins.size() < mostRejoins)
        found = m_rejoins.insert(entry.key, {});
    if (found == m_rejoins.end())
        return;
    if (change.at - found->last > flappingTime)
        *found = {}; // it has been calm
    found->last = change.at;
    if (isGone(change.kind))
        return;
    std::erase_if(found->joins, [&](auto join) { return change.at - join > flappingTime; });
    found->joins.push_back(change.at);
    if (found->joins.size() < flappingJoins || std::exchange(found->told, true))
        return;
    JournalEntry flapping = entry;
    flapping.kind = Kind::Flapping;
    flapping.duration.reset();
    flapping.count = int(found->joins.size());
    record(flapping);
}

void Journal::recordLate(const LiveInstance &live, Clock::time_point at)
{
    JournalEntry entry = entryOf(*live.instance, Kind::Late, wallTime(at, wallOffset()));
    entry.ours = isOurs(entry.key, at);
    if (hasCadence(live))
        entry.duration = live.cadence;
    record(entry);
}

void Journal::recordEvent(const LiveEvent &event)
{
    m_hasSeen = m_hasSeen || event.kind == LiveEvent::Kind::Connected;
    record({.time = wallTime(event.at, wallOffset()),
            .kind = Kind::Watch,
            .what = whatOf(event.kind),
            .instance = event.endpoint.section("://"_L1, -1),
            .count = event.count,
            .error = event.error});
}

void Journal::recordWhat(Kind kind, What what, const QString &who,
                         const std::optional<Error> &error)
{
    record({.time = QDateTime::currentDateTimeUtc(),
            .kind = kind,
            .what = what,
            .instance = who,
            .error = error});
}

// ---- what is ours

void Journal::recordOurs(What what, const Registration &registration)
{
    const Entry stored{.key = registration.key, .value = registration.document};
    JournalEntry entry =
        entryOf(Layout::decode(stored, Api::V2, {}), Kind::Ours, QDateTime::currentDateTimeUtc());
    entry.what = what;
    entry.ours = true;
    if (what == What::BeatFailed || what == What::Lost || what == What::NotJoined
        || what == What::NotLeft)
        entry.error = registration.lastError;
    record(entry);
}

void Journal::recordRegistrations(const QList<Registration> &registrations)
{
    m_hasSeen = true;
    for (const Registration &registration : registrations)
        recordRegistration(registration);
}

/// That it has joined and left the store itself tells.
void Journal::recordRegistration(const Registration &registration)
{
    using State = Registration::State;
    using Cause = Registration::Cause;
    const Registration known = std::exchange(m_registrations[registration.id], registration);
    if (registration.isHeld()) {
        if (known.id == 0)
            m_ours.insert(registration.key, Clock::time_point::max());
    } else {
        m_registrations.remove(registration.id);
        m_ours.removeIf([now = Clock::now()](auto each) { return each.value() < now; });
        m_ours.insert(registration.key, Clock::now() + leavingTime);
    }
    if (registration.contested && !known.contested)
        recordOurs(What::TwoOwners, registration); // and no more of its to and fro
    if (registration.rejoins > known.rejoins && !known.contested)
        recordOurs(What::Rejoined, registration);
    if (registration.state == known.state)
        return;
    switch (registration.state) {
    case State::Paused:
        return recordOurs(What::BeatPaused, registration);
    case State::Late:
        return recordOurs(known.state == State::Paused              ? What::BeatResumed
                          : registration.cause == Cause::BeatFailed ? What::BeatFailed
                                                                    : What::BeatOverdue,
                          registration);
    case State::Lost:
        return recordOurs(What::Lost, registration);
    case State::Rejoining:
        if (registration.cause != Cause::Expired && !registration.contested) // told already
            recordOurs(registration.cause == Cause::LeaseGone       ? What::LeaseRevoked
                       : registration.cause == Cause::DirectoryGone ? What::DirectoryGone
                                                                    : What::KeyTaken,
                       registration);
        return;
    case State::Alive:
        // Of one that was paused or has gone it was told already.
        if (registration.rejoins == known.rejoins
            && ((known.state == State::Late && known.cause != Cause::Asked)
                || known.state == State::Lost))
            recordOurs(What::BeatsAgain, registration);
        return;
    case State::Left:
        if (registration.cause != Cause::Asked)
            recordOurs(What::LetGo, registration);
        return;
    case State::Failed:
        return recordOurs(known.state == State::Joining ? What::NotJoined : What::NotLeft,
                          registration);
    case State::Joining:
    case State::Leaving:
        return;
    }
}

void Journal::recordLeftAgain(const Registration &registration)
{
    recordOurs(What::LeftAgain, registration);
}

// ---- nodes

void Journal::recordNode(const Node &node)
{
    if (!node.asked)
        return;
    const QString who = node.endpoint.authority();
    const auto known = m_nodes.constFind(node.endpoint);
    const bool answered = known == m_nodes.constEnd() || known->reachable;
    if (node.reachable != answered)
        recordWhat(Kind::Node, node.reachable ? What::Answers : What::NoAnswer, who,
                   node.reachable ? std::nullopt : node.lastError);
    m_nodes.insert(node.endpoint, node);
    if (!node.leader || !node.reachable || m_leader == node.endpoint)
        return;
    if (!m_leader.isEmpty()) // the first one has led before we asked
        recordWhat(Kind::Node, What::Leads, who);
    m_leader = node.endpoint;
}

} // namespace EtcdRegistry
