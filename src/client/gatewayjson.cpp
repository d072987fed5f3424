// SPDX-License-Identifier: MIT
#include "gatewayjson.h"

#include <QJsonValue>

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
    return value.isString() ? value.toString().toLongLong() : value.toInteger();
}

qint64 integer(QByteArrayView value)
{
    return unquoted(value).toLongLong();
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
            entry.createRevision = integer(value);
        else if (name == R"("mod_revision")")
            entry.modRevision = integer(value);
        else if (name == R"("lease")")
            entry.lease = integer(value);
    }
    entry.hasTtl = entry.lease != 0;
    return entry;
}

} // namespace EtcdRegistry::GatewayJson
