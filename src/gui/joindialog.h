// SPDX-License-Identifier: MIT
#pragma once

#include "joinplan.h"

#include <QDialog>

#include <memory>

class QPushButton;

namespace EtcdRegistry {

class FieldMessage;

namespace Ui {
class JoinDialog;
}

/// Asks what to join, and shows the exact key and document beside it. It stays open until all is
/// joined, so that nothing typed is lost when something fails. Show it with open(); it deletes
/// itself when it closes.
class JoinDialog : public QDialog
{
    Q_OBJECT
public:
    /// The connection with the API that is in use, where that is known: the two stores differ in
    /// what they allow.
    explicit JoinDialog(const ConnectionString &connection, QWidget *parent = nullptr);
    ~JoinDialog() override;

    /// Fills the form: "one more like this", on this port instead of its own unless that is 0.
    void setTemplate(const Service &service, int port = 0);

    void reject() override; ///< asks first where something was typed

public Q_SLOTS:
    /// The first `done` of the `of` services that were asked for last are joined. All: it closes.
    void joined(int done, int of);
    /// The next one failed, and no more are being joined. What is not joined yet can be tried
    /// again.
    void failed(const QString &message);
    /// The key of the next one is somebody else's, who holds it with another document: what is to
    /// be done is asked in place. A free port, if there is one, is offered; 0: there is none.
    void taken(const QString &message, int freePort);

Q_SIGNALS:
    /// `takeOver`: whoever has their keys.
    void joinRequested(const QList<EtcdRegistry::Service> &services, bool takeOver);

private:
    JoinForm form() const;
    void setForm(const JoinForm &form);
    QList<std::pair<JoinPlan::Field, FieldMessage *>> messages() const; ///< top down
    void refresh();
    void showRemarks();
    void showPreview();
    void setBusy(bool busy);
    void showButtons();
    void join(bool takeOver = false);
    void joinElsewhere();
    QList<Service> missing() const;
    void discard();

    std::unique_ptr<Ui::JoinDialog> m_ui;
    QPushButton *m_joinButton;
    QPushButton *m_takeOver;  ///< these two are there while somebody else has the key
    QPushButton *m_elsewhere; ///< on another port
    int m_freePort = 0;
    ConnectionString m_connection;
    JoinForm m_given; ///< the form before anything was typed
    JoinPlan m_plan;
    bool m_nameDue = false; ///< an empty name is no error before the user had a chance
    QList<Service> m_asked;
    int m_done = 0;
    QList<Service> m_joined; ///< by earlier attempts of this dialog
    bool m_busy = false;
};

} // namespace EtcdRegistry
