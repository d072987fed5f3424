// SPDX-License-Identifier: MIT
#pragma once

#include <QStatusBar>

class QLabel;
class QPushButton;

namespace EtcdRegistry {

class Session;
class SignLabel;

/// How fresh the window is, at the left, and who answers, at the right.
class StatusLine : public QStatusBar
{
    Q_OBJECT
public:
    explicit StatusLine(QWidget *parent = nullptr);

    void show(const Session &session);

    /// What is wrong with the cluster itself, that people have to know; or nothing.
    static QString trouble(const Session &session);

Q_SIGNALS:
    void retryRequested();
    void resumeRequested();

private:
    SignLabel *m_sign;
    QLabel *m_freshness;
    QPushButton *m_retry;
    QPushButton *m_resume;
    QLabel *m_cluster;
};

} // namespace EtcdRegistry
