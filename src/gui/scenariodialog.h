// SPDX-License-Identifier: MIT
#pragma once

#include "scenario.h"

#include <QDialog>

#include <functional>
#include <memory>

namespace EtcdRegistry {

namespace Ui {
class ScenarioDialog;
}

/// Edits a scenario and its file, asks for it to be run or stopped, and shows how it fares. Not
/// modal: it may be closed while the scenario goes on, and shown again.
class ScenarioDialog : public QDialog
{
    Q_OBJECT
public:
    explicit ScenarioDialog(QWidget *parent = nullptr);
    ~ScenarioDialog() override;

    /// False: it can't be read, and says so; what it had stays.
    bool load(const QString &path);
    /// Asks for it to be run or, where it is wrong, shows why it can't be.
    void run();

    bool isUnsaved() const;
    /// Goes on when the text is saved, or the user, asked, gives it up.
    void whenSaved(const std::function<void()> &next);

    enum class State { Idle, Running, Stopping };
    void showState(State state, const QString &text);

    void reject() override;

Q_SIGNALS:
    void runRequested(const EtcdRegistry::Scenario &scenario);
    void stopRequested();

private:
    void showFault(const std::optional<Scenario::Fault> &fault);
    void setText(const QString &text, const QString &path);
    void setPath(const QString &path);
    void openFile();
    void save(const std::function<void()> &next = [] {});
    void saveAs(const std::function<void()> &next = [] {});
    bool write(const QString &path);

    std::unique_ptr<Ui::ScenarioDialog> m_ui;
    QString m_path;      ///< empty: it has no file yet
    QString m_savedText; ///< as it was loaded or saved last
    State m_state = State::Idle;
};

} // namespace EtcdRegistry
