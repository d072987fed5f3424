// SPDX-License-Identifier: MIT
#include "leavedialog.h"

#include "fieldmessage.h"
#include "plaintext.h"
#include "rowdelegate.h"
#include "theme.h"

#include <QDialogButtonBox>
#include <QHeaderView>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

namespace {

constexpr int dialogWidth = 800;
constexpr int visibleRows = 8;

enum class Keeper { Us, Owner, Nobody };

Keeper keeperOf(const Instance &instance, const QSet<QString> &ourKeys)
{
    return ourKeys.contains(instance.key) ? Keeper::Us
           : instance.hasTtl              ? Keeper::Owner
                                          : Keeper::Nobody;
}

} // namespace

LeaveDialog::LeaveDialog(const QList<Instance> &instances, const QSet<QString> &ourKeys,
                         const QString &clusterName, QWidget *parent)
    : QDialog(parent)
{
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Leave"));
    const bool one = instances.size() == 1;

    auto *question = new QLabel(
        one ? tr("This key will be deleted on %1:").arg(clusterName)
            : tr("These %1 keys will be deleted on %2:").arg(instances.size()).arg(clusterName));
    question->setTextFormat(Qt::PlainText);
    question->setWordWrap(true);

    auto *list = new QTreeWidget;
    list->setHeaderLabels({tr("Service"), tr("Host"), tr("Kept alive by"), tr("Key")});
    list->setAccessibleName(tr("Keys to be deleted"));
    list->setRootIsDecorated(false);
    list->setUniformRowHeights(true);
    list->setSelectionMode(QAbstractItemView::NoSelection);
    list->setFocusPolicy(Qt::NoFocus);
    list->setItemDelegate(new RowDelegate(list));
    QList<QTreeWidgetItem *> items;
    QStringList keys;
    int owned = 0;
    int orphaned = 0;
    for (const Instance &instance : instances) {
        const Keeper keeper = keeperOf(instance, ourKeys);
        owned += keeper == Keeper::Owner;
        orphaned += keeper == Keeper::Nobody;
        const QString service = instance.nameSpace.isEmpty()
                                    ? instance.service
                                    : instance.nameSpace + u'/' + instance.service;
        auto *item = new QTreeWidgetItem({plainLine(service), plainLine(instance.host),
                                          keeper == Keeper::Us      ? tr("this window")
                                          : keeper == Keeper::Owner ? tr("its owner")
                                                                    : tr("nobody"),
                                          plainLine(instance.key)});
        item->setToolTip(3, plainTip(instance.key));
        items.append(item);
        keys.append(instance.key);
    }
    list->addTopLevelItems(items);
    list->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
    list->setFixedHeight(list->header()->sizeHint().height()
                         + Theme::rowHeight * std::min<int>(visibleRows, int(instances.size())));

    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(Theme::dialogMargin, Theme::dialogMargin, Theme::dialogMargin,
                               Theme::dialogMargin);
    layout->setSpacing(12);
    layout->addWidget(question);
    layout->addWidget(list);

    const auto addNote = [&](FieldMessage::Kind kind, const QString &text) {
        auto *note = new FieldMessage(this);
        note->say(kind, text);
        layout->addWidget(note);
    };
    if (owned > 0)
        addNote(
            FieldMessage::Kind::Warning,
            one ? tr("Someone else keeps it alive: its owner will put it back at its next beat.")
            : owned == 1
                ? tr("Someone else keeps 1 of them alive: its owner will put it back at its next "
                     "beat.")
                : tr("Someone else keeps %1 of them alive: their owners will put them back at "
                     "their next beat.")
                      .arg(owned));
    if (owned + orphaned < instances.size())
        addNote(FieldMessage::Kind::Help,
                one ? tr("This window stops its heartbeat.")
                    : tr("This window stops the heartbeat of those that it keeps alive."));
    if (orphaned > 0)
        addNote(FieldMessage::Kind::Help,
                one ? tr("Nobody keeps it alive, so it will not come back by itself.")
                    : tr("Those that nobody keeps alive will not come back by themselves."));
    layout->addStretch();

    auto *buttons = new QDialogButtonBox;
    const auto literal = [](QString name) { return name.replace(u'&', u"&&"_s); };
    buttons->addButton(
        one ? tr("&Leave %1 on %2").arg(literal(instances.first().service), literal(clusterName))
            : tr("&Leave %1 instances on %2").arg(instances.size()).arg(literal(clusterName)),
        QDialogButtonBox::AcceptRole);
    auto *cancel = buttons->addButton(tr("&Cancel"), QDialogButtonBox::RejectRole);
    cancel->setDefault(true);
    layout->addWidget(buttons);
    cancel->setFocus();
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(buttons, &QDialogButtonBox::accepted, this, [this, keys] {
        Q_EMIT leaveRequested(keys);
        accept();
    });
    resize(dialogWidth, layout->totalHeightForWidth(dialogWidth));
}

} // namespace EtcdRegistry
