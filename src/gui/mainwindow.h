// SPDX-License-Identifier: MIT
#pragma once

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
class ConnectionButton;
class FilterField;
class Page;
class Session;
class StateChips;

/// The window. It wires the pieces: the start page or the page of a connection, the actions. One
/// connection is shown at a time; it stays until another one is there in its place.
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

    Session *session() const; ///< null: not connected

Q_SIGNALS:
    void connected(); ///< and the first listing is shown
    void connectingFailed(const QString &message);

protected:
    void closeEvent(QCloseEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void setUpActions();
    void setUpViewActions();
    void setUpToolBar();
    void showInToolBar(QAction *action, bool shown);
    void setUpStartPage();
    void fitScreen();

    std::unique_ptr<Page> newPage();
    void connectionListed();
    void failConnecting(const QString &message);
    void cancelConnecting();
    bool isConnected() const; ///< and what was listed is shown
    void showPage();
    void showStartPage();
    void rememberConnection();
    void endPage();
    void whenFree(const std::function<void()> &next);
    void askToEnd(bool closing, const std::function<void()> &next);

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
    QAction *m_afterButtons = nullptr; ///< in the tool bar
    std::unique_ptr<Page> m_page;      ///< null: not connected
    std::unique_ptr<Page> m_attempt;   ///< null: we are not connecting
    QString m_choice;
};

} // namespace EtcdRegistry
