// SPDX-License-Identifier: MIT
#include "copyas.h"

#include "json.h"
#include "plaintext.h"

#include <QCoreApplication>
#include <QRegularExpression>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace EtcdRegistry {
namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::CopyFormat)
};

/// One word, whatever is in it: in single quotes, where shells expand nothing. What would command
/// the terminal that it is pasted into (or hide there) is written as octal numbers.
QString shellQuoted(const QString &text)
{
    QString word = u"'"_s;
    for (qsizetype i = 0, size = 0; i < text.size(); i += size) {
        const char32_t c = characterAt(text, i);
        size = QChar::requiresSurrogates(c) ? 2 : 1;
        const QStringView character = QStringView(text).sliced(i, size);
        if (c == U'\'') {
            word += u"'\\''"_s;
        } else if (isPlain(c) || c == U'\n') {
            word += character;
        } else {
            word += u"'\"$(printf '"_s;
            for (const char byte : character.toUtf8())
                word += u'\\' + QString::number(uchar(byte), 8).rightJustified(3, u'0');
            word += u"')\"'"_s;
        }
    }
    return word + u'\'';
}

/// False where no argument can hold it.
bool isArgument(const QString &text)
{
    return !text.contains(QChar(0)) && QString::fromUtf8(text.toUtf8()) == text;
}

/// " --option 'value'" where there is a value.
QString shellOption(const QString &option, const QString &value)
{
    return value.isEmpty() ? QString() : u' ' + option + u' ' + shellQuoted(value);
}

/// In one line: who pastes a line break or a tab into a shell gives it a key.
QByteArray document(const Instance &instance)
{
    return plainJson(Json::compact(instance.document));
}

/// Any of its nodes; of one that discovery has to find, none is known.
QString endpoint(const ConnectionString &connection)
{
    return connection.endpoints.isEmpty() ? u"http://127.0.0.1:2379"_s
                                          : connection.endpoints.first().toString();
}

QString curl(const ConnectionString &connection)
{
    return u"curl -sS"_s + shellOption(u"--cacert"_s, connection.caFile)
           + shellOption(u"--cert"_s, connection.certFile)
           + shellOption(u"--key"_s, connection.keyFile);
}

QString curlV2(const Instance &instance, const ConnectionString &connection)
{
    const QString login = connection.user.isEmpty()
                              ? QString()
                              : u" -u %1:\"$PASSWORD\""_s.arg(shellQuoted(connection.user));
    const QString url = endpoint(connection) + u"/v2/keys/"_s
                        + QString::fromLatin1(QUrl::toPercentEncoding(instance.key, "/"));
    const QRegularExpression dots(u"(^|/)\\.\\.?(/|$)"_s); // which curl would follow
    const QString asItIs = instance.key.contains(dots) ? u" --path-as-is"_s : QString();
    const QString ttl =
        instance.hasTtl ? u" -d ttl=%1"_s.arg(ttlOf(instance, connection).count()) : QString();
    return curl(connection) + login + asItIs + u" -X PUT "_s + shellQuoted(url)
           + u" \\\n  --data-urlencode "_s
           + shellQuoted(u"value="_s + QString::fromUtf8(document(instance))) + ttl + u'\n';
}

QString curlV3(const Instance &instance, const ConnectionString &connection)
{
    QString token;
    const auto post = [&](const QString &path, const QString &body) {
        return curl(connection) + token + u' ' + shellQuoted(endpoint(connection) + path)
               + u" \\\n  -d "_s + body;
    };
    const auto assign = [](const QString &name, const QString &command, const QString &field) {
        return u"%1=$(%2 |\n  sed 's/.*\"%3\":\"\\([^\"]*\\)\".*/\\1/')\n"_s.arg(name, command,
                                                                                 field);
    };
    QString result;
    if (!connection.user.isEmpty()) {
        const QString name = QString::fromUtf8(Json::quoted(connection.user));
        const QString login = shellQuoted(u"{\"name\":%1,\"password\":\""_s.arg(name))
                              + u"\"$PASSWORD\""_s + shellQuoted(u"\"}"_s);
        result += assign(u"TOKEN"_s, post(u"/v3/auth/authenticate"_s, login), u"token"_s);
        token = u" -H \"Authorization: $TOKEN\""_s;
    }
    const auto base64 = [](const QByteArray &bytes) {
        return QString::fromLatin1(bytes.toBase64());
    };
    const QString put = u"{\"key\":\"%1\",\"value\":\"%2\""_s.arg(base64(instance.key.toUtf8()),
                                                                  base64(instance.document));
    if (!instance.hasTtl)
        return result + post(u"/v3/kv/put"_s, shellQuoted(put + u'}')) + u'\n';
    result += assign(u"LEASE"_s,
                     post(u"/v3/lease/grant"_s,
                          shellQuoted(u"{\"TTL\":%1}"_s.arg(ttlOf(instance, connection).count()))),
                     u"ID"_s);
    return result
           + post(u"/v3/kv/put"_s,
                  shellQuoted(put + u",\"lease\":\""_s) + u"$LEASE"_s + shellQuoted(u"\"}"_s))
           + u'\n';
}

QString etcdctl(const Instance &instance, const ConnectionString &connection)
{
    if (!isArgument(instance.key))
        return {};
    QStringList endpoints;
    for (const QUrl &each : connection.endpoints)
        endpoints += each.toString();
    const QString login = connection.user.isEmpty()
                              ? QString()
                              : u" --user %1:\"$PASSWORD\""_s.arg(shellQuoted(connection.user));
    const QString command = u"ETCDCTL_API=3 etcdctl"_s
                            + shellOption(u"--endpoints"_s, endpoints.join(u','))
                            + shellOption(u"--cacert"_s, connection.caFile)
                            + shellOption(u"--cert"_s, connection.certFile)
                            + shellOption(u"--key"_s, connection.keyFile) + login;
    // What it puts begins after "--": a value may begin with a dash
    const QString put = u"-- "_s + shellQuoted(instance.key) + u" \\\n  "_s
                        + shellQuoted(QString::fromUtf8(document(instance))) + u'\n';
    if (!instance.hasTtl)
        return command + u" put "_s + put;
    return u"LEASE=$(%1 lease grant %2 | cut -d' ' -f2)\n"_s.arg(command).arg(
               ttlOf(instance, connection).count())
           + command + u" put --lease=$LEASE "_s + put;
}

/// The connection's nodes and the instance's own namespace.
QString registryOf(const Instance &instance, const ConnectionString &connection)
{
    ConnectionString own;
    own.endpoints = connection.endpoints;
    own.discovery = connection.discovery;
    own.nameSpace = instance.nameSpace;
    return own.toString();
}

QString javaScript(const Instance &instance, const ConnectionString &connection)
{
    // JSON is JavaScript but for this name; and it may come to stand in a page.
    const auto literal = [](const QByteArray &json) {
        return QString::fromUtf8(plainJson(json)).replace(u'<', u"\\u003c"_s);
    };
    const auto quoted = [&](const QString &text) { return literal(Json::quoted(text)); };
    const QByteArray json = document(instance);
    const bool isLiteral = !json.contains("__proto__") && !json.contains("\\u005");
    return u"const registry = require('etcd-registry')(%1)\n\nregistry.join(%2, %3, err => {\n"
           "  if (err) throw err\n})\n"_s.arg(
               quoted(registryOf(instance, connection)), quoted(instance.service),
               isLiteral ? literal(json)
                         : u"JSON.parse(%1)"_s.arg(quoted(QString::fromUtf8(json))));
}

QString etcdRegistry(const Instance &instance, const ConnectionString &connection)
{
    ConnectionString own = connection;
    own.nameSpace = instance.nameSpace;
    own.ttl = ttlOf(instance, connection);
    own.heartbeat = own.ttl / 2;
    const QString text = own.toString();
    const auto read = ConnectionString::parse(text);
    const bool canBeTold = read && read->nameSpace == own.nameSpace && isArgument(text)
                           && isArgument(instance.service)
                           && !instance.service.startsWith(u'-'); // join takes it for an option
    if (!canBeTold)
        return {};
    return u"printf '%s\\n' %1 |\n  etcd-registry -e %2 join %3 --doc -\n"_s.arg(
        shellQuoted(QString::fromUtf8(document(instance))), shellQuoted(text),
        shellQuoted(instance.service));
}

using TextOf = QString (*)(const Instance &instance, const ConnectionString &connection);

template <TextOf text>
QString unlessBroken(const Instance &instance, const ConnectionString &connection)
{
    const bool isWhole =
        instance.problem != Instance::Problem::NotAnObject && instance.key.isValidUtf16();
    return isWhole ? text(instance, connection) : QString();
}

} // namespace

std::chrono::seconds ttlOf(const Instance &instance, const ConnectionString &connection)
{
    const auto known = instance.ttl.value_or(connection.ttl);
    return std::chrono::ceil<std::chrono::seconds>(
        instance.api == Api::V2 ? std::max(known, connection.ttl) : known);
}

const QList<CopyFormat> &copyFormats()
{
    static const QList<CopyFormat> formats{
        {u"curl-v2"_s, Text::tr("curl, v2 API"), &unlessBroken<curlV2>},
        {u"curl-v3"_s, Text::tr("curl, v3 API"), &unlessBroken<curlV3>},
        {u"etcdctl"_s, Text::tr("etcdctl"), &unlessBroken<etcdctl>},
        {u"javascript"_s, Text::tr("JavaScript"), &unlessBroken<javaScript>},
        {u"etcd-registry"_s, Text::tr("etcd-registry"), &unlessBroken<etcdRegistry>},
    };
    return formats;
}

} // namespace EtcdRegistry
