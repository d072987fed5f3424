// SPDX-License-Identifier: MIT
#include "clusternotices.h"

#include "session.h"
#include "statusline.h"

namespace EtcdRegistry {

ClusterNotices::ClusterNotices(Session &session, NoticeBar *bar, QObject *parent)
    : QObject(parent)
    , m_session(session)
    , m_bar(bar)
{
    connect(&session, &Session::nodesChanged, this, &ClusterNotices::lookAtNodes);
    connect(&session, &Session::freshnessChanged, this,
            [this] { m_bar->setState(StatusLine::trouble(m_session)); });
    lookAtNodes();
}

ClusterNotices::~ClusterNotices()
{
    if (m_bar) // which a window that closes may end first
        m_bar->setState({});
}

void ClusterNotices::lookAtNodes()
{
    QStringList names;
    for (const Node &node : m_session.nodes()) {
        const bool stranger = node.lastError && node.lastError->code == Error::Code::OtherCluster;
        if (stranger && !m_strangers.contains(node.endpoint)) {
            m_strangers.insert(node.endpoint);
            names.append(node.endpoint.authority());
        }
    }
    if (names.isEmpty())
        return;
    m_bar->show(names.size() == 1
                    ? tr("%1 belongs to another cluster, so it is not used. Take it out of the "
                         "connection.")
                          .arg(names.first())
                    : tr("%1 belong to another cluster, so they are not used. Take them out of the "
                         "connection.")
                          .arg(names.join(tr(", "))),
                tr("Show the nod&es"), [this] { Q_EMIT nodesRequested(); });
}

} // namespace EtcdRegistry
