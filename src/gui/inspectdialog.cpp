// SPDX-License-Identifier: MIT
#include "inspectdialog.h"

#include "instancefacts.h"
#include "instancestate.h"
#include "ui_inspectdialog.h"

#include <QAbstractTextDocumentLayout>
#include <QClipboard>
#include <QGuiApplication>
#include <QPushButton>
#include <QTime>
#include <QToolTip>

namespace EtcdRegistry {

using namespace std::chrono_literals;

InspectDialog::InspectDialog(const Instance &instance, QWidget *parent)
    : QDialog(parent)
    , m_ui(std::make_unique<Ui::InspectDialog>())
{
    m_ui->setupUi(this);
    setAttribute(Qt::WA_DeleteOnClose);
    setModal(false);
    // The facts are few and all to be seen; the document takes the rest.
    connect(
        m_ui->facts->document()->documentLayout(),
        &QAbstractTextDocumentLayout::documentSizeChanged, m_ui->facts,
        [facts = m_ui->facts](const QSizeF &size) { facts->setFixedHeight(qCeil(size.height())); });
    QPushButton *close = m_ui->buttons->button(QDialogButtonBox::Close);
    close->setAutoDefault(false);
    close->setFocus();

    const auto addCopyButton = [this](const QString &label, auto text) {
        auto *button = m_ui->buttons->addButton(label, QDialogButtonBox::ActionRole);
        button->setAutoDefault(false);
        connect(button, &QPushButton::clicked, this, [this, button, text] {
            QGuiApplication::clipboard()->setText(text(m_instance));
            QToolTip::showText(button->mapToGlobal(QPoint()), tr("Copied"), button);
        });
        return button;
    };
    addCopyButton(tr("Copy document"),
                  [](const Instance &i) { return QString::fromUtf8(i.document); });
    addCopyButton(tr("Copy key"), [](const Instance &i) { return i.key; });
    addCopyButton(tr("Copy URL"), [](const Instance &i) {
        return i.url;
    })->setEnabled(!instance.url.isEmpty());
    connect(m_ui->buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);

    m_clock.setInterval(200ms);
    connect(&m_clock, &QTimer::timeout, this, &InspectDialog::refresh);
    setInstance(instance);
}

InspectDialog::~InspectDialog() = default;

void InspectDialog::setInstance(const std::optional<Instance> &instance, bool paused)
{
    m_ui->state->setVisible(instance.has_value());
    if (!instance) {
        if (m_clock.isActive())
            m_ui->gone->say(FieldMessage::Kind::Warning,
                            tr("Gone since %1: it was left, or has expired. This is what it was.")
                                .arg(QLocale().toString(QTime::currentTime(), u"HH:mm:ss")));
        m_clock.stop();
        return;
    }
    m_instance = *instance;
    m_paused = paused;
    m_ui->gone->clear();
    m_ui->document->setDocument(m_instance.document);
    setWindowTitle(m_instance.host.isEmpty()
                       ? m_instance.service
                       : tr("%1 on %2").arg(m_instance.service, m_instance.host));
    refresh();
    m_clock.start();
}

void InspectDialog::refresh()
{
    const auto now = Instance::Clock::now();
    m_ui->state->setSign(stateOf(m_instance, now, m_paused));
    m_ui->state->setText(stateSentence(m_instance, now, m_paused));
    m_ui->facts->setFacts(instanceFacts(m_instance, now));
}

} // namespace EtcdRegistry
