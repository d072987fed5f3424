// SPDX-License-Identifier: MIT
#pragma once

#include <QObject>
#include <QSet>
#include <QUrl>

namespace EtcdRegistry {

class NoticeBar;
class Session;

/// Tells in the window's notice bar what is wrong with the cluster as a whole, each thing once.
class ClusterNotices : public QObject
{
    Q_OBJECT
public:
    /// The bar outlives it.
    ClusterNotices(Session &session, NoticeBar *bar, QObject *parent);

Q_SIGNALS:
    void nodesRequested(); ///< the user wants to see them

private:
    void lookAtNodes();

    Session &m_session;
    NoticeBar *m_bar;
    QSet<QUrl> m_strangers; ///< nodes of another cluster that were told of
};

} // namespace EtcdRegistry
