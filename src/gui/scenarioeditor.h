// SPDX-License-Identifier: MIT
#pragma once

#include "scenario.h"

#include <QPlainTextEdit>
#include <QTimer>

namespace EtcdRegistry {

/// An editor for the text of a scenario. It says, soon after a key was pressed, what is wrong, and
/// marks the line.
class ScenarioEditor : public QPlainTextEdit
{
    Q_OBJECT
public:
    explicit ScenarioEditor(QWidget *parent = nullptr);

    QByteArray text() const { return toPlainText().toUtf8(); }
    /// What is wrong now; nothing: it is a scenario.
    const std::optional<Scenario::Fault> &check();
    void goToFault();

Q_SIGNALS:
    void checked(const std::optional<EtcdRegistry::Scenario::Fault> &fault);

protected:
    void changeEvent(QEvent *event) override;

private:
    QTextCursor faultCursor() const;
    void markFault();

    std::optional<Scenario::Fault> m_fault;
    QTimer m_timer;
};

} // namespace EtcdRegistry
