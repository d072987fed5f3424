// SPDX-License-Identifier: MIT
#pragma once

#include <QFrame>

#include <functional>

class QPushButton;

namespace EtcdRegistry {

class SignLabel;

/// Something went wrong that has no other place: what, and the next step as a button. It stays
/// until that is taken or the notice is dismissed.
class NoticeBar : public QFrame
{
    Q_OBJECT
public:
    explicit NoticeBar(QWidget *parent = nullptr);

    /// Stands for as long as it is so (empty: it is not), behind what show() says.
    void setState(const QString &state);
    void show(const QString &message, const QString &nextStep, std::function<void()> action);

private:
    void showState();

    SignLabel *m_message;
    QPushButton *m_next;
    QPushButton *m_dismiss;
    QString m_state;
    std::function<void()> m_action;
};

} // namespace EtcdRegistry
