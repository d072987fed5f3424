// SPDX-License-Identifier: MIT
#include "storev3.h"

#include "etcderror.h"
#include "gatewayjson.h"
#include "offthread.h"
#include "transport.h"
#include "watchv3.h"

#include <QCoreApplication>
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

static Error protocolError(const HttpReply &reply)
{
    return {.code = Error::Code::Protocol,
            .httpStatus = reply.status,
            .endpoint = reply.endpoint.toString(),
            .detail = u"not an answer of its JSON gateway"_s};
}

/// The answer's object, or the error that it is.
static Result<QJsonObject> objectOf(const Result<HttpReply> &reply)
{
    if (!reply)
        return reply.error();
    if (reply->status >= 300)
        return errorFromReply(*reply);
    const QJsonDocument document = QJsonDocument::fromJson(reply->body);
    if (!document.isObject())
        return protocolError(*reply);
    if (document.object().contains("error"_L1)) // a stream's error line comes with status 200
        return errorFromReply(*reply);
    return document.object();
}

StoreV3::StoreV3(Transport &transport, const QByteArray &path, const QString &user,
                 const QString &password, QObject *parent)
    : Store(parent)
    , m_transport(transport)
    , m_path(path)
    , m_user(user)
    , m_password(password)
{}

StoreV3::~StoreV3()
{
    m_decoder.waitForDone();
    QCoreApplication::removePostedEvents(this, QEvent::MetaCall); // what it has decoded
}

HttpRequest StoreV3::requestOf(const QByteArray &method, const QJsonObject &body, bool large) const
{
    // With this header a node without a leader says so at once, instead of after 7 s.
    return {.method = "POST",
            .path = m_path + method,
            .body = QJsonDocument(body).toJson(QJsonDocument::Compact),
            .header = "Grpc-Metadata-hasleader: true",
            .large = large};
}

QFuture<Result<HttpReply>> StoreV3::post(const QByteArray &method, const QJsonObject &body,
                                         bool large)
{
    return m_transport.send(requestOf(method, body, large));
}

QFuture<Result<HttpReply>> StoreV3::call(const QByteArray &method, const QJsonObject &body,
                                         bool large)
{
    return post(method, body, large)
        .then(this,
              [=, this](const Result<HttpReply> &reply) {
                  if (!m_user.isEmpty() && reply && reply->status >= 400) {
                      const Error error = errorFromReply(*reply);
                      if (error.code == Error::Code::LoginRequired
                          || error.code == Error::Code::LoginRefused
                          || error.detail.contains("auth store is old"_L1))
                          return callAgain(method, body, large);
                  }
                  return m_transport.later(reply);
              })
        .unwrap();
}

QFuture<Result<HttpReply>> StoreV3::callAgain(const QByteArray &method, const QJsonObject &body,
                                              bool large)
{
    return logIn()
        .then(this,
              [=, this](const Result<void> &loggedIn) {
                  return loggedIn ? post(method, body, large)
                                  : m_transport.later(Result<HttpReply>(loggedIn.error()));
              })
        .unwrap();
}

QFuture<Result<void>> StoreV3::logIn()
{
    QPromise<Result<void>> promise;
    promise.start();
    const QFuture<Result<void>> future = promise.future();
    m_loginWaiters.push_back(std::move(promise));
    if (m_loginWaiters.size() > 1) // one login serves them all: etcd takes 78 ms over each
        return future;

    m_transport.setAuthorization({}); // an expired token would be refused here too
    post("/auth/authenticate", {{u"name"_s, m_user}, {u"password"_s, m_password}}, false)
        .then(this, [this](const Result<HttpReply> &reply) {
            const Result<QJsonObject> answer = objectOf(reply);
            if (answer)
                m_transport.setAuthorization(answer->value("token"_L1).toString().toLatin1());
            auto waiters = std::exchange(m_loginWaiters, {});
            for (QPromise<Result<void>> &waiter : waiters) {
                waiter.addResult(answer ? Result<void>() : answer.error());
                waiter.finish();
            }
        });
    return future;
}

struct StoreV3::Pages
{
    QByteArray end;
    QByteArray next;
    Listing listing;
    bool more = false;
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
                listing.revision = integer(value);
            else if (name == R"("more")")
                *more = value == "true";
        }
        if (!entry.key.isEmpty())
            listing.entries.append(std::move(entry));
    });
    if (!read || listing.revision == 0) {
        Error error = protocolError(reply);
        if (!read)
            error.detail = read.error().detail;
        return error;
    }
    return listing;
}

QFuture<Result<Listing>> StoreV3::list(const QString &prefix)
{
    auto pages = std::make_shared<Pages>();
    pages->next = prefix.toUtf8();
    pages->end = prefixEnd(pages->next);
    return nextPage(pages);
}

QFuture<Result<Listing>> StoreV3::nextPage(const std::shared_ptr<Pages> &pages)
{
    QJsonObject body{{u"key"_s, base64(pages->next)},
                     {u"range_end"_s, base64(pages->end)},
                     {u"limit"_s, entriesPerPage}};
    // All pages show the revision of the first, whatever changes meanwhile.
    if (pages->listing.revision > 0)
        body.insert(u"revision"_s, QString::number(pages->listing.revision));
    return call("/kv/range", body, true)
        .then(this,
              [this, pages](const Result<HttpReply> &reply) {
                  return offThread(m_decoder, this, [reply, pages]() -> Result<void> {
                      if (!reply)
                          return reply.error();
                      Result<Listing> page = decodePage(*reply, &pages->more);
                      if (!page)
                          return page.error();
                      if (!page->entries.isEmpty())
                          pages->next = page->entries.last().key.toUtf8() + '\0';
                      else
                          pages->more = false;
                      Listing &all = pages->listing;
                      if (all.revision == 0) {
                          all = std::move(page).value();
                      } else {
                          all.entries += page->entries;
                          all.observed = page->observed;
                      }
                      return {};
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

QFuture<Result<Lease>> StoreV3::grant(std::chrono::milliseconds ttl)
{
    // An ID of our own makes it idempotent: a repeated grant finds the lease that the first made.
    const qint64 id = QRandomGenerator::system()->generate64() >> 1 | 1;
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(ttl);
    return call("/lease/grant",
                {{u"TTL"_s, QString::number(seconds.count())}, {u"ID"_s, QString::number(id)}})
        .then(this,
              [this, id](const Result<HttpReply> &reply) {
                  const Result<QJsonObject> answer = objectOf(reply);
                  if (answer) {
                      const std::chrono::seconds granted(integer(answer->value("TTL"_L1)));
                      return m_transport.later(Result<Lease>(Lease{id, granted}));
                  }
                  if (answer.error().code != Error::Code::Conflict)
                      return m_transport.later(Result<Lease>(answer.error()));
                  return timeToLive(id).then(this, [id](const Result<LeaseTime> &time) {
                      return time ? Result<Lease>(Lease{id, time->granted}) : time.error();
                  });
              })
        .unwrap();
}

QFuture<Result<void>> StoreV3::put(const QString &key, const QByteArray &value, const Lease &lease)
{
    return call("/kv/put", {{u"key"_s, base64(key.toUtf8())},
                            {u"value"_s, base64(value)},
                            {u"lease"_s, QString::number(lease.id)}})
        .then(this, [](const Result<HttpReply> &reply) -> Result<void> {
            const Result<QJsonObject> answer = objectOf(reply);
            return answer ? Result<void>() : answer.error();
        });
}

QFuture<Result<QStringList>> StoreV3::keepAlive(const Lease &lease, const QStringList &keys)
{
    // The renewal says whether the lease lives, not whether somebody deleted a key: the second
    // request tells which keys are still on it.
    return call("/lease/keepalive", {{u"ID"_s, QString::number(lease.id)}})
        .then(this,
              [this, lease](const Result<HttpReply> &reply) {
                  const Result<QJsonObject> answer = objectOf(reply);
                  if (!answer)
                      return m_transport.later(Result<HttpReply>(answer.error()));
                  const QJsonObject result = answer->value("result"_L1).toObject();
                  if (integer(result.value("TTL"_L1)) <= 0) {
                      return m_transport.later(
                          Result<HttpReply>(Error{.code = Error::Code::NotFound,
                                                  .endpoint = reply->endpoint.toString(),
                                                  .detail = u"the lease has expired"_s}));
                  }
                  return call("/lease/timetolive",
                              {{u"ID"_s, QString::number(lease.id)}, {u"keys"_s, true}});
              })
        .unwrap()
        .then(this, [keys](const Result<HttpReply> &reply) -> Result<QStringList> {
            const Result<QJsonObject> answer = objectOf(reply);
            if (!answer)
                return answer.error();
            QSet<QString> attached;
            const QJsonArray list = answer->value("keys"_L1).toArray();
            for (const QJsonValue &key : list)
                attached.insert(QString::fromUtf8(fromBase64(key.toString().toLatin1())));
            QStringList lost;
            std::ranges::copy_if(keys, std::back_inserter(lost),
                                 [&](const QString &key) { return !attached.contains(key); });
            return lost;
        });
}

QFuture<Result<bool>> StoreV3::remove(const QString &key)
{
    return call("/kv/deleterange", {{u"key"_s, base64(key.toUtf8())}})
        .then(this, [](const Result<HttpReply> &reply) -> Result<bool> {
            const Result<QJsonObject> answer = objectOf(reply);
            return answer ? Result<bool>(integer(answer->value("deleted"_L1)) > 0) : answer.error();
        });
}

QFuture<Result<void>> StoreV3::revoke(const Lease &lease)
{
    return call("/lease/revoke", {{u"ID"_s, QString::number(lease.id)}})
        .then(this, [](const Result<HttpReply> &reply) -> Result<void> {
            const Result<QJsonObject> answer = objectOf(reply);
            const bool gone = answer || answer.error().code == Error::Code::NotFound;
            return gone ? Result<void>() : answer.error();
        });
}

QFuture<Result<LeaseTime>> StoreV3::timeToLive(qint64 lease)
{
    return call("/lease/timetolive", {{u"ID"_s, QString::number(lease)}})
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
            return LeaseTime{std::chrono::seconds(left),
                             std::chrono::seconds(integer(answer->value("grantedTTL"_L1)))};
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

QFuture<Result<Check>> StoreV3::check(const QString &prefix, qint64 sinceRevision)
{
    // min_mod_revision leaves out entries, but not from the count.
    const QByteArray key = prefix.toUtf8();
    return call("/kv/range", {{u"key"_s, base64(key)},
                              {u"range_end"_s, base64(prefixEnd(key))},
                              {u"min_mod_revision"_s, QString::number(sinceRevision + 1)},
                              {u"sort_target"_s, u"MOD"_s},
                              {u"sort_order"_s, u"DESCEND"_s},
                              {u"keys_only"_s, true},
                              {u"limit"_s, 1}})
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
