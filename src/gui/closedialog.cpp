// SPDX-License-Identifier: MIT
#include "closedialog.h"

#include "theme.h"

#include <QDialogButtonBox>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace EtcdRegistry {

namespace {

constexpr int dialogWidth = 460;

} // namespace

CloseDialog::CloseDialog(int held, const QString &clusterName, QWidget *parent)
    : QDialog(parent)
{
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Close"));

    auto *question = new QLabel(
        held == 1
            ? tr("This window keeps 1 registration alive on %1.").arg(clusterName)
            : tr("This window keeps %1 registrations alive on %2.").arg(held).arg(clusterName));
    QFont strong = question->font();
    strong.setWeight(QFont::DemiBold);
    question->setFont(strong);
    auto *choice = new QLabel(
        held == 1 ? tr("Leave it, so that it is gone at once, or let it expire, so that clients "
                       "see it until its TTL has run out, as after a crash?")
                  : tr("Leave them, so that they are gone at once, or let them expire, so that "
                       "clients see them until their TTL has run out, as after a crash?"));
    for (QLabel *label : {question, choice}) {
        label->setTextFormat(Qt::PlainText);
        label->setWordWrap(true);
    }

    auto *buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    auto *expire = buttons->addButton(held == 1 ? tr("Let it expire") : tr("Let them expire"),
                                      QDialogButtonBox::DestructiveRole);
    auto *leave =
        buttons->addButton(held == 1 ? tr("Leave and close") : tr("Leave %1 and close").arg(held),
                           QDialogButtonBox::AcceptRole);
    leave->setDefault(true);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(leave, &QPushButton::clicked, this, [this] {
        accept();
        Q_EMIT leaveChosen();
    });
    connect(expire, &QPushButton::clicked, this, [this] {
        accept();
        Q_EMIT expireChosen();
    });

    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(Theme::dialogMargin, Theme::dialogMargin, Theme::dialogMargin,
                               Theme::dialogMargin);
    layout->setSpacing(12);
    layout->addWidget(question);
    layout->addWidget(choice);
    layout->addStretch();
    layout->addWidget(buttons);
    resize(dialogWidth, layout->totalHeightForWidth(dialogWidth));
    leave->setFocus();
}

} // namespace EtcdRegistry
