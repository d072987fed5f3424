// SPDX-License-Identifier: MIT
#include "storev3.h"

#include "attempt.h"
#include "etcderror.h"
#include "gatewayjson.h"
#include "transport.h"
#include "watchv3.h"

#include <QDeadlineTimer>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRandomGenerator>
#include <QSet>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace EtcdRegistry {

using namespace GatewayJson;

// As fast as one answer with everything (measured), and no single answer takes long to make.
constexpr int entriesPerPage = 10000;

/// The first key behind all that begin with this prefix.
static QByteArray prefixEnd(QByteArray prefix)
{
    ++prefix.back(); // our prefixes end in '/'
    return prefix;
}

HttpRequest StoreV3::requestOf(const QByteArray &method, const QJsonObject &body) const
{
    // With this header a node without a leader says so at once, instead of after 7 s.
    return {.method = "POST",
            .path = m_path + method,
            .body = QJsonDocument(body).toJson(QJsonDocument::Compact),
            .header = "Grpc-Metadata-hasleader: true"};
}

HttpRequest StoreV3::readOf(const QByteArray &method, const QJsonObject &body) const
{
    HttpRequest request = requestOf(method, body);
    request.read = true;
    return request;
}

QFuture<Result<HttpReply>> StoreV3::call(const HttpRequest &request)
{
    return m_transport.send(request)
        .then(this,
              [=, this](const Result<HttpReply> &reply) {
                  if (m_user.isEmpty() || !reply || reply->status < 400)
                      return m_transport.later(reply);
                  const Error error = errorFromReply(*reply);
                  // With a client certificate a request without a login is that of the
                  // certificate's user, who may have no right to it.
                  const bool isOfNobody = error.code == Error::Code::PermissionDenied
                                          && !m_transport.hasAuthorization();
                  if (!isOfNobody && error.code != Error::Code::LoginRequired
                      && error.code != Error::Code::LoginRefused
                      && !error.detail.contains("auth store is old"_L1))
                      return m_transport.later(reply);
                  return logIn()
                      .then(this,
                            [=, this](const Result<void> &loggedIn) {
                                return loggedIn
                                           ? m_transport.send(request)
                                           : m_transport.later(Result<HttpReply>(loggedIn.error()));
                            })
                      .unwrap();
              })
        .unwrap();
}

/// It becomes part of our requests: nothing in it may end a line there.
static Result<QByteArray> tokenIn(const Result<HttpReply> &reply)
{
    constexpr qsizetype longest = 16 * 1024; // a signed one (JWT) has one or two
    const Result<QJsonObject> answer = objectOf(reply);
    if (!answer)
        return answer.error();
    const QByteArray token = answer->value("token"_L1).toString().toUtf8();
    const auto isFit = [](char c) { return c > ' ' && c < '\x7f'; };
    if (token.isEmpty() || token.size() > longest || !std::ranges::all_of(token, isFit)) {
        Error error = protocolError(*reply);
        error.detail = u"no token in the answer to a login"_s;
        return error;
    }
    return token;
}

QFuture<Result<void>> StoreV3::logIn()
{
    QPromise<Result<void>> promise;
    promise.start();
    const QFuture<Result<void>> future = promise.future();
    m_loginWaiters.push_back(std::move(promise));
    if (m_loginWaiters.size() > 1) // one login serves them all: etcd takes 78 ms over each
        return future;

    m_mayNotRead = false;
    m_transport.setAuthorization({}); // an expired token would be refused here too
    m_transport
        .send(requestOf("/auth/authenticate", {{u"name"_s, m_user}, {u"password"_s, m_password}}))
        .then(this, [this](const Result<HttpReply> &reply) {
            const Result<QByteArray> token = tokenIn(reply);
            if (token)
                m_transport.setAuthorization(*token);
            auto waiters = std::exchange(m_loginWaiters, {});
            for (QPromise<Result<void>> &waiter : waiters) {
                waiter.addResult(token ? Result<void>() : token.error());
                waiter.finish();
            }
        });
    return future;
}

/// Together they have the bounds that a single large answer has.
struct StoreV3::Pages
{
    static constexpr int most = Listing::mostEntries / entriesPerPage;
    static constexpr int beginsAtMost = 3;

    explicit Pages(const QString &prefix, const std::optional<Error> &noLeader = {})
        : next(prefix.toUtf8())
        , end(prefixEnd(next))
    {
        listing.noLeader = noLeader;
    }

    QByteArray next;
    QByteArray end;
    Listing listing;
    bool more = false;
    int count = 0;
    qsizetype bytes = 0;
    QDeadlineTimer deadline{Attempt::longestTime};

    Result<void> add(const HttpReply &reply);
};

Result<Listing> StoreV3::decodePage(const HttpReply &reply, bool *more)
{
    if (reply.status != 200)
        return errorFromReply(reply);
    Listing listing;
    listing.endpoint = reply.endpoint.toString();
    listing.observed = reply.received;
    *more = false;
    const auto read = Json::forEachObject(reply.body, [&](const Json::Views &fields) {
        Entry entry = entryOf(fields);
        for (const auto &[name, value] : fields) {
            if (name == R"("revision")") // in the header
                listing.revision = Json::integer(value);
            else if (name == R"("more")")
                *more = value == "true";
        }
        if (!entry.key.isEmpty() && listing.entries.size() <= Listing::mostEntries)
            listing.entries.append(std::move(entry));
    });
    if (listing.entries.size() > Listing::mostEntries)
        return listing.tooMuch();
    if (!read || listing.revision <= 0) {
        Error error = protocolError(reply);
        if (!read)
            error.detail = read.error().detail;
        return error;
    }
    return listing;
}

Result<void> StoreV3::Pages::add(const HttpReply &reply)
{
    Result<Listing> page = decodePage(reply, &more);
    if (!page)
        return page.error();
    bytes += reply.body.size();
    if (++count > most || bytes > Attempt::longestLargeAnswer
        || listing.entries.size() + page->entries.size() > Listing::mostEntries)
        return page->tooMuch();
    if (more && deadline.hasExpired()) {
        return Error{.code = Error::Code::Timeout,
                     .endpoint = page->endpoint,
                     .detail = u"the listing took too long"_s};
    }
    if (page->entries.isEmpty()) {
        more = false;
    } else {
        const QByteArray behind = bytesOf(page->entries.last().key) + '\0';
        if (more && behind <= next) {
            Error error = protocolError(reply);
            error.detail = u"a page of the listing that was there before"_s;
            return error;
        }
        next = behind;
    }
    if (listing.revision == 0) {
        const std::optional<Error> noLeader = listing.noLeader;
        listing = std::move(page).value();
        listing.noLeader = noLeader;
    } else {
        listing.entries += page->entries;
        listing.observed = page->observed;
    }
    return {};
}

QFuture<Result<Listing>> StoreV3::list(const QString &prefix)
{
    return pagesOf(prefix, Pages::beginsAtMost)
        .then(this,
              [this, prefix](const Result<Listing> &listing) {
                  if (listing || listing.error().code != Error::Code::NoLeader)
                      return m_transport.later(listing);
                  return nextPage(std::make_shared<Pages>(prefix, listing.error()));
              })
        .unwrap();
}

/// All pages show one revision. Where it is compacted meanwhile they begin anew.
QFuture<Result<Listing>> StoreV3::pagesOf(const QString &prefix, int begins)
{
    auto pages = std::make_shared<Pages>(prefix);
    return nextPage(pages)
        .then(this,
              [=, this](const Result<Listing> &listing) {
                  const bool compacted = !listing && pages->listing.revision > 0
                                         && listing.error().detail.contains("compacted"_L1);
                  return compacted && begins > 1 ? pagesOf(prefix, begins - 1)
                                                 : m_transport.later(listing);
              })
        .unwrap();
}

QFuture<Result<Listing>> StoreV3::nextPage(const std::shared_ptr<Pages> &pages)
{
    QJsonObject body{{u"key"_s, base64(pages->next)},
                     {u"range_end"_s, base64(pages->end)},
                     {u"limit"_s, entriesPerPage}};
    // All pages show the revision of the first, whatever changes meanwhile.
    if (pages->listing.revision > 0)
        body.insert(u"revision"_s, QString::number(pages->listing.revision));
    if (pages->listing.noLeader)
        body.insert(u"serializable"_s, true);
    HttpRequest request = requestOf("/kv/range", body);
    if (pages->listing.noLeader)
        request.header.clear(); // which asks for a leader
    request.large = true;
    request.page = true;
    return call(request)
        .then(this,
              [this, pages](const Result<HttpReply> &reply) {
                  return m_decoders.run([reply, pages]() -> Result<void> {
                      return reply ? pages->add(*reply) : reply.error();
                  });
              })
        .unwrap()
        .then(this,
              [this, pages](const Result<void> &decoded) {
                  if (!decoded)
                      return m_transport.later(Result<Listing>(decoded.error()));
                  return pages->more ? nextPage(pages)
                                     : m_transport.later(Result<Listing>(pages->listing));
              })
        .unwrap();
}

static qint64 termIn(const QJsonObject &answer)
{
    return integer(answer.value("header"_L1)["raft_term"_L1]);
}

QFuture<Result<Lease>> StoreV3::grant(std::chrono::milliseconds ttl)
{
    // An ID of our own makes it idempotent: a repeated grant finds the lease that the first made.
    const qint64 id = QRandomGenerator::system()->generate64() >> 1 | 1;
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(ttl);
    return call(requestOf("/lease/grant", {{u"TTL"_s, QString::number(seconds.count())},
                                           {u"ID"_s, QString::number(id)}}))
        .then(this,
              [this, id](const Result<HttpReply> &reply) {
                  const Result<QJsonObject> answer = objectOf(reply);
                  if (answer) {
                      const auto granted = ttlOf(integer(answer->value("TTL"_L1)));
                      return m_transport.later(
                          granted.count() > 0 ? Result<Lease>(Lease{id, granted, termIn(*answer)})
                                              : Result<Lease>(protocolError(*reply)));
                  }
                  if (answer.error().code != Error::Code::Conflict)
                      return m_transport.later(Result<Lease>(answer.error()));
                  return timeToLive(id).then(this, [id](const Result<LeaseTime> &time) {
                      return time ? Result<Lease>(Lease{id, time->granted, time->term})
                                  : time.error();
                  });
              })
        .unwrap();
}

void StoreV3::keepAlive(const Lease &lease, const QHash<QString, Kept> &, KeptAlive done)
{
    HttpRequest renewal = requestOf("/lease/keepalive", {{u"ID"_s, QString::number(lease.id)}});
    renewal.within = beatWithin(lease.ttl);
    call(renewal).then(this, [done = std::move(done)](const Result<HttpReply> &reply) {
        const Result<QJsonObject> answer = objectOf(reply);
        if (!answer)
            return done(answer.error());
        const QJsonObject result = answer->value("result"_L1).toObject();
        if (integer(result.value("TTL"_L1)) > 0)
            return done(Renewal{.term = termIn(result)});
        done(Error{.code = Error::Code::NotFound,
                   .endpoint = reply->endpoint.toString(),
                   .detail = u"the lease has expired"_s});
    });
}

/// Of the keys those that a timetolive answer does not name. It may name 10,000, each second.
static Result<QStringList> notNamed(const HttpReply &answer, const QStringList &keys)
{
    QSet<QByteArray> attached;
    const auto read =
        Json::forEachField(answer.body, [&](QByteArrayView name, QByteArrayView value) {
            if (name != R"("keys")")
                return;
            const QList<QByteArray> texts = value.toByteArray().split('"');
            for (qsizetype i = 1; i < texts.size(); i += 2) // between quotes; base64 has no escapes
                attached.insert(texts.at(i));
        });
    if (!read)
        return protocolError(answer);
    QStringList lost;
    for (const QString &key : keys) {
        if (!attached.contains(key.toUtf8().toBase64()))
            lost.append(key);
    }
    return lost;
}

QFuture<Result<QStringList>> StoreV3::lost(const Lease &lease, const QStringList &keys)
{
    HttpRequest look =
        readOf("/lease/timetolive", {{u"ID"_s, QString::number(lease.id)}, {u"keys"_s, true}});
    look.within = beatWithin(lease.ttl) / 2;
    return call(look).then(this, [keys](const Result<HttpReply> &reply) -> Result<QStringList> {
        if (!reply)
            return reply.error();
        return reply->status < 300 ? notNamed(*reply, keys) : errorFromReply(*reply);
    });
}

QFuture<Result<bool>> StoreV3::remove(const QString &key)
{
    HttpRequest request = requestOf("/kv/deleterange", {{u"key"_s, base64(bytesOf(key))}});
    request.onlyHere = true; // all else that is written names a lease, which another has not
    return call(request).then(this, [](const Result<HttpReply> &reply) -> Result<bool> {
        const Result<QJsonObject> answer = objectOf(reply);
        return answer ? Result<bool>(integer(answer->value("deleted"_L1)) > 0) : answer.error();
    });
}

QFuture<Result<void>> StoreV3::revoke(const Lease &lease)
{
    return call(requestOf("/lease/revoke", {{u"ID"_s, QString::number(lease.id)}}))
        .then(this, [](const Result<HttpReply> &reply) -> Result<void> {
            const Result<QJsonObject> answer = objectOf(reply);
            const bool gone = answer || answer.error().code == Error::Code::NotFound;
            return gone ? Result<void>() : answer.error();
        });
}

QFuture<Result<LeaseTime>> StoreV3::timeToLive(qint64 lease)
{
    return call(readOf("/lease/timetolive", {{u"ID"_s, QString::number(lease)}}))
        .then(this, [](const Result<HttpReply> &reply) -> Result<LeaseTime> {
            const Result<QJsonObject> answer = objectOf(reply);
            if (!answer)
                return answer.error();
            const qint64 left = integer(answer->value("TTL"_L1));
            if (left < 0) {
                return Error{.code = Error::Code::NotFound,
                             .endpoint = reply->endpoint.toString(),
                             .detail = u"the lease has expired"_s};
            }
            return LeaseTime{ttlOf(left), ttlOf(integer(answer->value("grantedTTL"_L1))),
                             termIn(*answer), reply->received};
        });
}

std::unique_ptr<Watch> StoreV3::watch(const QUrl &endpoint, const QString &prefix, qint64 revision)
{
    const QByteArray key = prefix.toUtf8();
    // Without fragments one line may have 30 MB; the longer ones come in several.
    QJsonObject create{{u"key"_s, base64(key)},
                       {u"range_end"_s, base64(prefixEnd(key))},
                       {u"progress_notify"_s, true},
                       {u"fragment"_s, true}};
    if (revision > 0)
        create.insert(u"start_revision"_s, QString::number(revision));
    return std::make_unique<WatchV3>(
        m_transport.stream(endpoint, requestOf("/watch", {{u"create_request"_s, create}})));
}

QFuture<Result<void>> StoreV3::pulse(const QUrl &endpoint)
{
    // It knows its members by itself, and is asked for a leader first as every request is.
    return m_transport.ask(endpoint, requestOf("/cluster/member/list", {}))
        .then(this, [](const Result<HttpReply> &reply) -> Result<void> {
            if (!reply)
                return reply.error();
            return reply->status < 500 ? Result<void>() : errorFromReply(*reply);
        });
}

QFuture<Result<Check>> StoreV3::check(const QString &prefix, qint64 sinceRevision)
{
    // min_mod_revision leaves out entries, but not from the count.
    const QByteArray key = prefix.toUtf8();
    return call(readOf("/kv/range", {{u"key"_s, base64(key)},
                                     {u"range_end"_s, base64(prefixEnd(key))},
                                     {u"min_mod_revision"_s, QString::number(sinceRevision + 1)},
                                     {u"sort_target"_s, u"MOD"_s},
                                     {u"sort_order"_s, u"DESCEND"_s},
                                     {u"keys_only"_s, true},
                                     {u"limit"_s, 1}}))
        .then(this, [](const Result<HttpReply> &reply) -> Result<Check> {
            const Result<QJsonObject> answer = objectOf(reply);
            if (!answer)
                return answer.error();
            const QJsonObject newest = answer->value("kvs"_L1).toArray().first().toObject();
            return Check{.revision = integer(answer->value("header"_L1)["revision"_L1]),
                         .count = integer(answer->value("count"_L1)),
                         .newest = integer(newest.value("mod_revision"_L1)),
                         .endpoint = reply->endpoint.toString(),
                         .observed = reply->received};
        });
}

} // namespace EtcdRegistry
