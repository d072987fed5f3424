// SPDX-License-Identifier: MIT
#include "session.h"

#include "batch.h"
#include "journal.h"
#include "rowkeeper.h"

#include <algorithm>

namespace EtcdRegistry {

using namespace std::chrono_literals;

namespace {

constexpr auto nodesInterval = 5000ms;
constexpr auto tickInterval = 200ms;
constexpr qsizetype mostGone = 20'000;

/// What tells one cluster's journal from another's: whoever is logged in.
QString journalName(ConnectionString connection)
{
    connection.user.clear();
    connection.password.clear();
    return connection.toString();
}

template <typename T>
Result<void> withoutValue(const Result<T> &result)
{
    return result ? Result<void>() : Result<void>(result.error());
}

} // namespace

Session::Session(const ConnectionString &connection, const QString &journalFolder, QObject *parent)
    : QObject(parent)
    , m_registry(connection)
    , m_live(new LiveRegistry(connection))
    , m_keeper(new RowKeeper)
    , m_journal(new Journal(journalFolder, journalName(connection)))
{
    startLiveThread();

    m_registrationsTimer.setSingleShot(true);
    m_registrationsTimer.setInterval(50ms); // many change at once when their lease is beaten
    connect(&m_tickTimer, &QTimer::timeout, this, &Session::ticked);
    connect(&m_registrationsTimer, &QTimer::timeout, this, &Session::updateRegistrations);
    const auto later = [this] {
        if (!m_registrationsTimer.isActive())
            m_registrationsTimer.start();
    };
    connect(&m_registry, &Registry::registrationsChanged, this, later);
    connect(&m_registry, &Registry::registrationRemoved, this, later);
    connect(&m_registry, &Registry::nodesChanged, this, [this] {
        for (const Node &node : nodes())
            Q_EMIT nodeSeen(node);
        Q_EMIT nodesChanged();
    });
}

void Session::startLiveThread()
{
    m_thread.setObjectName("live registry");
    m_journalThread.setObjectName("journal");
    const auto live = [](QObject *object, QThread &thread) {
        object->moveToThread(&thread);
        connect(&thread, &QThread::finished, object, &QObject::deleteLater);
    };
    live(m_live, m_thread);
    live(m_keeper, m_thread);
    live(m_journal, m_journalThread);
    connect(m_live, &LiveRegistry::began, m_keeper, &RowKeeper::begin);
    connect(m_live, &LiveRegistry::changed, m_keeper, &RowKeeper::apply);
    connect(m_live, &LiveRegistry::looked, m_keeper, &RowKeeper::setLooked);
    connect(m_live, &LiveRegistry::changed, this, &Session::remember);
    connect(m_live, &LiveRegistry::statusChanged, m_keeper, &RowKeeper::setStatus);
    connect(m_live, &LiveRegistry::statusChanged, this, &Session::setStatus);
    connect(m_keeper, &RowKeeper::updated, this, &Session::apply);
    connect(m_keeper, &RowKeeper::waiting, this, &Session::setWaiting);

    connect(m_live, &LiveRegistry::changed, m_journal, &Journal::recordChanges);
    connect(m_live, &LiveRegistry::happened, m_journal, &Journal::recordEvent);
    connect(m_keeper, &RowKeeper::late, m_journal, &Journal::recordLate);
    connect(&m_registry, &Registry::registrationsChanged, m_journal, &Journal::recordRegistrations);
    connect(&m_registry, &Registry::leftAgain, m_journal, &Journal::recordLeftAgain);
    connect(this, &Session::nodeSeen, m_journal, &Journal::recordNode);
    connect(m_journal, &Journal::recorded, &m_journalModel, &JournalModel::append);

    // Presence may be told in one thread and asked in another; it outlives them.
    const auto tell = [this](const auto &what) { m_presence.record(what); };
    connect(m_live, &LiveRegistry::changed, m_journal, tell);
    connect(m_live, &LiveRegistry::happened, m_journal, tell);
    connect(m_keeper, &RowKeeper::late, m_journal,
            [this](const LiveInstance &live, Clock::time_point at) {
                m_presence.recordLate(live, at);
            });
    m_journalThread.start();
    QMetaObject::invokeMethod(m_journal, &Journal::load);
    m_thread.start();
}

Session::~Session()
{
    m_thread.quit();
    m_thread.wait();
    // What that has told is written first.
    QMetaObject::invokeMethod(m_journal, [this] { m_journalThread.quit(); });
    m_journalThread.wait();
}

Session::Clock::time_point Session::now() const
{
    return m_paused ? m_pausedAt : m_status.time(Clock::now());
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
    return Layout::decode(entry, cluster() ? cluster()->api : Api::V2, now());
}

void Session::start()
{
    m_registry.setNodesInterval(nodesInterval);
    m_tickTimer.start(tickInterval);
    QMetaObject::invokeMethod(m_live, &LiveRegistry::start);
}

void Session::refresh()
{
    QMetaObject::invokeMethod(m_live, &LiveRegistry::refresh);
}

void Session::apply(const RowsUpdatePtr &update)
{
    m_update = update;
    Q_EMIT updated(update);
    // A timer's turn comes after all that this update made the window do, painting included.
    QTimer::singleShot(0, this, [this] { QMetaObject::invokeMethod(m_keeper, &RowKeeper::taken); });
}

void Session::remember(const QList<Change> &changes)
{
    for (const Change &change : changes) {
        if (!isGone(change.kind))
            continue;
        if (m_gone.size() >= mostGone)
            m_gone.clear();
        m_gone.insert(change.live.instance->key, change.kind);
    }
}

std::optional<Change::Kind> Session::howItWent(const QString &key) const
{
    const auto gone = m_gone.constFind(key);
    return gone == m_gone.cend() ? std::nullopt : std::optional(*gone);
}

void Session::setStatus(const LiveStatus &status)
{
    m_status = status;
    if (freshness() == Freshness::Live && rows().isEmpty() && !m_lookedElsewhere)
        lookElsewhere();
    Q_EMIT freshnessChanged();
}

/// Once: who has nothing here may have it there.
void Session::lookElsewhere()
{
    m_lookedElsewhere = true;
    m_registry.elsewhere().then(this, [this](const QStringList &found) {
        m_elsewhere = found.join(u' ');
        Q_EMIT freshnessChanged();
    });
}

void Session::setWaiting(int changes)
{
    if (!m_paused || m_waitingChanges == changes)
        return;
    m_waitingChanges = changes;
    Q_EMIT freshnessChanged();
}

void Session::setPaused(bool paused)
{
    if (m_paused == paused)
        return;
    m_pausedAt = now();
    m_paused = paused;
    m_waitingChanges = 0;
    QMetaObject::invokeMethod(m_keeper, [this, paused] { m_keeper->setPaused(paused); });
    Q_EMIT freshnessChanged();
}

void Session::updateRegistrations()
{
    m_ours.clear();
    QSet<QString> paused;
    for (const Registration &registration : m_registry.registrations()) {
        m_ours.insert(registration.key, registration.id);
        if (registration.state == Registration::State::Paused)
            paused.insert(registration.key);
    }
    QMetaObject::invokeMethod(
        m_keeper, [this, ours = ourKeys(), paused] { m_keeper->setOurs(ours, paused); });
    Q_EMIT registrationsChanged();
}

void Session::setVisibleKeys(const QStringList &keys)
{
    QMetaObject::invokeMethod(m_live, [this, keys] { m_live->setOnScreen(keys); });
}

Batch *Session::join(const QList<Service> &services)
{
    const auto step = [this, services](int i) {
        return m_registry.join(services[i]).then(this, &withoutValue<Registration>);
    };
    return new Batch(int(services.size()), step, this);
}

Batch *Session::leave(const QStringList &keys)
{
    const auto step = [this, keys](int i) {
        QMetaObject::invokeMethod(
            m_journal, [journal = m_journal, key = keys[i]] { journal->expectLeave(key); });
        return m_registry.remove(keys[i]).then(this, &withoutValue<bool>);
    };
    return new Batch(int(keys.size()), step, this);
}

void Session::leaveAll()
{
    Q_EMIT leaving();
    m_registry.shutDown().then(this, [this](const QList<Registration> &notLeft) {
        if (notLeft.isEmpty()) {
            Q_EMIT leftAll();
            return;
        }
        QStringList names;
        for (const Registration &registration : notLeft)
            names.append(registration.service.name);
        names.removeDuplicates();
        const std::optional<Error> &error = notLeft.first().lastError;
        Q_EMIT leavingFailed(
            tr("Could not be left: %1. %2 What remains expires by itself.")
                .arg(names.join(tr(", ")), error ? error->message() : tr("No answer in time.")));
    });
}

} // namespace EtcdRegistry
