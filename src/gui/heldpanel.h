// SPDX-License-Identifier: MIT
#pragma once

#include "instance.h"
#include "registrationmodel.h"

#include <QWidget>

class QPushButton;
class QStackedLayout;

namespace EtcdRegistry {

class Session;
class TableView;

/// The registrations that this window holds: how their beats fare, pause and resume, leave.
class HeldPanel : public QWidget
{
    Q_OBJECT
public:
    explicit HeldPanel(Session &session, QWidget *parent = nullptr);

Q_SIGNALS:
    void countChanged(int count);
    void joinRequested();
    void leaveRequested(const QList<EtcdRegistry::Instance> &instances);

private:
    void showRegistrations();
    void updateButtons();
    void toggleBeat();
    QList<Registration> selected() const;

    Session &m_session;
    RegistrationModel m_model;
    TableView *m_table;
    QStackedLayout *m_stack;
    QPushButton *m_beat;
    QPushButton *m_leave;
};

} // namespace EtcdRegistry
