// SPDX-License-Identifier: MIT
#include "storev2.h"

#include "etcderror.h"
#include "keysapi.h"
#include "transport.h"
#include "watchv2.h"

#include <QDateTime>
#include <QStringBuilder>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace EtcdRegistry {

using namespace KeysApi;

QByteArray KeysApi::keyPath(const QString &key)
{
    return "/v2/keys/" % QUrl::toPercentEncoding(key, "/");
}

/// What no client registers.
static QString nobody(const QString &prefix)
{
    return prefix + u"_etcd-registry-browser"_s;
}

HttpRequest KeysApi::formRequest(const QString &key, const QByteArray &form)
{
    return {.method = QByteArrayLiteral("PUT"),
            .path = keyPath(key),
            .body = form,
            .contentType = QByteArrayLiteral("application/x-www-form-urlencoded")};
}

/// `expiration` is exact but told by the server's clock, `ttl` is ours but in whole seconds: the
/// former is good where it agrees with the latter.
static std::chrono::milliseconds timeLeft(const QString &expirationText, qint64 ttl,
                                          const QDateTime &now)
{
    const std::chrono::milliseconds coarse = ttlOf(ttl);
    const QDateTime expiration =
        QDateTime::fromString(expirationText.left(23) + 'Z'_L1, Qt::ISODateWithMs);
    const std::chrono::milliseconds exact(now.msecsTo(expiration));
    const bool agree = expiration.isValid() && std::chrono::abs(exact - coarse) <= 1100ms;
    // The node has rounded up what was left by its own clock.
    return agree ? std::clamp(exact, coarse - 999ms, coarse) : coarse;
}

/// The key in a node; nothing if it is no node at all. `*directory`: it is one.
static std::optional<Entry> nodeOf(const Json::Views &node, const QDateTime &now, bool *directory)
{
    Entry entry;
    bool hasValue = false;
    *directory = false;
    qint64 ttl = 0;
    QString expiration;
    for (const auto &[name, value] : node) {
        if (name == R"("key")") {
            entry.key = Json::text(value).mid(1);
        } else if (name == R"("value")" && value.startsWith('"')) {
            entry.value = Json::unescaped(value);
            hasValue = true;
        } else if (name == R"("dir")") {
            *directory = value == "true";
        } else if (name == R"("createdIndex")") {
            entry.createRevision = Json::integer(value);
        } else if (name == R"("modifiedIndex")") {
            entry.modRevision = Json::integer(value);
        } else if (name == R"("ttl")") {
            ttl = Json::integer(value);
        } else if (name == R"("expiration")") {
            expiration = Json::text(value);
            entry.hasTtl = true;
        }
    }
    if (entry.hasTtl) {
        entry.timeLeft = timeLeft(expiration, ttl, now);
        entry.granted = ttlOf(ttl);
    }
    return (hasValue || *directory) && !entry.key.isEmpty() ? std::optional(std::move(entry))
                                                            : std::nullopt;
}

std::optional<Entry> KeysApi::entryOf(const Json::Views &node, const QDateTime &now)
{
    bool directory = false;
    std::optional<Entry> entry = nodeOf(node, now, &directory);
    return directory ? std::nullopt : entry;
}

/// What expires first of the directories above each key.
static void lookAtDirectories(Listing &listing)
{
    for (Entry &entry : listing.entries) {
        for (auto directory = listing.directories.cbegin(); directory != listing.directories.cend();
             ++directory) {
            if (entry.key.startsWith(directory.key() + u'/'))
                entry.directoryLeft =
                    std::min(entry.directoryLeft.value_or(*directory), *directory);
        }
    }
}

StoreV2::StoreV2(Transport &transport, QObject *parent)
    : Store(parent)
    , m_transport(transport)
{}

Result<Listing> StoreV2::decode(const HttpReply &reply)
{
    Listing listing;
    listing.revision = Json::integer(reply.etcdIndex);
    listing.endpoint = reply.endpoint.toString();
    listing.observed = reply.received;
    if (reply.status != 200) {
        const Error error = errorFromReply(reply);
        if (error.etcdCode != keyNotFound)
            return error;
        return listing;
    }
    const auto sinceAnswer =
        std::chrono::duration_cast<std::chrono::milliseconds>(BootClock::now() - reply.received);
    const QDateTime answered = QDateTime::currentDateTimeUtc().addMSecs(-sinceAnswer.count());
    bool isListing = false;
    // Such an answer may hold 100,000 nodes: a third of the time that a tree of it would take.
    const auto read = Json::forEachObject(reply.body, [&](const Json::Views &fields) {
        isListing |=
            fields.contains(std::pair<QByteArrayView, QByteArrayView>(R"("action")", R"("get")"));
        if (listing.entries.size() > Listing::mostEntries)
            return;
        bool directory = false;
        std::optional<Entry> entry = nodeOf(fields, answered, &directory);
        if (!entry)
            return;
        entry->granted.reset(); // what is left is no TTL
        if (!directory)
            listing.entries.append(*std::move(entry));
        else if (entry->timeLeft)
            listing.directories.insert(entry->key, *entry->timeLeft);
    });
    if (listing.entries.size() > Listing::mostEntries)
        return listing.tooMuch();
    if (!read || !isListing) {
        return Error{.code = Error::Code::Protocol,
                     .httpStatus = reply.status,
                     .endpoint = listing.endpoint,
                     .detail =
                         read ? u"no node in the answer to a listing"_s : read.error().detail};
    }
    if (!listing.directories.isEmpty())
        lookAtDirectories(listing);
    return listing;
}

static HttpRequest listingOf(const QString &prefix)
{
    return {.path = keyPath(prefix) + "?recursive=true&sorted=true", .large = true};
}

QFuture<Result<Listing>> StoreV2::list(const QString &prefix)
{
    return m_transport.send(listingOf(prefix))
        .then(this,
              [this](const Result<HttpReply> &reply) {
                  return m_decoders.run([reply]() -> Result<Listing> {
                      return reply ? decode(*reply) : reply.error();
                  });
              })
        .unwrap()
        .then(this,
              [this, prefix](const Result<Listing> &listing) {
                  return listing ? led(prefix, *listing) : m_transport.later(listing);
              })
        .unwrap();
}

QFuture<Result<Listing>> StoreV2::led(const QString &prefix, const Listing &listing)
{
    QList<QUrl> nodes = m_transport.pool().order();
    const QUrl self(listing.endpoint);
    const auto whetherLed = [this, prefix, listing,
                             nodes](const Result<void> &pulse) -> QFuture<Result<Listing>> {
        if (pulse || pulse.error().code != Error::Code::NoLeader)
            return m_transport.later(Result<Listing>(listing));
        QList<QFuture<Result<void>>> others;
        for (const QUrl &node : nodes)
            others.append(this->pulse(node));
        return QtFuture::whenAll(others.begin(), others.end())
            .then(this,
                  [=, this, error = pulse.error()](const QList<QFuture<Result<void>>> &answers) {
                      Listing unled = listing;
                      unled.noLeader = error;
                      for (qsizetype i = 0; i < answers.size(); ++i) {
                          if (answers[i].isCanceled())
                              break; // the store goes away
                          if (!answers[i].result())
                              continue;
                          return m_transport.ask(nodes[i], listingOf(prefix))
                              .then(this, [unled](const Result<HttpReply> &reply) {
                                  const auto better =
                                      reply ? decode(*reply) : Result<Listing>(reply.error());
                                  return better ? better : Result<Listing>(unled);
                              });
                      }
                      return m_transport.later(Result<Listing>(unled));
                  })
            .unwrap();
    };
    return pulse(self).then(this, whetherLed).unwrap();
}

QFuture<Result<void>> StoreV2::pulse(const QUrl &endpoint)
{
    return m_transport.ask(endpoint, {.path = "/v2/members/leader"})
        .then(this, [](const Result<HttpReply> &reply) -> Result<void> {
            if (!reply)
                return reply.error();
            if (reply->status < 500)
                return {};
            Error error = errorFromReply(*reply);
            if (error.detail.contains(
                    "election"_L1)) // says etcd, for as long as there is no leader
                error.code = Error::Code::NoLeader;
            return error;
        });
}

QFuture<Result<LeaseTime>> StoreV2::timeToLive(qint64)
{
    return m_transport.later(Result<LeaseTime>(
        Error{.code = Error::Code::InvalidArgument, .detail = u"v2 has no leases"_s}));
}

std::unique_ptr<Watch> StoreV2::watch(const QUrl &endpoint, const QString &prefix, qint64)
{
    return std::make_unique<WatchV2>(m_transport.stream(
        endpoint, {.path = keyPath(prefix) + "?wait=true&recursive=true&stream=true"}));
}

QFuture<Result<Check>> StoreV2::check(const QString &prefix, qint64 sinceRevision)
{
    // Any answer tells the index in its head; that there is no such key is the cheapest one, and
    // the right to read has to cover it.
    const HttpRequest local{.path = keyPath(nobody(prefix)), .read = true};
    const auto decode = [](const Result<HttpReply> &reply) -> Result<Check> {
        if (!reply)
            return reply.error();
        if (const Error error = errorFromReply(*reply); error.etcdCode != keyNotFound)
            return error;
        return Check{.revision = Json::integer(reply->etcdIndex),
                     .endpoint = reply->endpoint.toString(),
                     .observed = reply->received};
    };
    return m_transport.send(local)
        .then(this,
              [=, this](const Result<HttpReply> &reply) {
                  const Result<Check> check = decode(reply);
                  if (!check || check->revision >= sinceRevision)
                      return m_transport.later(check);
                  // The node lags behind, unless the whole cluster agrees with it.
                  HttpRequest agreed = local;
                  agreed.path += "?quorum=true";
                  return m_transport.send(agreed).then(this, decode);
              })
        .unwrap();
}

QFuture<Result<void>> StoreV2::mayWrite(const QString &prefix)
{
    return m_transport.send(formRequest(nobody(prefix), "value=&prevExist=true&prevIndex=1"))
        .then(this, [](const Result<HttpReply> &reply) -> Result<void> {
            if (!reply)
                return reply.error();
            const Error error = errorFromReply(*reply);
            if (error.etcdCode == keyNotFound || error.etcdCode == compareFailed)
                return {};
            return error;
        });
}

Result<Event> StoreV2::decodeEvent(const QByteArray &line)
{
    Event event;
    const QDateTime now = QDateTime::currentDateTimeUtc();
    bool hasNode = false, isError = false;
    const auto read = Json::forEachObject(line, [&](const Json::Views &fields) {
        if (!std::exchange(hasNode, true)) { // before the node that it was, and before the whole
            if (std::optional<Entry> entry = entryOf(fields, now)) {
                event.entry = *std::move(entry);
                return;
            }
            for (const auto &[name, value] : fields) {
                if (name == R"("key")")
                    event.entry.key = Json::text(value).mid(1);
                else if (name == R"("modifiedIndex")")
                    event.entry.modRevision = Json::integer(value);
                else if (name == R"("dir")")
                    event.directory = value == "true";
                else if (name == R"("errorCode")")
                    isError = true;
            }
            return;
        }
        for (const auto &[name, value] : fields) {
            if (name == R"("action")" && value == R"("expire")")
                event.kind = Event::Kind::Expire;
            else if (name == R"("action")"
                     && (value == R"("delete")" || value == R"("compareAndDelete")"))
                event.kind = Event::Kind::Delete;
        }
    });
    if (read && !isError && !event.entry.key.isEmpty())
        return event;
    if (isError)
        return errorFromReply({.status = 400, .body = line});
    return Error{.code = Error::Code::Protocol, .detail = u"not an event of a stream"_s};
}

} // namespace EtcdRegistry
