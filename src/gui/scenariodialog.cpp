// SPDX-License-Identifier: MIT
#include "scenariodialog.h"

#include "scenariofile.h"
#include "ui_scenariodialog.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QMessageBox>
#include <QPushButton>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;
using Kind = FieldMessage::Kind;

ScenarioDialog::ScenarioDialog(QWidget *parent)
    : QDialog(parent)
    , m_ui(std::make_unique<Ui::ScenarioDialog>())
{
    m_ui->setupUi(this);
    m_ui->editor->setAccessibleName(tr("Scenario"));
    connect(m_ui->editor, &ScenarioEditor::checked, this, &ScenarioDialog::showFault);
    connect(m_ui->editor->document(), &QTextDocument::modificationChanged, this,
            &QWidget::setWindowModified);
    connect(m_ui->goButton, &QPushButton::clicked, m_ui->editor, &ScenarioEditor::goToFault);
    connect(m_ui->openButton, &QPushButton::clicked, this, &ScenarioDialog::openFile);
    connect(m_ui->saveButton, &QPushButton::clicked, this, [this] { save(); });
    connect(m_ui->saveAsButton, &QPushButton::clicked, this, [this] { saveAs(); });
    connect(m_ui->closeButton, &QPushButton::clicked, this, &ScenarioDialog::reject);
    connect(m_ui->runButton, &QPushButton::clicked, this, [this] {
        if (m_state == State::Running)
            Q_EMIT stopRequested();
        else
            run();
    });
    QFile example(u":/demo/scenario.json"_s);
    if (example.open(QIODevice::ReadOnly))
        setText(QString::fromUtf8(example.readAll()), {});
    showState(State::Idle, {});
}

ScenarioDialog::~ScenarioDialog() = default;

void ScenarioDialog::run()
{
    if (m_ui->editor->check()) {
        m_ui->editor->goToFault();
        return;
    }
    Q_EMIT runRequested(std::get<Scenario>(Scenario::parse(m_ui->editor->text())));
}

void ScenarioDialog::showState(State state, const QString &text)
{
    m_state = state;
    m_ui->progress->setSign(state == State::Running ? std::optional(InstanceState::Alive)
                                                    : std::nullopt);
    m_ui->progress->setText(text);
    m_ui->progress->setVisible(!text.isEmpty());
    m_ui->runButton->setText(state == State::Idle ? tr("&Run") : tr("&Stop"));
    m_ui->runButton->setEnabled(state != State::Stopping);
}

void ScenarioDialog::showFault(const std::optional<Scenario::Fault> &fault)
{
    if (fault)
        m_ui->message->say(Kind::Error, fault->message());
    else
        m_ui->message->clear();
    m_ui->goButton->setVisible(fault.has_value());
}

// ---- its file

void ScenarioDialog::setText(const QString &text, const QString &path)
{
    m_savedText = text;
    m_ui->editor->setPlainText(text); // which is then not modified
    m_ui->editor->check();
    setPath(path);
}

void ScenarioDialog::setPath(const QString &path)
{
    m_path = path;
    setWindowTitle(
        tr("%1[*] — scenario").arg(path.isEmpty() ? tr("New") : QFileInfo(path).fileName()));
}

bool ScenarioDialog::load(const QString &path)
{
    QFile file(path);
    if (file.open(QIODevice::ReadOnly)) {
        setText(QString::fromUtf8(file.readAll()), path);
        return true;
    }
    m_ui->message->say(Kind::Error, tr("%1 can't be read: %2. Choose another file.")
                                        .arg(QDir::toNativeSeparators(path), file.errorString()));
    m_ui->goButton->hide();
    return false;
}

void ScenarioDialog::openFile()
{
    whenSaved([this] {
        chooseScenarioFile(this, QFileDialog::AcceptOpen, m_path,
                           [this](const QString &path) { load(path); });
    });
}

void ScenarioDialog::save(const std::function<void()> &next)
{
    if (m_path.isEmpty())
        saveAs(next);
    else if (write(m_path))
        next();
}

void ScenarioDialog::saveAs(const std::function<void()> &next)
{
    chooseScenarioFile(this, QFileDialog::AcceptSave, m_path, [this, next](const QString &path) {
        if (write(path))
            next();
    });
}

bool ScenarioDialog::write(const QString &path)
{
    const QString error = writeScenarioFile(path, m_ui->editor->text());
    if (!error.isEmpty()) {
        m_ui->message->say(Kind::Error, error);
        m_ui->goButton->hide();
        return false;
    }
    m_savedText = m_ui->editor->toPlainText();
    m_ui->editor->document()->setModified(false);
    setPath(path);
    return true;
}

bool ScenarioDialog::isUnsaved() const
{
    return m_ui->editor->document()->isModified();
}

void ScenarioDialog::whenSaved(const std::function<void()> &next)
{
    if (!isUnsaved())
        return next();
    auto *box = new QMessageBox(
        QMessageBox::NoIcon, tr("Scenario"),
        tr("Save the changes to %1?")
            .arg(m_path.isEmpty() ? tr("the new scenario") : QFileInfo(m_path).fileName()),
        QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, this);
    box->setInformativeText(tr("They are lost otherwise."));
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->button(QMessageBox::Save)->setText(tr("&Save"));
    box->button(QMessageBox::Discard)->setText(tr("&Discard"));
    box->button(QMessageBox::Cancel)->setText(tr("&Cancel"));
    box->setDefaultButton(QMessageBox::Save);
    connect(box, &QDialog::finished, this, [this, next](int button) {
        if (button == QMessageBox::Save) {
            save(next);
        } else if (button == QMessageBox::Discard) {
            setText(m_savedText, m_path);
            next();
        }
    });
    show();
    box->open();
}

void ScenarioDialog::reject()
{
    whenSaved([this] { QDialog::reject(); });
}

} // namespace EtcdRegistry
