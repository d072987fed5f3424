// SPDX-License-Identifier: MIT
#include "serverlist.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace EtcdRegistry {

static void collect(const QJsonObject &node, ServerList &list)
{
    if (!node["dir"_L1].toBool()) {
        list.insert(node["key"_L1].toString().mid(1), node["value"_L1].toString().toUtf8());
        return;
    }
    for (const QJsonValue &child : node["nodes"_L1].toArray())
        collect(child.toObject(), list);
}

PlainHttp::Request listRequest(Api api, const QByteArray &prefix)
{
    if (api == Api::V2)
        return {"GET", "/v2/keys/" + prefix + "?recursive=true&sorted=true", {}};
    QByteArray end = prefix;
    end.back() = char(end.back() + 1);
    return {"POST", "/v3/kv/range",
            R"({"key":")" + prefix.toBase64() + R"(","range_end":")" + end.toBase64() + R"("})"};
}

std::optional<ServerList> serverList(const QUrl &endpoint, Api api, const QByteArray &prefix)
{
    PlainHttp::Request request = listRequest(api, prefix);
    if (api == Api::V2)
        request.path += "&quorum=true"; // v3 does so by itself
    const PlainHttp::Reply reply = PlainHttp(endpoint, 5s).ask(request);
    const QJsonObject answer = QJsonDocument::fromJson(reply.body).object();
    ServerList list;
    if (api == Api::V2 && reply.status == 404 && answer["errorCode"_L1].toInt() == 100)
        return list;
    if (reply.status != 200)
        return std::nullopt;
    if (api == Api::V2)
        collect(answer["node"_L1].toObject(), list);
    for (const QJsonValue &value : answer["kvs"_L1].toArray()) {
        const auto bytes = [&value](QLatin1StringView field) {
            return QByteArray::fromBase64(value[field].toString().toLatin1());
        };
        list.insert(QString::fromUtf8(bytes("key"_L1)), bytes("value"_L1));
    }
    return list;
}

QString differences(const ServerList &wanted, const ServerList &got)
{
    QStringList lines;
    for (auto it = wanted.begin(); it != wanted.end(); ++it) {
        const auto found = got.find(it.key());
        if (found == got.end())
            lines += u"missing: "_s + it.key();
        else if (*found != *it)
            lines += u"differs: %1: %2 and not %3"_s.arg(it.key(), QString::fromUtf8(*found),
                                                         QString::fromUtf8(*it));
    }
    for (auto it = got.begin(); it != got.end(); ++it) {
        if (!wanted.contains(it.key()))
            lines += u"too many: "_s + it.key();
    }
    constexpr qsizetype few = 10;
    if (lines.size() > few)
        lines = lines.first(few) << u"... %1 in all"_s.arg(lines.size());
    return lines.join(u'\n');
}

} // namespace EtcdRegistry
