// SPDX-License-Identifier: MIT
#include "network.h"

#include <QNetworkAccessManager>
#include <QNetworkProxyFactory>

namespace EtcdRegistry {

namespace {

/// What has no proxy Qt reads without a buffer: the head of an answer byte by byte, with a system
/// call for each. "The application's proxy", which is what it uses anyway, counts as one.
class ApplicationProxy : public QNetworkProxyFactory
{
    QList<QNetworkProxy> queryProxy(const QNetworkProxyQuery &) override
    {
        return {QNetworkProxy(QNetworkProxy::DefaultProxy)};
    }
};

} // namespace

void setUpNetwork(QNetworkAccessManager &network)
{
    network.setAutoDeleteReplies(false);
    network.setRedirectPolicy(QNetworkRequest::ManualRedirectPolicy);
    network.setProxyFactory(new ApplicationProxy); // its own from now on
}

} // namespace EtcdRegistry
