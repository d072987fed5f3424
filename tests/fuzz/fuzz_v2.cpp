// SPDX-License-Identifier: MIT
#include "fuzz.h"

#include "etcderror.h"
#include "http.h"
#include "layout.h"
#include "storev2.h"

using namespace EtcdRegistry;

static HttpReply reply(int status, const QByteArray &body)
{
    return {.status = status, .etcdIndex = "7", .body = body, .received = BootClock::now()};
}

/// Both but for the time that is left: it goes by.
static bool same(Entry a, Entry b)
{
    a.timeLeft = b.timeLeft = {};
    return a == b;
}

static void checkListing(const QByteArray &body)
{
    const auto listing = StoreV2::decode(reply(200, body));
    if (!listing)
        return;
    for (const Entry &entry : listing->entries) {
        HOLDS(!entry.key.isEmpty());
        HOLDS(entry.hasTtl == entry.timeLeft.has_value());
    }
    Layout::decodeAll(listing->entries, Api::V2, listing->observed);
    const auto indented = StoreV2::decode(reply(200, Json::indented(body)));
    HOLDS(indented);
    HOLDS(std::ranges::equal(listing->entries, indented->entries, same));
}

static void checkEvent(const QByteArray &line)
{
    const auto event = StoreV2::decodeEvent(line);
    if (!event)
        return;
    HOLDS(!event->entry.key.isEmpty());
    const auto compact = StoreV2::decodeEvent(Json::compact(line));
    HOLDS(compact && compact->kind == event->kind && compact->directory == event->directory);
    HOLDS(same(compact->entry, event->entry));
}

static void checkError(const QByteArray &body)
{
    for (const int status : {200, 404, 503}) {
        const Error error = errorFromReply(reply(status, body));
        HOLDS(error.httpStatus == status);
        HOLDS(status < 500 || error.code == Error::Code::Unavailable
              || error.code == Error::Code::NoLeader);
        HOLDS(!error.message().contains(u'\n'));
    }
    StoreV2::decode(reply(404, body)).has_value();
}

/// Any text comes back as the value of a key, escaped as Go does it.
static void checkValue(const QByteArray &text)
{
    const QString value = textOf(text);
    QByteArray node = R"({"key":"/services/web/1","value":)" + Json::quoted(value)
                      + R"(,"modifiedIndex":5,"createdIndex":4})";
    node.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    const Entry expected{.key = QStringLiteral("services/web/1"),
                         .value = value.toUtf8(),
                         .createRevision = 4,
                         .modRevision = 5};
    const auto listing =
        StoreV2::decode(reply(200, R"({"action":"get","node":{"nodes":[)" + node + "]}}"));
    HOLDS(listing && listing->entries == QList<Entry>{expected});
    const auto event = StoreV2::decodeEvent(R"({"action":"set","node":)" + node + '}');
    HOLDS(event && event->entry == expected);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const QByteArray body(reinterpret_cast<const char *>(data), size);
    checkListing(body);
    checkEvent(body);
    checkError(body);
    checkValue(body);
    return 0;
}
