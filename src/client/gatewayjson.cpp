// SPDX-License-Identifier: MIT
#include "gatewayjson.h"

#include "etcderror.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QJsonValue>

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
            entry.key = QString::fromUtf8(fromBase64(unquoted(value)));
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
