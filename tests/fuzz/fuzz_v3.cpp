// SPDX-License-Identifier: MIT
#include "fuzz.h"

#include "etcderror.h"
#include "gatewayjson.h"
#include "http.h"
#include "layout.h"
#include "storev3.h"
#include "watchv3.h"

#include <QJsonObject>

using namespace EtcdRegistry;

static HttpReply reply(int status, const QByteArray &body)
{
    return {.status = status, .body = body, .received = BootClock::now()};
}

static void checkPage(const QByteArray &body)
{
    bool more = false;
    const auto page = StoreV3::decodePage(reply(200, body), &more);
    if (!page)
        return;
    HOLDS(page->revision != 0);
    for (const Entry &entry : page->entries)
        HOLDS(!entry.key.isEmpty() && entry.hasTtl == (entry.lease != 0));
    Layout::decodeAll(page->entries, Api::V3, page->observed);
    bool moreIndented = false; // as 3.6 has blanks in it
    const auto indented = StoreV3::decodePage(reply(200, Json::indented(body)), &moreIndented);
    HOLDS(indented && indented->entries == page->entries && moreIndented == more);
    HOLDS(indented->revision == page->revision);
}

static void checkLine(const QByteArray &line)
{
    const auto told = WatchV3::decode(line);
    if (!told)
        return;
    for (const Event &event : told->events)
        HOLDS(!event.entry.key.isEmpty() && event.kind != Event::Kind::Expire);
    const auto compact = WatchV3::decode(Json::compact(line));
    HOLDS(compact && *compact == *told);
}

static void checkError(const QByteArray &body)
{
    for (const int status : {200, 404, 503}) {
        const Error error = errorFromReply(reply(status, body));
        HOLDS(error.httpStatus == status);
        HOLDS(status < 500 || error.code == Error::Code::Unavailable
              || error.code == Error::Code::NoLeader);
        HOLDS(!error.message().contains(u'\n'));
        HOLDS(status < 300 || !GatewayJson::objectOf(reply(status, body)));
    }
}

/// Any bytes come back as the value of a key, in the alphabets of all versions.
static void checkValue(const QByteArray &value)
{
    const Entry expected{.key = QStringLiteral("services/web/1"),
                         .value = value,
                         .createRevision = 4,
                         .modRevision = 5,
                         .lease = 6,
                         .hasTtl = true};
    for (const auto options : {QByteArray::Base64Encoding | QByteArray::KeepTrailingEquals,
                               QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals}) {
        const QByteArray kv = R"({"key":"c2VydmljZXMvd2ViLzE=","create_revision":"4",)"
                              R"("mod_revision":5,"value":")"
                              + value.toBase64(options) + R"(","lease":"6"})";
        bool more = false;
        const auto page = StoreV3::decodePage(
            reply(200, R"({"header":{"revision":"7"},"kvs":[)" + kv + R"(],"more":true})"), &more);
        HOLDS(page && more && page->revision == 7 && page->entries == QList<Entry>{expected});
        const auto line = WatchV3::decode(R"({"result":{"header":{"cluster_id":"1"},"events":[)"
                                          R"({"kv":)"
                                          + kv + "}]}}");
        HOLDS(line && line->events == QList<Event>{{.entry = expected}});
    }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const QByteArray body(reinterpret_cast<const char *>(data), size);
    checkPage(body);
    checkLine(body);
    checkError(body);
    checkValue(body);
    return 0;
}
