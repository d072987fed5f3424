// SPDX-License-Identifier: MIT
#include "statusline.h"

#include "durationtext.h"
#include "elidedlabel.h"
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

QString timeText(const QDateTime &time)
{
    return QLocale().toString(time.time(), u"HH:mm:ss"_s);
}

Freshness freshnessOf(const Session &session)
{
    if (session.freshness() == Session::Freshness::Stale) {
        return {InstanceState::Late,
                StatusLine::tr("Stale since %1: %2")
                    .arg(timeText(session.refreshedAt()),
                         session.error() ? session.error()->message() : QString())};
    }
    if (session.isPaused()) {
        const int waiting = session.waitingChanges();
        return {InstanceState::Paused,
                waiting == 1 ? StatusLine::tr("Paused, 1 change waits")
                             : StatusLine::tr("Paused, %1 changes wait").arg(waiting)};
    }
    if (session.freshness() == Session::Freshness::Connecting)
        return {{}, StatusLine::tr("Connecting...")};
    const std::chrono::milliseconds age(
        session.refreshedAt().msecsTo(QDateTime::currentDateTime()));
    return {InstanceState::Alive, StatusLine::tr("Live, refreshed %1 ago").arg(durationText(age))};
}

QString clusterText(const Session &session)
{
    QStringList parts;
    if (!session.endpoint().isEmpty())
        parts << StatusLine::tr("%1 answers").arg(QUrl(session.endpoint()).authority());
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
    , m_retry(new QPushButton(tr("Retry")))
    , m_resume(new QPushButton(tr("Resume")))
    , m_cluster(new QLabel)
{
    setSizeGripEnabled(false);
    auto *line = new QWidget;
    auto *layout = new QHBoxLayout(line);
    layout->setContentsMargins(Theme::cellPadding, 0, Theme::cellPadding, 0);
    layout->setSpacing(4);
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

void StatusLine::show(const Session &session)
{
    const Freshness freshness = freshnessOf(session);
    const bool stale = session.freshness() == Session::Freshness::Stale;
    m_sign->setSign(freshness.sign);
    m_freshness->setText(freshness.text);
    m_retry->setVisible(stale);
    m_resume->setVisible(session.isPaused() && !stale);
    m_cluster->setText(clusterText(session));
}

} // namespace EtcdRegistry
