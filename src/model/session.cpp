// SPDX-License-Identifier: MIT
#include "session.h"

#include "batch.h"

#include <algorithm>

namespace EtcdRegistry {

using namespace std::chrono_literals;

namespace {

constexpr auto refreshInterval = 2000ms;
constexpr auto nodesInterval = 5000ms;
constexpr auto longestSilence = 2500ms; ///< between two listings, while all is well
constexpr auto tickInterval = 200ms;
constexpr auto fadeInterval = 40ms; ///< ticks while a row's ground fades
constexpr auto fadeTime = 500ms;
constexpr auto leavePatience = 3000ms;

/// So many v3 leases are asked for their time at each refresh even if nobody looks at them.
constexpr int freeLeases = 64;

template <typename T>
Result<void> withoutValue(const Result<T> &result)
{
    return result ? Result<void>() : Result<void>(result.error());
}

Rows merged(const Rows &known, const QList<Instance> &listed, Session::Clock::time_point now,
            bool first)
{
    Rows rows;
    for (const Instance &instance : listed) {
        const auto found = std::lower_bound(
            known.begin(), known.end(), instance,
            [](const Row &row, const Instance &i) { return instanceLess(*row.instance, i); });
        const bool same = found != known.end() && found->instance->key == instance.key;
        rows.append(
            Row{continued(same ? LiveInstance(*found) : LiveInstance(), instance, now, first)});
    }
    return rows;
}

} // namespace

Session::Session(const ConnectionString &connection, QObject *parent)
    : QObject(parent)
    , m_registry(connection)
{
    m_refreshTimer.setSingleShot(true);
    m_registrationsTimer.setSingleShot(true);
    m_leaveTimer.setSingleShot(true);
    m_registrationsTimer.setInterval(50ms); // many change at once when their lease is beaten
    connect(&m_refreshTimer, &QTimer::timeout, this, &Session::refresh);
    connect(&m_tickTimer, &QTimer::timeout, this, &Session::tick);
    connect(&m_registrationsTimer, &QTimer::timeout, this, &Session::updateRegistrations);
    connect(&m_leaveTimer, &QTimer::timeout, this, &Session::leavingTookTooLong);
    const auto later = [this] {
        if (!m_registrationsTimer.isActive())
            m_registrationsTimer.start();
    };
    connect(&m_registry, &Registry::registrationChanged, this, later);
    connect(&m_registry, &Registry::registrationRemoved, this, later);
    connect(&m_registry, &Registry::nodesChanged, this, &Session::nodesChanged);
}

Session::~Session() = default;

Session::Clock::time_point Session::now() const
{
    return m_paused ? m_pausedAt : std::min(Clock::now(), m_observed + longestSilence);
}

std::optional<Row> Session::row(const Instance &instance) const
{
    const auto found = std::lower_bound(
        rows().begin(), rows().end(), instance,
        [](const Row &row, const Instance &i) { return instanceLess(*row.instance, i); });
    return found == rows().end() || instanceLess(instance, *found->instance)
               ? std::nullopt
               : std::optional(*found);
}

std::optional<qint64> Session::ours(const QString &key) const
{
    const auto found = m_ours.find(key);
    return found == m_ours.end() ? std::nullopt : std::optional(*found);
}

QSet<QString> Session::ourKeys() const
{
    return QSet(m_ours.keyBegin(), m_ours.keyEnd());
}

Instance Session::instanceOf(const Registration &registration) const
{
    const Entry entry{.key = registration.key,
                      .value = registration.document,
                      .lease = registration.lease,
                      .hasTtl = true};
    return Layout::decode(entry, m_cluster ? m_cluster->api : Api::V2, now());
}

void Session::start()
{
    m_registry.setNodesInterval(nodesInterval);
    m_tickTimer.start(tickInterval);
    refresh();
}

void Session::refresh()
{
    if (std::exchange(m_refreshing, true)) {
        m_refreshAgain = true;
        return;
    }
    m_refreshTimer.stop();
    m_registry.open().then(this, [this](const Result<Cluster> &cluster) {
        if (!cluster)
            return ended(cluster.error());
        m_cluster = *cluster;
        m_registry.list().then(this, [this](const Result<Snapshot> &result) { listed(result); });
    });
}

void Session::listed(const Result<Snapshot> &result)
{
    const QList<Instance> asked = result ? toAskForTime(result->instances) : QList<Instance>();
    if (asked.isEmpty())
        return ended(result);
    m_registry.withTimeToLive(asked).then(
        this, [this, snapshot = *result](const Result<QList<Instance>> &answers) mutable {
            // Without the answers the listing is still worth showing; it just claims less.
            auto to = snapshot.instances.begin();
            for (const Instance &answer : answers ? *answers : QList<Instance>()) {
                to = std::lower_bound(to, snapshot.instances.end(), answer, instanceLess);
                *to = answer;
            }
            ended(snapshot);
        });
}

/// Those on screen and those in trouble; all, if they are on few leases.
QList<Instance> Session::toAskForTime(const QList<Instance> &instances) const
{
    QSet<qint64> leases;
    for (const Instance &instance : instances) {
        if (instance.lease && !instance.expires)
            leases.insert(instance.lease);
    }
    QSet<QString> wanted = m_visibleKeys;
    for (const Row &row : rows()) {
        if (row.state == InstanceState::Late || row.state == InstanceState::Expiring)
            wanted.insert(row.instance->key);
    }
    QList<Instance> asked;
    for (const Instance &instance : instances) {
        if (instance.lease && !instance.expires
            && (leases.size() <= freeLeases || wanted.contains(instance.key)))
            asked.append(instance);
    }
    return asked;
}

void Session::ended(const Result<Snapshot> &result)
{
    m_refreshing = false;
    if (result) {
        apply(*result);
    } else {
        m_error = result.error();
        if (m_freshness == Freshness::Live)
            m_freshness = Freshness::Stale;
        Q_EMIT freshnessChanged();
    }
    m_refreshTimer.start(std::exchange(m_refreshAgain, false) ? 0ms : refreshInterval);
}

void Session::apply(const Snapshot &snapshot)
{
    m_error.reset();
    m_endpoint = snapshot.endpoint;
    m_observed = snapshot.observed;
    m_refreshedAt = QDateTime::currentDateTime();
    if (m_paused) {
        m_waiting = snapshot;
        const RowsUpdate waiting =
            updateOf(rows(), merged(rows(), snapshot.instances, m_observed, false));
        m_waitingChanges = int(waiting.added.size() + waiting.changed.size())
                           + int(std::ranges::count(waiting.newIndexes, -1));
    } else {
        show(snapshot);
    }
    m_freshness = Freshness::Live;
    Q_EMIT freshnessChanged();
}

void Session::show(const Snapshot &snapshot)
{
    update(merged(rows(), snapshot.instances, snapshot.observed,
                  m_freshness == Freshness::Connecting));
}

void Session::setPaused(bool paused)
{
    if (m_paused == paused)
        return;
    m_pausedAt = now();
    m_paused = paused;
    m_waitingChanges = 0;
    if (const auto waiting = std::exchange(m_waiting, std::nullopt))
        show(*waiting);
    Q_EMIT freshnessChanged();
}

void Session::tick()
{
    if (m_tickTimer.intervalAsDuration() == fadeInterval && now() > m_observed + fadeTime)
        m_tickTimer.start(tickInterval);
    update(rows());
    Q_EMIT ticked();
}

void Session::update(Rows rows)
{
    for (Row &row : rows) {
        row.ours = m_ours.contains(row.instance->key);
        row.state =
            stateOf(row, now(), row.instance->observed, m_pausedKeys.contains(row.instance->key));
    }
    m_update = std::make_shared<const RowsUpdate>(updateOf(this->rows(), std::move(rows)));
    Q_EMIT updated(m_update);
}

void Session::updateRegistrations()
{
    m_ours.clear();
    m_pausedKeys.clear();
    for (const Registration &registration : m_registry.registrations()) {
        m_ours.insert(registration.key, registration.id);
        if (registration.state == Registration::State::Paused)
            m_pausedKeys.insert(registration.key);
    }
    update(rows());
    Q_EMIT registrationsChanged();
}

void Session::setVisibleKeys(const QStringList &keys)
{
    m_visibleKeys = QSet(keys.begin(), keys.end());
}

Batch *Session::join(const QList<Service> &services)
{
    const auto step = [this, services](int i) {
        return m_registry.join(services[i]).then(this, &withoutValue<Registration>);
    };
    return watched(new Batch(int(services.size()), step, this));
}

Batch *Session::leave(const QStringList &keys)
{
    const auto step = [this, keys](int i) {
        return m_registry.remove(keys[i]).then(this, &withoutValue<bool>);
    };
    return watched(new Batch(int(keys.size()), step, this));
}

void Session::leaveAll()
{
    m_leaveTimer.start(leavePatience);
    m_registry.leaveAll().then(this, [this](const Result<void> &result) { leavingEnded(result); });
}

void Session::leavingEnded(const Result<void> &result)
{
    if (!m_leaveTimer.isActive())
        return; // it took too long, which was said already
    m_leaveTimer.stop();
    if (result)
        Q_EMIT leftAll();
    else
        Q_EMIT leavingFailed(tr("Not all could be left: %1 What remains expires by itself.")
                                 .arg(result.error().message()));
}

void Session::leavingTookTooLong()
{
    QStringList names;
    for (const Registration &registration : m_registry.registrations())
        names.append(registration.service.name);
    Q_EMIT leavingFailed(tr("No answer in time: %1 may still be registered. What remains expires "
                            "by itself.")
                             .arg(names.join(tr(", "))));
}

/// The effect of a command is to be seen at once, even if only a part of it succeeded.
Batch *Session::watched(Batch *batch)
{
    connect(batch, &Batch::finished, this, &Session::refresh);
    connect(batch, &Batch::failed, this, &Session::refresh);
    return batch;
}

} // namespace EtcdRegistry
