// SPDX-License-Identifier: MIT
#include "statusline.h"

#include "durationtext.h"
#include "elidedlabel.h"
#include "plaintext.h"
#include "session.h"
#include "signlabel.h"
#include "theme.h"

#include <QHBoxLayout>
#include <QPushButton>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

namespace {

struct Freshness
{
    std::optional<InstanceState> sign;
    QString text;
};

/// How fresh it is; and by which means, where those are listings, which are always a little behind.
QString liveText(const Session &session)
{
    const LiveStatus &status = session.status();
    const auto age =
        std::chrono::duration_cast<std::chrono::milliseconds>(Session::Clock::now() - status.heard);
    if (status.means == LiveStatus::Means::Looks) {
        return StatusLine::tr("Live by looking each 2 s: something between here and etcd holds "
                              "back events (a proxy that buffers?)");
    }
    const QString text = status.means == LiveStatus::Means::Listings
                             ? StatusLine::tr("Live by listings, %1 behind")
                             : StatusLine::tr("Live, heard %1 ago");
    return text.arg(durationText(age));
}

Freshness freshnessOf(const Session &session)
{
    const LiveStatus &status = session.status();
    const QString why = status.error ? status.error->message() : QString();
    switch (status.freshness) {
    case LiveStatus::Freshness::Connecting:
        return {{}, StatusLine::tr("Connecting...")};
    case LiveStatus::Freshness::Stale:
        return {InstanceState::Late,
                StatusLine::tr("Stale since %1: %2")
                    .arg(QLocale().toString(status.heardAt.time(), u"HH:mm:ss"_s), why)};
    case LiveStatus::Freshness::CatchingUp:
        return {InstanceState::Expiring, why.isEmpty()
                                             ? StatusLine::tr("Catching up...")
                                             : StatusLine::tr("Catching up: %1").arg(why)};
    case LiveStatus::Freshness::Live:
        break;
    }
    if (session.isPaused()) {
        const int waiting = session.waitingChanges();
        return {InstanceState::Paused,
                waiting == 1
                    ? StatusLine::tr("Paused, 1 change waits")
                    : StatusLine::tr("Paused, %1 changes wait").arg(QLocale().toString(waiting))};
    }
    return {InstanceState::Alive, liveText(session)};
}

QString clusterText(const Session &session)
{
    QStringList parts;
    if (!session.status().endpoint.isEmpty()) {
        const bool stale = session.freshness() == Session::Freshness::Stale;
        parts << (stale ? StatusLine::tr("%1 answered last") : StatusLine::tr("%1 answers"))
                     .arg(QUrl(session.status().endpoint).authority());
    }
    const auto nodes = session.nodes().size();
    parts << (nodes == 1 ? StatusLine::tr("1 node") : StatusLine::tr("%1 nodes").arg(nodes));
    if (session.cluster()) {
        parts << StatusLine::tr("etcd %1").arg(session.cluster()->version);
        parts << (session.cluster()->api == Api::V2 ? StatusLine::tr("v2 store")
                                                    : StatusLine::tr("v3 store"));
    }
    return parts.join(u" · ");
}

} // namespace

StatusLine::StatusLine(QWidget *parent)
    : QStatusBar(parent)
    , m_sign(new SignLabel)
    , m_freshness(new ElidedLabel)
    , m_retry(new QPushButton(tr("Retr&y")))
    , m_resume(new QPushButton(tr("Resu&me")))
    , m_cluster(new QLabel)
{
    setSizeGripEnabled(false);
    for (QLabel *label : {static_cast<QLabel *>(m_freshness), m_cluster})
        label->setTextFormat(Qt::PlainText);
    auto *line = new QWidget;
    auto *layout = new QHBoxLayout(line);
    layout->setContentsMargins(Theme::cellPadding, 0, Theme::cellPadding, 0);
    layout->setSpacing(4);
    m_sign->setTextInteractionFlags(Qt::NoTextInteraction);
    m_sign->setFixedSize(18, fontMetrics().height());
    layout->addWidget(m_sign);
    layout->addWidget(m_freshness, 1);
    for (QPushButton *button : {m_retry, m_resume}) {
        button->setProperty("small", true);
        button->hide();
        layout->addWidget(button);
    }
    layout->addSpacing(12);
    layout->addWidget(m_cluster);
    addWidget(line, 1);
    setFixedHeight(Theme::rowHeight + 2);
    connect(m_retry, &QPushButton::clicked, this, &StatusLine::retryRequested);
    connect(m_resume, &QPushButton::clicked, this, &StatusLine::resumeRequested);
}

QString StatusLine::trouble(const Session &session)
{
    const std::optional<Error> &error = session.status().error;
    if (session.freshness() != Session::Freshness::Stale || !error
        || error->code != Error::Code::NoLeader)
        return {};
    return tr("No leader: most nodes of this cluster are away. Nothing expires, and nothing can be "
              "joined or left, until they are back. What is shown is from %1.")
        .arg(QLocale().toString(session.status().heardAt.time(), u"HH:mm:ss"_s));
}

void StatusLine::show(const Session &session)
{
    const Freshness freshness = freshnessOf(session);
    const bool stale = session.freshness() == Session::Freshness::Stale;
    m_sign->setSign(freshness.sign);
    m_freshness->setText(plainLine(freshness.text));
    m_retry->setVisible(stale);
    m_resume->setVisible(session.isPaused() && !stale);
    m_cluster->setText(plainText(clusterText(session), 120));
}

} // namespace EtcdRegistry
