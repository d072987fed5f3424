// SPDX-License-Identifier: MIT
#include "environment.h"

using namespace Qt::StringLiterals;

namespace EtcdRegistry::Cli {

static Result<ConnectionString> parse(const QString &text, const QString &source)
{
    auto connection = ConnectionString::parse(text);
    if (connection)
        return connection;
    Error error = connection.error();
    error.detail = source + u": "_s + error.message();
    return error;
}

static Result<ConnectionString> chosen(const QString &option)
{
    if (!option.isEmpty())
        return parse(option, u"--etcd"_s);
    for (const char *name : {"ETCD_REGISTRY", "ETCDCTL_ENDPOINTS"}) {
        if (const QString text = qEnvironmentVariable(name); !text.isEmpty())
            return parse(text, QString::fromLatin1(name));
    }
    return ConnectionString::parse(u"127.0.0.1:4001"_s);
}

Result<ConnectionString> connectionFrom(const QString &option)
{
    const auto known = chosen(option);
    if (!known)
        return known;
    ConnectionString connection = *known;
    const bool isTls = std::ranges::any_of(
        connection.endpoints, [](const QUrl &endpoint) { return endpoint.scheme() == "https"_L1; });
    if (isTls && connection.caFile.isEmpty())
        connection.caFile = qEnvironmentVariable("ETCDCTL_CACERT");
    if (isTls && connection.certFile.isEmpty()) {
        connection.certFile = qEnvironmentVariable("ETCDCTL_CERT");
        connection.keyFile = qEnvironmentVariable("ETCDCTL_KEY");
    }
    if (connection.user.isEmpty()) {
        const QString user = qEnvironmentVariable("ETCDCTL_USER");
        connection.user = user.section(u':', 0, 0);
        connection.password = user.section(u':', 1);
    }
    return connection;
}

} // namespace EtcdRegistry::Cli
