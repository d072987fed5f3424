// SPDX-License-Identifier: MIT
#include "detailspanel.h"

#include "documentview.h"
#include "durationtext.h"
#include "factsview.h"
#include "presencestrip.h"
#include "session.h"
#include "signlabel.h"

#include <QAbstractTextDocumentLayout>
#include <QHBoxLayout>
#include <QStackedLayout>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

namespace {

QString timeText(Instance::Clock::time_point when)
{
    const auto ago =
        std::chrono::duration_cast<std::chrono::milliseconds>(Instance::Clock::now() - when);
    const QDateTime time = QDateTime::currentDateTime().addMSecs(-ago.count());
    return time.date() == QDate::currentDate()
               ? DetailsPanel::tr("today %1").arg(QLocale().toString(time.time(), u"HH:mm:ss"_s))
               : QLocale().toString(time, QLocale::ShortFormat);
}

QString firstSeenText(const LiveInstance &live)
{
    const QString text = timeText(live.firstSeen);
    return live.older ? DetailsPanel::tr("%1, when this window connected").arg(text) : text;
}

QString changedText(const LiveInstance &live)
{
    if (live.changed != Instance::Clock::time_point() && live.changed > live.firstSeen)
        return timeText(live.changed);
    return live.older ? DetailsPanel::tr("not since this window connected")
                      : DetailsPanel::tr("not since it joined");
}

QString beatsText(const LiveInstance &live)
{
    using namespace std::chrono_literals;
    if (!live.instance->hasTtl)
        return DetailsPanel::tr("none, as it has no TTL");
    const QString note = live.instance->api == Api::V3
                             ? DetailsPanel::tr("; v3 tells of beats only while it is in sight")
                             : QString();
    if (!hasCadence(live))
        return DetailsPanel::tr("not known yet") + note;
    const double perMinute = 60'000.0 / double(live.cadence.count());
    return DetailsPanel::tr("%1 a minute, every %2")
               .arg(QLocale().toString(perMinute, 'f', perMinute < 9.95 ? 1 : 0),
                    durationText(live.cadence))
           + note;
}

QString leaseText(const Instance &instance)
{
    if (instance.api == Api::V2 && instance.hasTtl)
        return DetailsPanel::tr("none, the v2 store has a TTL for each key");
    if (!instance.lease)
        return DetailsPanel::tr("none");
    const QString id = QString::number(quint64(instance.lease), 16);
    return instance.ttl
               ? DetailsPanel::tr("%1, granted for %2").arg(id, durationText(*instance.ttl))
               : id;
}

} // namespace

DetailsPanel::DetailsPanel(Session &session, const Presence &presence, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_presence(presence)
    , m_stack(new QStackedLayout(this))
    , m_splitter(new QSplitter)
    , m_document(new DocumentView)
    , m_state(new SignLabel)
    , m_facts(new FactsView)
    , m_stripLabel(new QLabel(tr("Last hour")))
    , m_strip(new PresenceStrip)
{
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Base);
    auto *hint = new QLabel(tr("Choose an instance to see its document."));
    hint->setAlignment(Qt::AlignCenter);
    hint->setForegroundRole(QPalette::PlaceholderText);

    m_stripLabel->setForegroundRole(QPalette::PlaceholderText);
    auto *hour = new QHBoxLayout;
    hour->setContentsMargins(2, 0, 0, 0); // as the cells of the facts have
    hour->setSpacing(0);
    hour->addWidget(m_stripLabel);
    hour->addWidget(m_strip);
    auto *right = new QWidget;
    auto *layout = new QVBoxLayout(right);
    layout->setContentsMargins(16, 10, 16, 10);
    layout->setSpacing(6);
    layout->addWidget(m_state);
    layout->addWidget(m_facts, 100);
    layout->addLayout(hour);
    layout->addStretch(1);
    // No higher than they need, for the strip to follow them; where room is short they scroll.
    connect(m_facts->document()->documentLayout(),
            &QAbstractTextDocumentLayout::documentSizeChanged, m_facts,
            [this](const QSizeF &size) { m_facts->setMaximumHeight(m_facts->heightFor(size)); });

    m_document->setAccessibleName(tr("Document"));
    m_facts->setAccessibleName(tr("Facts"));
    m_document->document()->setDocumentMargin(10);
    m_document->setPlaceholderText(tr("It has no document."));
    m_splitter->setHandleWidth(1);
    m_splitter->setChildrenCollapsible(false);
    m_splitter->addWidget(m_document);
    m_splitter->addWidget(right);
    m_splitter->setSizes({500, 500});
    m_stack->addWidget(hint);
    m_stack->addWidget(m_splitter);

    connect(&session, &Session::updated, this, &DetailsPanel::refresh);
    connect(&session, &Session::ticked, this, &DetailsPanel::refresh);
}

void DetailsPanel::setRow(const std::optional<Row> &row)
{
    const bool sameTimes = row && m_row && m_row->instance->key == row->instance->key
                           && m_row->firstSeen == row->firstSeen && m_row->changed == row->changed;
    m_row = row;
    m_here = row.has_value();
    m_stack->setCurrentIndex(row ? 1 : 0);
    if (!row)
        return;
    if (!sameTimes) { // made anew each time they would flicker with the noise between two clocks
        m_firstSeen = firstSeenText(*row);
        m_changed = changedText(*row);
    }
    m_document->setPlaceholderText(tr("It has no document."));
    m_document->setDocument(row->instance->document);
    showState();
    showFacts();
    showPresence();
}

void DetailsPanel::setGone(const QString &key, const QString &nameSpace, const QString &service)
{
    Row row;
    row.instance = std::make_shared<const Instance>(
        Instance{.nameSpace = nameSpace, .service = service, .key = key});
    row.older = true;
    m_row = row;
    m_here = false;
    m_stack->setCurrentIndex(1);
    m_document->setPlaceholderText(tr("Its document has gone with it."));
    m_document->setDocument({});
    showState();
    m_facts->setFacts({{tr("Key"), key},
                       {tr("Namespace"), nameSpace.isEmpty() ? tr("none") : nameSpace},
                       {tr("Service"), service}});
    showPresence();
}

/// Five times a second: what has not changed is not shown again.
void DetailsPanel::refresh()
{
    if (!m_row)
        return;
    if (const std::optional<Row> row = m_session.row(*m_row->instance))
        return setRow(row);
    m_here = false;
    showState();
    showPresence();
}

void DetailsPanel::showState()
{
    m_state->setSign(m_here ? std::optional(m_row->state) : std::nullopt);
    if (m_here)
        return m_state->setText(stateSentence(*m_row, m_session.now()));
    const auto how = m_session.howItWent(m_row->instance->key);
    const QString gone = how == Change::Kind::Left      ? tr("Gone: it has left.")
                         : how == Change::Kind::Expired ? tr("Gone: it has expired.")
                                                        : tr("Gone: it has left or expired.");
    m_state->setText(
        m_row->instance->document.isEmpty() ? gone : gone + u' ' + tr("This is what it was."));
}

void DetailsPanel::showFacts()
{
    const Instance &instance = *m_row->instance;
    m_facts->setFacts({
        {tr("Key"), instance.key},
        {tr("Owner"), m_row->ours ? tr("this window") : tr("someone else")},
        {tr("First seen"), m_firstSeen},
        {tr("Last changed"), m_changed},
        {tr("Beats"), beatsText(*m_row)},
        {tr("Revision"),
         tr("created %1, changed %2").arg(instance.createRevision).arg(instance.modRevision)},
        {tr("Lease"), leaseText(instance)},
    });
}

void DetailsPanel::showPresence()
{
    const auto now = m_session.now();
    const auto intoStep = now.time_since_epoch() % Presence::stepTime;
    const auto rest =
        std::chrono::duration_cast<std::chrono::milliseconds>(Presence::stepTime - intoStep);
    m_stripLabel->setFixedWidth(m_facts->labelWidth());
    m_strip->setSteps(m_presence.lastHour(*m_row, m_here, now),
                      QDateTime::currentDateTimeUtc().addMSecs(rest.count()));
}

} // namespace EtcdRegistry
