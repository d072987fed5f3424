// SPDX-License-Identifier: MIT
#include "environment.h"

#include <QCoreApplication>
#include <QMap>
#include <QProcessEnvironment>

#include <algorithm>

#include <unistd.h>

using namespace Qt::StringLiterals;

namespace EtcdRegistry::Cli {
namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::CommandLine)
};

struct Source
{
    QString name;
    QString text;
};

/// Where it says what the cluster is.
Source chosen(const std::optional<QString> &option)
{
    if (option)
        return {u"--etcd"_s, *option};
    for (const char *name : {"ETCD_REGISTRY", "ETCDCTL_ENDPOINTS"}) {
        if (const QString text = qEnvironmentVariable(name); !text.isEmpty())
            return {QString::fromLatin1(name), text};
    }
    return {u"--etcd"_s, u"127.0.0.1:4001"_s};
}

Result<ConnectionString> parse(const Source &source, bool hasCertificates)
{
    const QString text = source.text.trimmed();
    const bool saysProtocol = text.section(u'?', 0, 0).contains("://"_L1);
    const auto connection = ConnectionString::parse(
        hasCertificates && !saysProtocol && !text.isEmpty() ? "https://"_L1 + text : text);
    if (connection)
        return connection;
    Error error = connection.error();
    error.detail = source.name + u": "_s + error.message();
    return error;
}

/// etcdctl's variables that have a value. What nobody takes is told in the end.
class Variables
{
public:
    Variables()
    {
        const auto environment = QProcessEnvironment::systemEnvironment();
        for (const QString &name : environment.keys()) {
            if (name.startsWith("ETCDCTL_"_L1) && !environment.value(name).isEmpty())
                m_left.insert(name, environment.value(name));
        }
        m_left.remove(u"ETCDCTL_ENDPOINTS"_s); // where it does not count, another place was named
    }

    QStringList left() const { return m_left.keys(); }
    bool has(const QString &name) const { return m_left.contains(name); }
    QString take(const QString &name) { return m_left.take(name); } ///< null: it is not set

private:
    QMap<QString, QString> m_left;
};

const QStringList certificates{u"ETCDCTL_CACERT"_s, u"ETCDCTL_CERT"_s, u"ETCDCTL_KEY"_s};

void readFiles(ConnectionString &connection, Variables &variables)
{
    if (connection.caFile.isEmpty())
        connection.caFile = variables.take(certificates[0]);
    if (connection.certFile.isEmpty()) {
        connection.certFile = variables.take(certificates[1]);
        connection.keyFile = variables.take(certificates[2]);
    }
}

/// Not echoed; null where nobody is there to type it.
QString typedPassword(const QString &user)
{
    // Completion has a terminal too, but shows no errors: it must not wait for an answer.
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return {};
    const char *typed = getpass(qPrintable(Text::tr("Password of %1: ").arg(user)));
    return typed ? QString::fromLocal8Bit(typed) : QString();
}

void readLogin(ConnectionString &connection, Variables &variables)
{
    if (connection.user.isEmpty()) {
        const QString login = variables.take(u"ETCDCTL_USER"_s);
        const auto colon = login.indexOf(u':');
        connection.user = login.first(colon < 0 ? login.size() : colon);
        if (colon >= 0)
            connection.password = login.sliced(colon + 1);
    }
    if (connection.user.isEmpty() || !connection.password.isNull())
        return;
    connection.password = variables.take(u"ETCDCTL_PASSWORD"_s);
    if (connection.password.isNull())
        connection.password = typedPassword(connection.user);
    if (connection.password.isNull()) {
        connection.warnings += Text::tr("There is no password for %1: write user:password@ before "
                                        "the host, or set ETCDCTL_PASSWORD.")
                                   .arg(connection.user);
    }
}

} // namespace

Result<ConnectionString> connectionFrom(const std::optional<QString> &option)
{
    Variables variables;
    const bool hasCertificates =
        std::ranges::any_of(certificates, [&](const QString &name) { return variables.has(name); });
    const auto known = parse(chosen(option), hasCertificates);
    if (!known)
        return known;
    ConnectionString connection = *known;
    const bool mayBeTls =
        connection.discovery.isValid() || connection.endpoints.first().scheme() == "https"_L1;
    if (mayBeTls)
        readFiles(connection, variables);
    if (connection.certFile.isEmpty() != connection.keyFile.isEmpty()) {
        return Error{.code = Error::Code::InvalidArgument,
                     .detail = Text::tr("ETCDCTL_CERT and ETCDCTL_KEY go together: set both.")};
    }
    readLogin(connection, variables);
    for (const QString &name : variables.left()) {
        connection.warnings += !mayBeTls && certificates.contains(name)
                                   ? Text::tr("%1 is not used: it needs https.").arg(name)
                                   : Text::tr("%1 is set and not used.").arg(name);
    }
    return connection;
}

} // namespace EtcdRegistry::Cli
