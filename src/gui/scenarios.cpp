// SPDX-License-Identifier: MIT
#include "scenarios.h"

#include "noticebar.h"
#include "scenariodialog.h"
#include "scenariofile.h"
#include "scenariorunner.h"
#include "session.h"

#include <QPointer>

#include <utility>

namespace EtcdRegistry {

using State = ScenarioDialog::State;

Scenarios::Scenarios(Session &session, NoticeBar *notice, QWidget *window)
    : QObject(window)
    , m_session(session)
    , m_notice(notice)
    , m_window(window)
    , m_dialog(new ScenarioDialog(window))
{
    connect(m_dialog, &ScenarioDialog::runRequested, this,
            [this](const Scenario &scenario) { stop([this, scenario] { run(scenario); }); });
    connect(m_dialog, &ScenarioDialog::stopRequested, this, [this] { stop(); });
    connect(&session, &Session::ticked, this, &Scenarios::showRunning);
    connect(&session, &Session::leaving, this, &Scenarios::halt);
}

Scenarios::~Scenarios() = default;

void Scenarios::edit()
{
    m_dialog->show();
    m_dialog->raise();
    m_dialog->activateWindow();
}

void Scenarios::openAndRun()
{
    whenSaved([this] {
        chooseScenarioFile(m_window, QFileDialog::AcceptOpen, {}, [this](const QString &path) {
            edit();
            if (m_dialog->load(path))
                m_dialog->run();
        });
    });
}

void Scenarios::run(const Scenario &scenario)
{
    m_error.clear();
    m_runner = std::make_unique<ScenarioRunner>(m_session.registry(), scenario);
    connect(m_runner.get(), &ScenarioRunner::failed, this,
            [this](const Error &error) { m_error = error.message(); });
    m_runner->start();
    showRunning();
    Q_EMIT runningChanged();
}

void Scenarios::showRunning()
{
    if (!m_runner || m_stopping)
        return;
    const ScenarioReport &report = m_runner->report();
    QStringList parts{tr("%1 alive").arg(m_runner->alive())};
    if (report.away > 0)
        parts += tr("%1 away").arg(report.away);
    QString text = tr("%1 now. %2.", "3 alive, 1 away").arg(parts.join(tr(", ")), report.text());
    if (!m_error.isEmpty())
        text += u' ' + m_error;
    m_dialog->showState(State::Running, text);
}

void Scenarios::stop(const std::function<void()> &next)
{
    if (!m_runner)
        return next();
    if (std::exchange(m_stopping, true))
        return;
    m_dialog->showState(State::Stopping, tr("Leaving..."));
    m_runner->stop().then(&m_session.registry(),
                          [self = QPointer(this), next](const Result<void> &left) {
                              if (!self)
                                  return;
                              self->stopped(left);
                              next();
                          });
}

void Scenarios::stopped(const Result<void> &left)
{
    QString text = tr("Stopped. %1.").arg(m_runner->report().text());
    if (!left) {
        text += u' '
                + tr("Not all could be left: what remains expires by itself. %1")
                      .arg(left.error().message());
    }
    m_dialog->showState(State::Idle, text);
    m_runner.reset();
    m_stopping = false;
    Q_EMIT runningChanged();
}

/// All is being left, and what flaps must not come back.
void Scenarios::halt()
{
    if (m_runner && !m_stopping) {
        m_runner->halt();
        stopped({});
    }
}

void Scenarios::saveHeld()
{
    chooseScenarioFile(m_window, QFileDialog::AcceptSave, {}, [this](const QString &path) {
        const Scenario held =
            Scenario::of(m_session.registry().registrations(), m_session.connection());
        const QString error = writeScenarioFile(path, held.toText());
        if (!error.isEmpty())
            m_notice->show(error, tr("Save as..."), [this] { saveHeld(); });
    });
}

bool Scenarios::isUnsaved() const
{
    return m_dialog->isUnsaved();
}

void Scenarios::whenSaved(const std::function<void()> &next)
{
    m_dialog->whenSaved(next);
}

} // namespace EtcdRegistry
