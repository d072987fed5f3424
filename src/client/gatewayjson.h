// SPDX-License-Identifier: MIT
#pragma once

#include "http.h"
#include "json.h"
#include "store.h"

class QJsonObject;
class QJsonValue;

/// How the v3 JSON gateway writes things down, in 3.4 and later. Pure functions, any thread.
namespace EtcdRegistry::GatewayJson {

QString base64(const QByteArray &bytes);
/// 3.4's padded standard alphabet, and what 3.6 may send as well: URL-safe, unpadded.
QByteArray fromBase64(QByteArrayView text);

/// Bytes of a key that are no UTF-8 become single surrogates, which no text has, so that it is the
/// same key on the way back, and no other key. QString::isValidUtf16() tells who has them.
QString keyFrom(const QByteArray &bytes);
QByteArray bytesOf(const QString &key);

/// 64-bit integers travel as strings, from some versions as numbers; zero is left out.
qint64 integer(const QJsonValue &value);

/// The key in a "kv"; without one in any other object.
Entry entryOf(const Json::Views &fields);

/// The object in an answer, or the error that it is.
Result<QJsonObject> objectOf(const Result<HttpReply> &reply);

/// For an answer that is no such object.
Error protocolError(const HttpReply &reply);

} // namespace EtcdRegistry::GatewayJson
