// SPDX-License-Identifier: MIT
#include "noticebar.h"

#include "signlabel.h"
#include "theme.h"

#include <QHBoxLayout>
#include <QPushButton>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

NoticeBar::NoticeBar(QWidget *parent)
    : QFrame(parent)
    , m_message(new SignLabel)
    , m_next(new QPushButton)
    , m_dismiss(new QPushButton(tr("&Got it")))
{
    setObjectName(u"notice"_s);
    m_message->setSign(InstanceState::Broken);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(12, 6, Theme::cellPadding, 6);
    layout->addWidget(m_message, 1, Qt::AlignVCenter);
    layout->addWidget(m_next);
    layout->addWidget(m_dismiss);
    hide();
    connect(m_dismiss, &QPushButton::clicked, this, &NoticeBar::showState);
    connect(m_next, &QPushButton::clicked, this, [this] {
        showState();
        const auto action = m_action; // it may show the next notice
        action();
    });
}

void NoticeBar::show(const QString &message, const QString &nextStep, std::function<void()> action)
{
    m_message->setText(message);
    m_next->setText(nextStep);
    m_action = std::move(action);
    m_next->show();
    m_dismiss->show();
    QFrame::show();
}

void NoticeBar::setState(const QString &state)
{
    if (m_state == state)
        return;
    m_state = state;
    if (isHidden() || m_next->isHidden()) // else it waits until that is dismissed
        showState();
}

void NoticeBar::showState()
{
    m_next->hide();
    m_dismiss->hide();
    m_message->setText(m_state);
    setVisible(!m_state.isEmpty());
}

} // namespace EtcdRegistry
