// SPDX-License-Identifier: MIT
#pragma once

#include "noticebar.h"

#include <QObject>
#include <QPointer>
#include <QSet>
#include <QUrl>

namespace EtcdRegistry {

class Session;

/// Tells in the window's notice bar what is wrong with the cluster as a whole, each thing once.
class ClusterNotices : public QObject
{
    Q_OBJECT
public:
    ClusterNotices(Session &session, NoticeBar *bar, QObject *parent);
    ~ClusterNotices() override;

Q_SIGNALS:
    void nodesRequested(); ///< the user wants to see them

private:
    void lookAtNodes();

    Session &m_session;
    QPointer<NoticeBar> m_bar;
    QSet<QUrl> m_strangers; ///< nodes of another cluster that were told of
};

} // namespace EtcdRegistry
