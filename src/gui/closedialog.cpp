// SPDX-License-Identifier: MIT
#include "closedialog.h"

#include "theme.h"

#include <QDialogButtonBox>
#include <QLabel>
#include <QPushButton>
#include <QStyle>
#include <QVBoxLayout>

namespace EtcdRegistry {

namespace {

constexpr int dialogWidth = 460;

} // namespace

CloseDialog::CloseDialog(int held, const QString &clusterName, bool closing, QWidget *parent)
    : QDialog(parent)
{
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(closing ? tr("Close") : tr("Disconnect"));

    auto *question = new QLabel(
        held == 0 ? tr("Disconnect from %1?").arg(clusterName)
        : held == 1
            ? tr("This window keeps 1 registration alive on %1.").arg(clusterName)
            : tr("This window keeps %1 registrations alive on %2.").arg(held).arg(clusterName));
    QFont strong = question->font();
    strong.setWeight(QFont::DemiBold);
    question->setFont(strong);
    auto *choice = new QLabel(
        held == 0   ? tr("This window then shows it no longer. Its journal stays on the disk.")
        : held == 1 ? tr("Leave it, so that it is gone at once, or let it expire, so that clients "
                         "see it until its TTL has run out, as after a crash?")
                    : tr("Leave them, so that they are gone at once, or let them expire, so that "
                         "clients see them until their TTL has run out, as after a crash?"));
    for (QLabel *label : {question, choice}) {
        label->setTextFormat(Qt::PlainText);
        label->setWordWrap(true);
    }

    auto *buttons = new QDialogButtonBox;
    buttons->addButton(tr("&Cancel"), QDialogButtonBox::RejectRole);
    QPushButton *first = nullptr;
    const auto addAnswer = [&](const QString &label, QDialogButtonBox::ButtonRole role,
                               void (CloseDialog::*answer)()) {
        first = buttons->addButton(label, role);
        connect(first, &QPushButton::clicked, this, [this, answer] {
            accept();
            Q_EMIT(this->*answer)();
        });
    };
    if (held == 0) {
        addAnswer(tr("&Disconnect"), QDialogButtonBox::AcceptRole, &CloseDialog::expireChosen);
    } else {
        addAnswer(held == 1 ? tr("Let it &expire") : tr("Let them &expire"),
                  QDialogButtonBox::DestructiveRole, &CloseDialog::expireChosen);
        const QString label =
            closing     ? held == 1 ? tr("&Leave and close") : tr("&Leave %1 and close").arg(held)
                : held == 1 ? tr("&Leave and disconnect")
                        : tr("&Leave %1 and disconnect").arg(held);
        addAnswer(label, QDialogButtonBox::AcceptRole, &CloseDialog::leaveChosen);
    }
    first->setDefault(true);
    first->setProperty("primary", true);
    first->style()->polish(first); // for the style sheet to see the property
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);

    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(Theme::dialogMargin, Theme::dialogMargin, Theme::dialogMargin,
                               Theme::dialogMargin);
    layout->setSpacing(12);
    layout->addWidget(question);
    layout->addWidget(choice);
    layout->addStretch();
    layout->addWidget(buttons);
    resize(dialogWidth, layout->totalHeightForWidth(dialogWidth));
    first->setFocus();
}

} // namespace EtcdRegistry
