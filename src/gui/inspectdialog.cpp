// SPDX-License-Identifier: MIT
#include "inspectdialog.h"

#include "instancefacts.h"
#include "plaintext.h"
#include "ui_inspectdialog.h"

#include <QAbstractTextDocumentLayout>
#include <QClipboard>
#include <QGuiApplication>
#include <QPushButton>
#include <QTime>
#include <QToolTip>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

constexpr int mostFactsHeight = 360; ///< more of them scroll, and the dialog fits a small screen
constexpr qsizetype longestTitle = 120;

InspectDialog::InspectDialog(const Row &row, Now now, QWidget *parent)
    : QDialog(parent)
    , m_ui(std::make_unique<Ui::InspectDialog>())
    , m_now(std::move(now))
{
    m_ui->setupUi(this);
    setAttribute(Qt::WA_DeleteOnClose);
    setModal(false);
    m_ui->document->setAccessibleName(tr("Document"));
    m_ui->facts->setAccessibleName(tr("Facts"));
    // The facts are few and all to be seen; the document takes the rest.
    connect(m_ui->facts->document()->documentLayout(),
            &QAbstractTextDocumentLayout::documentSizeChanged, m_ui->facts,
            [facts = m_ui->facts](const QSizeF &size) {
                facts->setFixedHeight(std::min(facts->heightFor(size), mostFactsHeight));
            });
    QPushButton *close = m_ui->buttons->button(QDialogButtonBox::Close);
    close->setText(tr("&Close"));
    close->setDefault(true);
    close->setFocus();

    const auto addCopyButton = [this](const QString &label, auto text) {
        auto *button = m_ui->buttons->addButton(label, QDialogButtonBox::ActionRole);
        connect(button, &QPushButton::clicked, this, [this, button, text] {
            QGuiApplication::clipboard()->setText(text(*m_row.instance));
            QToolTip::showText(button->mapToGlobal(QPoint()), tr("Copied"), button);
        });
        return button;
    };
    addCopyButton(tr("Copy &document"),
                  [](const Instance &i) { return QString::fromUtf8(i.document); });
    addCopyButton(tr("Copy &key"), [](const Instance &i) { return i.key; });
    addCopyButton(tr("Copy &URL"), [](const Instance &i) {
        return i.url;
    })->setEnabled(!row.instance->url.isEmpty());
    connect(m_ui->buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);

    m_clock.setInterval(200ms);
    connect(&m_clock, &QTimer::timeout, this, &InspectDialog::refresh);
    setRow(row);
}

InspectDialog::~InspectDialog() = default;

void InspectDialog::setRow(const std::optional<Row> &row)
{
    m_ui->state->setVisible(row.has_value());
    if (!row) {
        if (m_clock.isActive())
            m_ui->gone->say(FieldMessage::Kind::Warning,
                            tr("Gone since %1: it was left, or has expired. This is what it was.")
                                .arg(QLocale().toString(QTime::currentTime(), u"HH:mm:ss")));
        m_clock.stop();
        return;
    }
    m_row = *row;
    const Instance &instance = *m_row.instance;
    m_ui->gone->clear();
    m_ui->document->setDocument(instance.document);
    const QString service = plainText(instance.service, longestTitle);
    const QString title = instance.host.isEmpty()
                              ? service
                              : tr("%1 on %2").arg(service, plainText(instance.host, longestTitle));
    setWindowTitle(QString(title).replace(u"[*]"_s, u"[*][*]"_s)); // which stands for itself
    refresh();
    m_clock.start();
}

void InspectDialog::refresh()
{
    const auto now = m_now();
    m_ui->state->setSign(m_row.state);
    m_ui->state->setText(stateSentence(m_row, now));
    m_ui->facts->setFacts(instanceFacts(*m_row.instance, now));
}

} // namespace EtcdRegistry
