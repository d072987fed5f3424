// SPDX-License-Identifier: MIT
#include "detailspanel.h"

#include "documentview.h"
#include "durationtext.h"
#include "factsview.h"
#include "session.h"
#include "signlabel.h"

#include <QStackedLayout>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

namespace {

QString firstSeenText(const Row &row)
{
    const auto ago = std::chrono::duration_cast<std::chrono::milliseconds>(Instance::Clock::now()
                                                                           - row.firstSeen);
    const QDateTime time = QDateTime::currentDateTime().addMSecs(-ago.count());
    const QString text =
        time.date() == QDate::currentDate()
            ? DetailsPanel::tr("today %1").arg(QLocale().toString(time.time(), u"HH:mm:ss"_s))
            : QLocale().toString(time, QLocale::ShortFormat);
    return row.older ? DetailsPanel::tr("%1, when this window connected").arg(text) : text;
}

QString leaseText(const Instance &instance)
{
    if (instance.api == Api::V2)
        return DetailsPanel::tr("none, the v2 store has a TTL for each key");
    if (!instance.lease)
        return DetailsPanel::tr("none");
    const QString id = QString::number(quint64(instance.lease), 16);
    return instance.ttl
               ? DetailsPanel::tr("%1, granted for %2").arg(id, durationText(*instance.ttl))
               : id;
}

} // namespace

DetailsPanel::DetailsPanel(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_stack(new QStackedLayout(this))
    , m_splitter(new QSplitter)
    , m_document(new DocumentView)
    , m_state(new SignLabel)
    , m_facts(new FactsView)
{
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Base);
    auto *hint = new QLabel(tr("Choose an instance to see its document."));
    hint->setAlignment(Qt::AlignCenter);
    hint->setForegroundRole(QPalette::PlaceholderText);

    auto *right = new QWidget;
    auto *layout = new QVBoxLayout(right);
    layout->setContentsMargins(16, 10, 16, 10);
    layout->setSpacing(8);
    layout->addWidget(m_state);
    layout->addWidget(m_facts, 1);

    m_document->setFrameShape(QFrame::NoFrame);
    m_document->document()->setDocumentMargin(10);
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
    m_row = row;
    m_stack->setCurrentIndex(row ? 1 : 0);
    if (!row)
        return;
    m_document->setDocument(row->instance->document);
    showFacts();
}

void DetailsPanel::refresh()
{
    if (!m_row)
        return;
    const std::optional<Row> row = m_session.row(*m_row->instance);
    if (row) {
        setRow(row);
    } else {
        m_state->setSign(std::nullopt);
        m_state->setText(tr("Gone: it has left or expired. This is what it was."));
    }
}

void DetailsPanel::showFacts()
{
    const Instance &instance = *m_row->instance;
    m_state->setSign(m_row->state);
    m_state->setText(stateSentence(*m_row, m_session.now()));
    m_facts->setFacts({
        {tr("Key"), instance.key},
        {tr("Owner"), m_row->ours ? tr("this window") : tr("someone else")},
        {tr("First seen"), firstSeenText(*m_row)},
        {tr("Revision"),
         tr("created %1, changed %2").arg(instance.createRevision).arg(instance.modRevision)},
        {tr("Lease"), leaseText(instance)},
    });
}

} // namespace EtcdRegistry
