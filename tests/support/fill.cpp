// SPDX-License-Identifier: MIT
#include "fill.h"

#include "await.h"
#include "transport.h"

#include <QJsonArray>
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

static QList<HttpRequest> requestsV2(const QList<Layout::Record> &records)
{
    QList<HttpRequest> requests;
    for (const Layout::Record &record : records) {
        requests.append({.method = "PUT",
                         .path = "/v2/keys/" + record.key.toUtf8(),
                         .body = "noValueOnSuccess=true&value=" + record.value.toPercentEncoding(),
                         .contentType = "application/x-www-form-urlencoded"});
    }
    return requests;
}

static QList<HttpRequest> requestsV3(const QList<Layout::Record> &records)
{
    constexpr qsizetype operationsAtMost = 100;
    QList<HttpRequest> requests;
    for (qsizetype i = 0; i < records.size(); i += operationsAtMost) {
        QJsonArray puts;
        for (const Layout::Record &record : records.mid(i, operationsAtMost)) {
            puts.append(QJsonObject{
                {u"request_put"_s,
                 QJsonObject{{u"key"_s, QString::fromLatin1(record.key.toUtf8().toBase64())},
                             {u"value"_s, QString::fromLatin1(record.value.toBase64())}}}});
        }
        requests.append({.method = "POST",
                         .path = "/v3/kv/txn",
                         .body = QJsonDocument(QJsonObject{{u"success"_s, puts}}).toJson()});
    }
    return requests;
}

bool fill(const ConnectionString &connection, Api api, int count)
{
    Transport transport(connection);
    const QList<Layout::Record> records = loadRecords(count);
    QList<QFuture<Result<HttpReply>>> replies;
    for (const HttpRequest &request : api == Api::V2 ? requestsV2(records) : requestsV3(records))
        replies.append(transport.send(request));
    const auto done =
        await(QtFuture::whenAll(replies.begin(), replies.end()), std::chrono::minutes(5));
    return std::ranges::all_of(done, [](const QFuture<Result<HttpReply>> &reply) {
        return reply.result() && reply.result()->status < 300;
    });
}

} // namespace EtcdRegistry
