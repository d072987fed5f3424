// SPDX-License-Identifier: MIT
#include "gatewayjson.h"

#include "etcderror.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QJsonValue>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace EtcdRegistry::GatewayJson {

static QByteArrayView unquoted(QByteArrayView value)
{
    return value.startsWith('"') ? value.sliced(1).chopped(1) : value;
}

QString base64(const QByteArray &bytes)
{
    return QString::fromLatin1(bytes.toBase64());
}

QByteArray fromBase64(QByteArrayView text)
{
    const bool urlSafe = text.contains('-') || text.contains('_');
    return QByteArray::fromBase64(QByteArray::fromRawData(text.data(), text.size()),
                                  urlSafe ? QByteArray::Base64UrlEncoding
                                          : QByteArray::Base64Encoding);
}

constexpr char16_t escape = 0xDC00; // and the byte

QString keyFrom(const QByteArray &bytes)
{
    const QString text = QString::fromUtf8(bytes);
    if (!text.contains(QChar::ReplacementCharacter))
        return text;
    QString result;
    for (qsizetype at = 0; at < bytes.size();) {
        QByteArray character;
        for (qsizetype size = 1; size <= 4 && character.isEmpty(); ++size) {
            const QByteArray some = bytes.mid(at, size);
            if (QString::fromUtf8(some).toUtf8() == some)
                character = some;
        }
        if (character.isEmpty())
            result += QChar(escape + uchar(bytes[at]));
        else
            result += QString::fromUtf8(character);
        at += std::max<qsizetype>(character.size(), 1);
    }
    return result;
}

QByteArray bytesOf(const QString &key)
{
    QByteArray result;
    qsizetype from = 0;
    for (qsizetype at = 0; at < key.size(); ++at) {
        if (!key[at].isLowSurrogate() || (at > 0 && key[at - 1].isHighSurrogate()))
            continue;
        result += QStringView(key).sliced(from, at - from).toUtf8();
        result += char(key[at].unicode() - escape);
        from = at + 1;
    }
    return result + QStringView(key).sliced(from).toUtf8();
}

qint64 integer(const QJsonValue &value)
{
    return Json::integer(value.isString() ? value.toString().toLatin1()
                                          : QByteArray::number(value.toInteger()));
}

Entry entryOf(const Json::Views &fields)
{
    Entry entry;
    for (const auto &[name, value] : fields) {
        if (name == R"("key")")
            entry.key = keyFrom(fromBase64(unquoted(value)));
        else if (name == R"("value")")
            entry.value = fromBase64(unquoted(value));
        else if (name == R"("create_revision")")
            entry.createRevision = Json::integer(value);
        else if (name == R"("mod_revision")")
            entry.modRevision = Json::integer(value);
        else if (name == R"("lease")")
            entry.lease =
                Json::text(value).toLongLong(); // a name: any 64 bits, and not reckoned with
    }
    entry.hasTtl = entry.lease != 0;
    return entry;
}

Error protocolError(const HttpReply &reply)
{
    return {.code = Error::Code::Protocol,
            .httpStatus = reply.status,
            .endpoint = reply.endpoint.toString(),
            .detail = u"not an answer of its JSON gateway"_s};
}

Result<QJsonObject> objectOf(const Result<HttpReply> &reply)
{
    if (!reply)
        return reply.error();
    if (reply->status >= 300)
        return errorFromReply(*reply);
    const QJsonDocument document = QJsonDocument::fromJson(reply->body);
    if (!document.isObject())
        return protocolError(*reply);
    const QJsonObject object = document.object();
    if (object.contains("error"_L1)) // a stream's error line comes with status 200
        return errorFromReply(*reply);
    if (!object.value("header"_L1).isObject() && !object.value("result"_L1).isObject())
        return protocolError(*reply);
    return object;
}

} // namespace EtcdRegistry::GatewayJson
