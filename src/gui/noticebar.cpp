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
{
    setObjectName(u"notice"_s);
    m_message->setSign(InstanceState::Broken);
    auto *dismiss = new QPushButton(tr("&Got it"));
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(12, 6, Theme::cellPadding, 6);
    layout->addWidget(m_message, 1, Qt::AlignVCenter);
    layout->addWidget(m_next);
    layout->addWidget(dismiss);
    hide();
    connect(dismiss, &QPushButton::clicked, this, &QWidget::hide);
    connect(m_next, &QPushButton::clicked, this, [this] {
        hide();
        const auto action = m_action; // it may show the next notice
        action();
    });
}

void NoticeBar::show(const QString &message, const QString &nextStep, std::function<void()> action)
{
    m_message->setText(message);
    m_next->setText(nextStep);
    m_action = std::move(action);
    QFrame::show();
}

} // namespace EtcdRegistry
