// SPDX-License-Identifier: MIT
#pragma once

#include <QPushButton>

namespace EtcdRegistry {

/// Which cluster: its name, and at the edge a colour of its own, so that one doesn't act on the
/// wrong one. It opens the connection's menu.
class ConnectionButton : public QPushButton
{
    Q_OBJECT
public:
    explicit ConnectionButton(QWidget *parent = nullptr);

    /// The colour follows from `identity`; both empty: no connection.
    void setConnection(const QString &name, const QString &identity);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    void showName();

    QString m_name; ///< whole
    QString m_identity;
};

} // namespace EtcdRegistry
