// SPDX-License-Identifier: MIT
#pragma once

#include <QWidget>

#include <memory>

namespace EtcdRegistry {

namespace Ui {
class StartPage;
}

/// What the window shows while there is no connection: connect, the recent connections, a demo
/// session. Connecting itself is the window's: after either request the page is busy until the
/// window calls setBusy(false), setConnected() or showError(), and can be cancelled. What the
/// window does of its own accord it tells by setConnecting() or setStartingDemo(), so that it can
/// be tried again here.
class StartPage : public QWidget
{
    Q_OBJECT
public:
    explicit StartPage(QWidget *parent = nullptr);
    ~StartPage() override;

    void
    setRecent(const QStringList &connections); ///< latest first, see ConnectionString::toString()
    void setConnecting(const QString &connection); ///< busy; the connection goes to the field
    void setStartingDemo();                        ///< busy
    void setBusy(bool busy);
    void setConnected(); ///< no password stays in the field
    /// The name of the cluster that is shown behind this page, and can be returned to; or empty.
    void setBack(const QString &name);
    void showError(const QString &message); ///< in place, with a button to try again

Q_SIGNALS:
    void connectRequested(const QString &connectionString); ///< a valid one, as typed
    void demoRequested();
    void cancelRequested(); ///< while busy
    void backRequested();
    void recentRemoved(const QString &connection); ///< it is off the list

protected:
    void keyPressEvent(QKeyEvent *event) override;

private:
    void refresh();
    void requestConnection();
    void requestDemo();
    void useRecent(const QString &connection);
    void removeRecent(const QString &connection);
    void clearError();

    std::unique_ptr<Ui::StartPage> m_ui;
    QStringList m_recent;
    bool m_demoAsked = false; ///< last, so that is what to try again
    bool m_busy = false;
};

} // namespace EtcdRegistry
