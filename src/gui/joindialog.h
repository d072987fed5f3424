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

    void setTemplate(const Service &service); ///< fills the form: "one more like this"

    void reject() override;

public Q_SLOTS:
    /// The first `done` of the `of` services that were asked for last are joined. All: it closes.
    void joined(int done, int of);
    /// The next one failed, and no more are being joined. What is not joined yet can be tried
    /// again.
    void failed(const QString &message);

Q_SIGNALS:
    void joinRequested(const QList<EtcdRegistry::Service> &services);

private:
    JoinForm form() const;
    void setForm(const JoinForm &form);
    QList<std::pair<JoinPlan::Field, FieldMessage *>> messages() const; ///< top down
    void refresh();
    void showRemarks();
    void showPreview();
    void setBusy(bool busy);
    void showButtons();
    void join();
    QList<Service> missing() const;

    std::unique_ptr<Ui::JoinDialog> m_ui;
    QPushButton *m_joinButton;
    ConnectionString m_connection;
    JoinPlan m_plan;
    bool m_nameDue = false; ///< an empty name is no error before the user had a chance
    QList<Service> m_asked;
    int m_done = 0;
    QList<Service> m_joined; ///< by earlier attempts of this dialog
    bool m_busy = false;
};

} // namespace EtcdRegistry
