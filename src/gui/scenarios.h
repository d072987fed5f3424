// SPDX-License-Identifier: MIT
#pragma once

#include "scenario.h"

#include <QObject>

#include <functional>
#include <memory>

class QWidget;

namespace EtcdRegistry {

class NoticeBar;
class ScenarioDialog;
class ScenarioRunner;
class Session;

/// The menu Scenario: at most one is edited, and at most one runs. What it joins are registrations
/// of the session like others.
class Scenarios : public QObject
{
    Q_OBJECT
public:
    /// The notice bar tells of a file that can't be written.
    Scenarios(Session &session, NoticeBar *notice, QWidget *window);
    ~Scenarios() override; ///< plays no more; what is held stays so

    void openAndRun();
    void edit();
    void stop(const std::function<void()> &next = [] {});
    void saveHeld(); ///< all that the session holds, as a scenario

    bool isRunning() const { return m_runner != nullptr; }
    bool isUnsaved() const;
    /// Goes on when the text is saved, or the user, asked, gives it up.
    void whenSaved(const std::function<void()> &next);

Q_SIGNALS:
    void runningChanged();

private:
    void run(const Scenario &scenario);
    void stopped(const Result<void> &left);
    void halt();
    void showRunning();

    Session &m_session;
    NoticeBar *m_notice;
    QWidget *m_window;
    ScenarioDialog *m_dialog;
    std::unique_ptr<ScenarioRunner> m_runner;
    QString m_error; ///< the last one of what runs
    bool m_stopping = false;
};

} // namespace EtcdRegistry
