// SPDX-License-Identifier: MIT
#pragma once

#include "connectionstring.h"

#include <QObject>

#include <memory>

class QSettings;
class QWidget;

namespace EtcdRegistry {

class Browser;
class Commands;
class DemoSession;
class NoticeBar;
class Scenarios;
class Session;

/// One connection, from the first attempt on: its session, the demo cluster that it may need, and
/// what shows it and acts on it. Nobody sees it before listed(). A page that has failed, or is no
/// longer wanted, is ended by end(); what it holds is dropped then.
class Page : public QObject
{
    Q_OBJECT
public:
    /// Its browser and its dialogs are the window's children; notices go to the bar.
    Page(QSettings &settings, NoticeBar *notice, QWidget *window);
    ~Page() override;

    void open(const ConnectionString &connection);
    void openDemo();
    void begin(); ///< after listed(), when no other page has dialogs in the window
    /// Closes what it shows at once; the session and the demo cluster, one of which may have called
    /// us, go when the event loop runs, and so does the page.
    void end();

    const QString &name() const { return m_name; } ///< of the cluster, for people
    bool isDemo() const { return m_demo != nullptr; }
    Session *session() const { return m_session.get(); } ///< null: the demo cluster is starting
    Browser *browser() const { return m_browser; }       ///< there when it is listed()
    Commands *commands() const { return m_commands; }    ///< there after begin(), as is the next
    Scenarios *scenarios() const { return m_scenarios; }

Q_SIGNALS:
    void listed(); ///< once: there is something to show
    /// It can't be connected to; or, later, its demo cluster has ended. In the user's language.
    void failed(const QString &message);

private:
    void openAs(const ConnectionString &connection, const QString &name);
    void follow();
    void makeBrowser();

    QSettings &m_settings;
    NoticeBar *m_notice;
    QWidget *m_window;
    QString m_name;
    std::unique_ptr<DemoSession> m_demo;
    std::unique_ptr<Session> m_session;
    Browser *m_browser = nullptr;
    Commands *m_commands = nullptr;
    Scenarios *m_scenarios = nullptr;
    bool m_listed = false;
};

} // namespace EtcdRegistry
