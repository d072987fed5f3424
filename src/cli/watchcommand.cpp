// SPDX-License-Identifier: MIT
#include "watchcommand.h"

#include "output.h"
#include "plaintext.h"
#include "table.h"
#include "terminationsignals.h"

#include <QDateTime>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace EtcdRegistry::Cli {

/// v3 renewals are no events: whether one is late only its lease tells. More than so many would
/// keep the cluster busy.
constexpr qsizetype mostLeases = 1000;

static QString eventOf(Change::Kind kind)
{
    switch (kind) {
    case Change::Kind::Joined:
        return u"joined"_s;
    case Change::Kind::Changed:
        return u"changed"_s;
    case Change::Kind::Left:
        return u"left"_s;
    case Change::Kind::Expired:
        return u"expired"_s;
    case Change::Kind::Gone:
        return u"gone"_s;
    case Change::Kind::Renewed:
    case Change::Kind::Looked:
    case Change::Kind::Forgotten:
        break;
    }
    return {};
}

WatchCommand::WatchCommand(const Options &options)
    : Command(options)
    , m_live(options.connection)
{
    connect(&m_live, &LiveRegistry::began, this, &WatchCommand::begin);
    connect(&m_live, &LiveRegistry::changed, this, &WatchCommand::apply);
    connect(&m_live, &LiveRegistry::looked, this, [this](auto at) { m_looked = at; });
    connect(&m_live, &LiveRegistry::statusChanged, this, &WatchCommand::tellStatus);
    connect(&m_live, &LiveRegistry::happened, this, &WatchCommand::tellEvent);
    connect(&m_lateTimer, &QTimer::timeout, this, &WatchCommand::tellLate);
}

void WatchCommand::start()
{
    auto *termination = new TerminationSignals(this);
    connect(termination, &TerminationSignals::received, this,
            [this] { finish(m_options.until.isEmpty() ? Done : NothingFound); });
    if (m_options.lasts)
        QTimer::singleShot(*m_options.lasts, this, &WatchCommand::end);
    m_live.start();
}

/// Nothing has come that it was to wait for, if it was to wait for anything.
void WatchCommand::end()
{
    if (m_begun)
        return finish(m_options.until.isEmpty() ? Done : NothingFound);
    if (!m_complained)
        complain(tr("%1 has not answered yet.").arg(m_options.connection.toString()));
    finish(Failed);
}

bool WatchCommand::isWanted(const Instance &instance) const
{
    return m_options.name().isEmpty() || instance.service == m_options.name();
}

void WatchCommand::begin(const QList<LiveInstance> &instances)
{
    m_begun = true;
    for (const LiveInstance &live : instances) {
        if (isWanted(*live.instance))
            m_instances.insert(live.instance->key, live);
    }
    if (m_options.verbose) {
        complain(tr("Watching %1 on %2.")
                     .arg(Layout::prefix(m_options.connection.nameSpace, m_options.name()),
                          m_options.connection.toString()));
    }
    if (m_options.until == "joined"_L1 && !m_instances.isEmpty())
        return tell(u"joined"_s, *m_instances.cbegin()->instance);
    lookAtLeases();
    m_lateTimer.start(200ms);
}

void WatchCommand::apply(const QList<Change> &changes)
{
    bool other = false;
    for (const Change &change : changes) {
        const Instance &instance = *change.live.instance;
        if (!isWanted(instance))
            continue;
        if (isGone(change.kind)) {
            m_instances.remove(instance.key);
            m_late.remove(instance.key);
        } else {
            m_instances.insert(instance.key, change.live);
        }
        if (!isNews(change.kind))
            continue;
        other = true;
        tell(eventOf(change.kind), instance, &change);
    }
    if (other)
        lookAtLeases();
}

void WatchCommand::lookAtLeases()
{
    m_live.setOnScreen(m_instances.size() > mostLeases ? QStringList() : m_instances.keys());
}

void WatchCommand::tellLate()
{
    for (const LiveInstance &live : std::as_const(m_instances)) {
        const QString &key = live.instance->key;
        const auto due = beatDue(live);
        const bool late = due && lookedAt(*live.instance, m_looked) >= *due;
        if (!late)
            m_late.remove(key);
        else if (!m_late.contains(key)) {
            m_late.insert(key);
            tell(u"late"_s, *live.instance);
        }
    }
}

void WatchCommand::tellStatus(const LiveStatus &status)
{
    using Freshness = LiveStatus::Freshness;
    const Freshness before = std::exchange(m_freshness, status.freshness);
    if (status.freshness == Freshness::Live && before == Freshness::Stale)
        complain(tr("%1 answers again.").arg(status.endpoint));
    if (!status.error)
        return;
    if (status.freshness == Freshness::Connecting && !status.error->retryable())
        return fail(*status.error);
    if (status.freshness == before && before != Freshness::Connecting)
        return;
    if (status.freshness == Freshness::Stale || status.freshness == Freshness::Connecting)
        complain(status.error->message() + u' ' + tr("It is tried again."));
    m_complained = true;
}

void WatchCommand::tellEvent(const LiveEvent &event)
{
    switch (event.kind) {
    case LiveEvent::Kind::HeldBack:
        return complain(tr("Live by looking each 2 s: something between here and etcd holds back "
                           "events (a proxy that buffers?)."));
    case LiveEvent::Kind::Streaming:
        return complain(tr("Live by events again, from %1.").arg(event.endpoint));
    case LiveEvent::Kind::Replaced:
        return complain(tr("This is another cluster now, set up anew at the same addresses. All "
                           "was listed again."));
    default:
        return;
    }
}

/// What has gone has left or expired.
bool WatchCommand::ends(const QString &event) const
{
    const QString &until = m_options.until;
    return event == until || (event == "gone"_L1 && (until == "left"_L1 || until == "expired"_L1));
}

void WatchCommand::tell(const QString &event, const Instance &instance, const Change *change)
{
    if (isFinished())
        return;
    using Output = Options::Output;
    const QString time = QDateTime::currentDateTime().toString(Qt::ISODateWithMs);
    const Instance *before =
        change && change->kind == Change::Kind::Changed ? change->before.get() : nullptr;
    const std::chrono::milliseconds away = change ? change->away.value_or(0ms) : 0ms;
    QByteArray line;
    if (m_options.output == Output::Json || m_options.output == Output::JsonLines) {
        const auto document = [](const Instance &of) {
            return of.problem == Instance::Problem::NotAnObject
                       ? Json::quoted(QString::fromUtf8(of.document))
                       : Json::compact(of.document);
        };
        Json::Fields fields{{u"time"_s, Json::quoted(time)},
                            {u"event"_s, Json::quoted(event)},
                            {u"namespace"_s, Json::quoted(instance.nameSpace)},
                            {u"name"_s, Json::quoted(instance.service)},
                            {u"url"_s, Json::quoted(instance.url)},
                            {u"key"_s, Json::quoted(instance.key)},
                            {u"document"_s, document(instance)}};
        if (before)
            fields.append({u"before"_s, document(*before)});
        if (away > 0ms)
            fields.append({u"awayMs"_s, QByteArray::number(qint64(away.count()))});
        line = plainJson(Json::object(fields));
    } else if (m_options.output == Output::Names) {
        line = plainText(instance.service).toUtf8();
    } else {
        const QString path = instance.nameSpace.isEmpty()
                                 ? instance.service
                                 : instance.nameSpace + u'/' + instance.service;
        const QString back =
            away > 0ms ? tr("  (back after %1 s)").arg(double(away.count()) / 1000, 0, 'f', 1)
                       : QString();
        line = plainText(u"%1  %2  %3  %4%5"_s.arg(time, event.leftJustified(7), path, instance.url,
                                                   back))
                   .toUtf8();
    }
    if (!print(line + '\n'))
        finish(Failed);
    else if (!hasReader() || ends(event))
        finish(Done);
}

} // namespace EtcdRegistry::Cli
