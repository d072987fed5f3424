// SPDX-License-Identifier: MIT
#include "joindialog.h"

#include "jsonhighlighter.h"
#include "theme.h"
#include "ui_joindialog.h"

#include <QCompleter>
#include <QMessageBox>
#include <QPushButton>
#include <QStyle>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;
using Kind = FieldMessage::Kind;

JoinDialog::JoinDialog(const ConnectionString &connection, QWidget *parent)
    : QDialog(parent)
    , m_ui(std::make_unique<Ui::JoinDialog>())
    , m_connection(connection)
{
    m_ui->setupUi(this);
    setAttribute(Qt::WA_DeleteOnClose);
    m_joinButton = m_ui->buttons->addButton(QString(), QDialogButtonBox::AcceptRole);
    m_joinButton->setDefault(true);
    m_takeOver = m_ui->buttons->addButton(tr("Ta&ke over"), QDialogButtonBox::ActionRole);
    m_elsewhere = m_ui->buttons->addButton(QString(), QDialogButtonBox::ActionRole);
    connect(m_takeOver, &QPushButton::clicked, this, [this] { join(true); });
    connect(m_elsewhere, &QPushButton::clicked, this, &JoinDialog::joinElsewhere);
    m_joinButton->setProperty("primary", true);
    m_joinButton->style()->polish(m_joinButton); // for the style sheet to see the property
    auto *cancel = m_ui->buttons->button(QDialogButtonBox::Cancel);
    cancel->setText(tr("&Cancel"));
    m_ui->divider->setBackgroundRole(QPalette::Mid);
    m_ui->hostname->setPlaceholderText(Layout::localAddress());
    m_ui->protocol->setCompleter(
        new QCompleter(QStringList{u"http"_s, u"https"_s, u"grpc"_s, u"tcp"_s}, this));
    m_ui->document->setPlaceholderText(u"version=2.4.1\nweight=10"_s);
    m_ui->document->setFont(Theme::documentFont());
    m_ui->keyView->setPlaceholderText(tr("What will be written shows here."));
    m_ui->keyView->setFont(Theme::documentFont());
    m_ui->keyView->setWordWrapMode(QTextOption::WrapAnywhere);
    m_ui->keyView->setFixedHeight(3 * m_ui->keyView->fontMetrics().lineSpacing() + 10);
    m_ui->keyView->setAccessibleName(tr("Key"));
    m_ui->documentView->setAccessibleName(tr("Document"));
    new JsonHighlighter(m_ui->document);

    JoinForm form;
    form.nameSpace = connection.nameSpace;
    form.ttl = secondsText(connection.ttl);
    if (connection.heartbeat != connection.ttl / 2)
        form.heartbeat = secondsText(connection.heartbeat);
    setForm(form);
    m_given = form;

    for (QLineEdit *edit :
         {m_ui->nameSpace, m_ui->hostname, m_ui->port, m_ui->protocol, m_ui->ttl, m_ui->heartbeat})
        connect(edit, &QLineEdit::textChanged, this, &JoinDialog::refresh);
    connect(m_ui->name, &QLineEdit::textChanged, this, [this] {
        m_nameDue = true;
        refresh();
    });
    connect(m_ui->document, &QPlainTextEdit::textChanged, this, &JoinDialog::refresh);
    connect(m_ui->count, &QSpinBox::valueChanged, this, &JoinDialog::refresh);
    connect(m_ui->rejoins, &QCheckBox::toggled, this, &JoinDialog::refresh);
    connect(m_joinButton, &QPushButton::clicked, this, [this] { join(); });
    connect(cancel, &QPushButton::clicked, this, &JoinDialog::discard);
    refresh();
}

JoinDialog::~JoinDialog() = default;

void JoinDialog::setTemplate(const Service &service, int port)
{
    JoinForm form = formOf(service);
    if (port > 0)
        form.port = QString::number(port);
    setForm(form);
    m_given = form;
}

void JoinDialog::reject()
{
    if (m_busy || form() == m_given)
        return discard();
    auto *box = new QMessageBox(QMessageBox::NoIcon, tr("Join"), tr("Discard what you have typed?"),
                                QMessageBox::NoButton, this);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setTextFormat(Qt::PlainText);
    QPushButton *discarding = box->addButton(tr("&Discard"), QMessageBox::DestructiveRole);
    box->setDefaultButton(box->addButton(tr("&Keep"), QMessageBox::RejectRole));
    connect(discarding, &QPushButton::clicked, this, &JoinDialog::discard);
    box->open();
}

void JoinDialog::discard()
{
    // A join under way can't be called back, and its failure has to be shown somewhere.
    if (!m_busy)
        QDialog::reject();
}

void JoinDialog::joined(int done, int of)
{
    m_done = done;
    if (done == of)
        accept();
    else
        showButtons();
}

void JoinDialog::failed(const QString &message)
{
    m_joined += m_asked.first(m_done);
    m_ui->outcome->say(Kind::Error,
                       m_asked.size() > 1
                           ? tr("%1 of %2 joined. %3").arg(m_done).arg(m_asked.size()).arg(message)
                           : message);
    setBusy(false);
    m_joinButton->setFocus();
}

void JoinDialog::taken(const QString &message, int freePort)
{
    failed(message);
    m_freePort = freePort;
    m_takeOver->show();
    m_elsewhere->setVisible(freePort > 0);
    m_elsewhere->setText(tr("Join &on port %1").arg(freePort));
    (freePort > 0 ? m_elsewhere : m_takeOver)->setFocus();
}

void JoinDialog::joinElsewhere()
{
    m_ui->port->setText(QString::number(m_freePort));
    join();
}

JoinForm JoinDialog::form() const
{
    return {.name = m_ui->name->text(),
            .nameSpace = m_ui->nameSpace->text(),
            .hostname = m_ui->hostname->text(),
            .port = m_ui->port->text(),
            .protocol = m_ui->protocol->text(),
            .ttl = m_ui->ttl->text(),
            .heartbeat = m_ui->heartbeat->text(),
            .document = m_ui->document->toPlainText(),
            .count = m_ui->count->value(),
            .rejoins = m_ui->rejoins->isChecked()};
}

void JoinDialog::setForm(const JoinForm &form)
{
    m_ui->name->setText(form.name);
    m_ui->nameSpace->setText(form.nameSpace);
    m_ui->hostname->setText(form.hostname);
    m_ui->port->setText(form.port);
    m_ui->protocol->setText(form.protocol);
    m_ui->ttl->setText(form.ttl);
    m_ui->heartbeat->setText(form.heartbeat);
    m_ui->document->setPlainText(form.document);
    m_ui->count->setValue(form.count);
    m_ui->rejoins->setChecked(form.rejoins);
}

QList<std::pair<JoinPlan::Field, FieldMessage *>> JoinDialog::messages() const
{
    using Field = JoinPlan::Field;
    return {{Field::Name, m_ui->nameMessage},           {Field::NameSpace, m_ui->nameSpaceMessage},
            {Field::Hostname, m_ui->hostnameMessage},   {Field::Port, m_ui->portMessage},
            {Field::Protocol, m_ui->protocolMessage},   {Field::Ttl, m_ui->ttlMessage},
            {Field::Heartbeat, m_ui->heartbeatMessage}, {Field::Count, m_ui->countMessage},
            {Field::Document, m_ui->documentMessage}};
}

void JoinDialog::refresh()
{
    m_plan = JoinPlan::make(form(), m_connection);
    m_takeOver->hide(); // of what was asked for before
    m_elsewhere->hide();
    showRemarks();
    showPreview();
    showButtons();
}

void JoinDialog::showRemarks()
{
    for (const auto &[field, message] : messages()) {
        const auto remark = m_plan.remarks.constFind(field);
        if (remark == m_plan.remarks.constEnd() || (field == JoinPlan::Field::Name && !m_nameDue))
            message->clear();
        else
            message->say(remark->error ? Kind::Error : Kind::Warning, remark->text);
    }
    m_ui->heartbeat->setPlaceholderText(secondsText(m_plan.longestHeartbeat));
}

void JoinDialog::showPreview()
{
    if (!m_plan.record) {
        m_ui->keyView->clear();
        m_ui->documentView->setDocument({});
        m_ui->others->clear();
        return;
    }
    m_ui->keyView->setPlainText(m_plan.record->key);
    m_ui->documentView->setDocument(m_plan.record->value);

    const auto more = m_plan.services.size() - 1;
    if (more <= 0)
        m_ui->others->clear();
    else if (const int port = m_plan.services.first().port; more == 1)
        m_ui->others->say(Kind::Help, tr("and 1 more on port %1").arg(port + 1));
    else
        m_ui->others->say(
            Kind::Help, tr("and %1 more on ports %2-%3").arg(more).arg(port + 1).arg(port + more));
}

void JoinDialog::setBusy(bool busy)
{
    m_busy = busy;
    m_ui->form->setEnabled(!busy);
    m_ui->buttons->setEnabled(!busy);
    showButtons();
}

void JoinDialog::showButtons()
{
    if (m_busy) {
        m_joinButton->setText(m_asked.size() > 1
                                  ? tr("Joining %1 of %2...").arg(m_done + 1).arg(m_asked.size())
                                  : tr("Joining..."));
        return;
    }
    // With an error in the form it still says what the form asks for.
    const auto count = m_plan.services.isEmpty() ? m_ui->count->value() : missing().size();
    m_joinButton->setText(count == 1 ? tr("&Join 1 instance")
                                     : tr("&Join %1 instances").arg(count));
    m_joinButton->setEnabled(count > 0);
}

void JoinDialog::join(bool takeOver)
{
    m_nameDue = true;
    showRemarks();
    for (const auto &[field, message] : messages()) {
        if (m_plan.remarks.value(field, {false, {}}).error) {
            message->buddy()->setFocus(Qt::OtherFocusReason);
            return;
        }
    }
    m_asked = missing();
    m_done = 0;
    m_ui->outcome->clear();
    m_takeOver->hide();
    m_elsewhere->hide();
    setBusy(true);
    Q_EMIT joinRequested(m_asked, takeOver);
}

QList<Service> JoinDialog::missing() const
{
    QList<Service> services = m_plan.services;
    services.removeIf([this](const Service &service) { return m_joined.contains(service); });
    return services;
}

} // namespace EtcdRegistry
