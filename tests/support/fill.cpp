// SPDX-License-Identifier: MIT
#include "fill.h"

#include "connectionstring.h"
#include "plainhttp.h"

#include <QJsonDocument>
#include <QJsonObject>

using namespace Qt::StringLiterals;

namespace EtcdRegistry {

QList<Layout::Record> loadRecords(int count)
{
    constexpr int services = 20;
    QList<Layout::Record> records;
    records.reserve(count);
    for (int i = 0; i < count; ++i) {
        Service service;
        service.name = u"service-%1"_s.arg(i % services, 2, 10, '0'_L1);
        service.nameSpace = u"load"_s;
        service.hostname = u"10.%1.%2.%3"_s.arg(i >> 16).arg(i >> 8 & 255).arg(i & 255);
        service.port = 8080;
        service.document = R"({"version":"2.4.1","zone":"eu-1a"})";
        records.append(*Layout::encode(service));
    }
    return records;
}

static QList<PlainHttp::Request> fillRequests(const QUrl &endpoint, Api api,
                                              const QList<Layout::Record> &records, int ttl)
{
    const QByteArray seconds = QByteArray::number(ttl);
    QList<PlainHttp::Request> requests;
    if (api == Api::V2) {
        const QByteArray form =
            "noValueOnSuccess=true" + (ttl ? "&ttl=" + seconds : QByteArray()) + "&value=";
        for (const Layout::Record &record : records)
            requests.append({"PUT", "/v2/keys/" + record.key.toUtf8(),
                             form + record.value.toPercentEncoding()});
        return requests;
    }
    constexpr qsizetype operationsAtMost = 100;
    PlainHttp http(endpoint);
    for (qsizetype i = 0; i < records.size(); i += operationsAtMost) {
        QByteArray lease;
        if (ttl) {
            const auto reply = http.ask({"POST", "/v3/lease/grant", R"({"TTL":)" + seconds + '}'});
            lease = R"(,"lease":")"
                    + QJsonDocument::fromJson(reply.body)["ID"_L1].toString().toLatin1() + '"';
        }
        QByteArrayList puts;
        for (const Layout::Record &record : records.mid(i, operationsAtMost))
            puts.append(R"({"request_put":{"key":")" + record.key.toUtf8().toBase64()
                        + R"(","value":")" + record.value.toBase64() + '"' + lease + "}}");
        requests.append({"POST", "/v3/kv/txn", R"({"success":[)" + puts.join(',') + "]}"});
    }
    return requests;
}

bool fill(const ConnectionString &connection, Api api, int count, int ttl)
{
    const QUrl endpoint = connection.endpoints.first();
    // A large transaction keeps etcd busy enough
    return PlainHttp::sendAll(endpoint, fillRequests(endpoint, api, loadRecords(count), ttl),
                              api == Api::V2 ? 64 : 4);
}

} // namespace EtcdRegistry
