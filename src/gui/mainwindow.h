// SPDX-License-Identifier: MIT
#pragma once

#include "connectionstring.h"
#include "row.h"

#include <QMainWindow>

#include <functional>
#include <memory>

class QSettings;

namespace EtcdRegistry {

namespace Ui {
class MainWindow;
}
class Browser;
class Commands;
class ConnectionButton;
class DemoSession;
class FilterField;
class Scenarios;
class Session;
class StateChips;

/// The window. It wires the pieces: the start page or the browser of a session, the dialogs, the
/// actions. One connection at a time.
class MainWindow : public QMainWindow
{
    Q_OBJECT
public:
    explicit MainWindow(QSettings &settings, QWidget *parent = nullptr);
    ~MainWindow() override;

    void connectTo(const QString &connectionString);
    void startDemo();
    /// "namespace/service": to be chosen, with its first instance, as soon as there is data.
    void chooseWhenConnected(const QString &service) { m_choice = service; }

    Session *session() const { return m_session.get(); } ///< null: not connected

Q_SIGNALS:
    void connected(); ///< and the first listing is shown
    void connectingFailed(const QString &message);

protected:
    void closeEvent(QCloseEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    void setUpActions();
    void setUpToolBar();
    void open(const ConnectionString &connection, const QString &name);
    void freshnessChanged();
    void failConnecting(const QString &message);
    void makeBrowser();
    bool isConnected() const; ///< and something was listed
    void showBrowser();
    void rememberConnection();
    void closeSession();
    void endSession(const std::function<void()> &next);

    void updateActions();
    QList<Row> selectedRows() const;
    void clearFilter();
    void copy(const std::function<QString(const Instance &)> &textOf);
    void showAbout();

    std::unique_ptr<Ui::MainWindow> m_ui;
    QSettings &m_settings;
    ConnectionButton *m_connectionButton;
    StateChips *m_chips;
    FilterField *m_filter;
    std::unique_ptr<DemoSession> m_demo;
    std::unique_ptr<Session> m_session;
    Browser *m_browser = nullptr;     ///< while connected
    Commands *m_commands = nullptr;   ///< while connected
    Scenarios *m_scenarios = nullptr; ///< while connected
    QString m_name;                   ///< of the cluster, for people
    QString m_choice;
};

} // namespace EtcdRegistry
