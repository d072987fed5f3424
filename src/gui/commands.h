// SPDX-License-Identifier: MIT
#pragma once

#include "layout.h"
#include "row.h"

#include <QObject>

#include <functional>

class QWidget;

namespace EtcdRegistry {

class JoinDialog;
class NoticeBar;
struct CopyFormat;
class Session;

/// What can be done in a session, with the dialogs that ask before and the errors that come after.
class Commands : public QObject
{
    Q_OBJECT
public:
    /// The notice bar tells of errors that no dialog is left to show.
    Commands(Session &session, const QString &clusterName, NoticeBar *notice, QWidget *window);

    void join(const Service &prefilled, int port = 0); ///< see JoinDialog::setTemplate()
    void joinLike(const Instance &instance);           ///< on a free port
    void inspect(const QList<Row> &rows);
    void copyAs(const CopyFormat &format, const QList<Row> &rows); ///< to the clipboard
    void openUrls(const QList<Row> &rows);                         ///< in a browser: see webUrls()
    void leave(const QList<Instance> &instances);

private:
    void inspectAll(const QList<Row> &rows);
    void join(JoinDialog *dialog, const QList<Service> &services, bool takeOver);
    std::optional<Row> holderOf(const Service &service) const;
    void leaveNow(const QStringList &keys);
    void ask(const QString &title, const QString &question, const QString &details,
             const std::function<void()> &open);

    Session &m_session;
    QString m_clusterName;
    NoticeBar *m_notice;
    QWidget *m_window;
};

/// A service like this instance: same name, namespace and document.
Service serviceLike(const Instance &instance);

/// The next port on the same host that no instance of any service is registered with and, where the
/// host is this machine, nobody listens on; 0: there is none, or the instance has no port.
int freePortLike(const Instance &instance, const Rows &rows);

} // namespace EtcdRegistry
