// SPDX-License-Identifier: MIT
#include "error.h"

#include "plaintext.h"

#include <QCoreApplication>
#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace EtcdRegistry {
namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::Error)
};

constexpr qsizetype longestPart = 400; ///< of a message: who reads it has to see its end

/// Qt and proxies quote URLs, and these may hold a password.
QString withoutSecrets(const QString &text)
{
    static const QRegularExpression credentials(u"(?<=://)[^/\\s]*@"_s);
    return quotable(QString(text).remove(credentials), longestPart);
}

} // namespace

QString quotable(const QString &said, qsizetype most)
{
    return plainText(said.left(2 * most).simplified(),
                     most); // the former makes it shorter, if at all
}

bool Error::retryable() const
{
    switch (code) {
    case Code::Unreachable:
    case Code::Timeout:
    case Code::Unavailable:
    case Code::NoLeader:
    case Code::Tls:
    case Code::OtherCluster:
    case Code::Protocol:
        return true;
    case Code::InvalidArgument:
    case Code::NotFound:
    case Code::Conflict:
    case Code::Taken:
    case Code::LoginRequired:
    case Code::LoginRefused:
    case Code::PermissionDenied:
    case Code::OutOfSpace:
    case Code::TooLarge:
    case Code::NotServed:
        return false;
    }
    Q_UNREACHABLE();
}

QString Error::reason() const
{
    auto why = withoutSecrets(detail);
    if (why.endsWith(u'.'))
        why.chop(1);
    if (httpStatus != 0 && (why.isEmpty() || why.startsWith(u'<'))) // or a page in HTML
        why = Text::tr("HTTP status %1").arg(httpStatus);
    return why;
}

QString Error::message() const
{
    const auto where = endpoint.isEmpty() ? Text::tr("the cluster") : withoutSecrets(endpoint);
    const auto why = reason();
    const auto because = why.isEmpty() ? QString() : u" (%1)"_s.arg(why);
    const auto keys =
        nameSpace.isEmpty() ? u"services/"_s : u"services/%1/"_s.arg(quotable(nameSpace));

    switch (code) {
    case Code::InvalidArgument:
        return endpoint.isEmpty() ? withoutSecrets(detail)
                                  : Text::tr("%1 refuses the request%2.").arg(where, because);
    case Code::NotFound:
        return Text::tr("It is no longer on %1%2. Refresh, and try again.").arg(where, because);
    case Code::Conflict:
        return Text::tr("It was changed meanwhile on %1%2. Refresh, and try again.")
            .arg(where, because);
    case Code::Taken:
        return Text::tr("Another registration of this name and URL is on %1 already%2. Choose "
                        "another port, or take it over.")
            .arg(where, because);
    case Code::LoginRequired:
        return Text::tr("%1 asks for a login%2. Put user:password@ before the host.")
            .arg(where, because);
    case Code::LoginRefused:
        // v2 has one answer to a wrong password and to a missing right.
        return (
            etcdCode == 110
                ? Text::tr("%1 refuses this user or password%2. Check both, and the right on %3.")
                      .arg(where, because, keys)
                : Text::tr("%1 refuses this user or password%2. Check both.").arg(where, because));
    case Code::PermissionDenied:
        return Text::tr("This user may not do that on %1%2. Ask for the right on %3.")
            .arg(where, because, keys);
    case Code::Unreachable:
        return Text::tr("Can't connect to %1%2. Check address and port, and that etcd runs there.")
            .arg(where, because);
    case Code::Timeout:
        return Text::tr("No answer in time from %1%2. Check node and network, and try again.")
            .arg(where, because);
    case Code::Unavailable:
        return Text::tr("%1 can't serve now%2. Check that most nodes are up, and try again.")
            .arg(where, because);
    case Code::NoLeader:
        return Text::tr("The cluster has no leader, says %1%2. Most of its nodes must be up: start "
                        "the others.")
            .arg(where, because);
    case Code::Tls:
        if (httpStatus != 0) { // so the connection stands
            return Text::tr("%1 takes no certificate with a common name for its JSON API where "
                            "logins are on%2. Use one without.")
                .arg(where, because);
        }
        return Text::tr("No secure connection to %1%2. Check https and the ca, cert and key files.")
            .arg(where, because);
    case Code::OutOfSpace:
        return Text::tr(
                   "%1 has no room for it%2. Compact and defragment etcd, then disarm its alarm.")
            .arg(where, because);
    case Code::TooLarge:
        return Text::tr("That is more than %1 takes%2. etcd takes 1.5 MiB at once, unless it was "
                        "started with --max-request-bytes.")
            .arg(where, because);
    case Code::NotServed:
        if (detail.contains("for learner"_L1))
            return Text::tr("%1 is a learner%2. Name a voting member.").arg(where, because);
        return Text::tr("%1 does not serve this API%2. Choose api=auto, or start etcd with it.")
            .arg(where, because);
    case Code::OtherCluster:
        return Text::tr("%1 belongs to another cluster and is not used%2. Take it out of the list "
                        "of hosts.")
            .arg(where, because);
    case Code::Protocol:
        if (httpStatus == 400 && detail.contains("HTTPS"_L1)) // Go's words, and nginx's
            return Text::tr("%1 wants https%2. Write https:// before it.").arg(where, because);
        if (httpStatus >= 300) {
            return Text::tr(
                       "%1 is a web server or a proxy, not etcd%2. Check that the address is a "
                       "client URL.")
                .arg(where, because);
        }
        return Text::tr(
                   "The answer from %1 is not etcd's%2. Check that the address is a client URL.")
            .arg(where, because);
    }
    Q_UNREACHABLE();
}

} // namespace EtcdRegistry
