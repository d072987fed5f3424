// SPDX-License-Identifier: MIT
#include "etcderror.h"
#include "keysapi.h"
#include "storev2.h"
#include "transport.h"

#include <QDateTime>
#include <QDeadlineTimer>
#include <QJsonDocument>
#include <QStringBuilder>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace EtcdRegistry {

using namespace KeysApi;

// How the store writes; storev2.cpp has the rest. A node that hung carries out late what was sent
// to it: each write says which index it has seen, and finds nothing to do then. Where that one is
// not there any more, it is looked what is: it may be our own write, of an attempt that was given
// up. The index of a key that was written is the one that the answer's head tells (of any other
// answer it is the store's).

constexpr int mostRounds = 5; ///< in which somebody else was quicker

static QByteArray seconds(std::chrono::milliseconds ttl)
{
    return QByteArray::number(qint64(std::chrono::ceil<std::chrono::seconds>(ttl).count()));
}

static QByteArray refreshForm(const Lease &lease)
{
    return "refresh=true&prevExist=true&noValueOnSuccess=true&ttl=" % seconds(lease.ttl);
}

static QByteArray prevIndex(qint64 revision)
{
    return "prevIndex=" % QByteArray::number(revision);
}

/// What an answer to a write says against it, if anything. That a proxy is fine is no write.
static std::optional<Error> errorIn(const HttpReply &reply)
{
    if (reply.status >= 300)
        return errorFromReply(reply);
    bool isDone = false;
    const auto read =
        Json::forEachField(reply.body, [&](QByteArrayView name, QByteArrayView value) {
            isDone |= name == R"("action")" && value.startsWith('"');
        });
    if (read && isDone)
        return {};
    return Error{.code = Error::Code::Protocol,
                 .httpStatus = reply.status,
                 .endpoint = reply.endpoint.toString(),
                 .detail = u"not an answer to a write"_s};
}

QFuture<Result<Lease>> StoreV2::grant(std::chrono::milliseconds ttl)
{
    return m_transport.later(Result<Lease>(Lease{0, std::chrono::ceil<std::chrono::seconds>(ttl)}));
}

QFuture<Result<void>> StoreV2::revoke(const Lease &)
{
    return m_transport.later(Result<void>());
}

QFuture<Result<QStringList>> StoreV2::lost(const Lease &, const QStringList &)
{
    return m_transport.later(Result<QStringList>(QStringList()));
}

/// What the cluster agrees on; nothing where there is no such key. within: zero, or see
/// HttpRequest.
QFuture<Result<std::optional<Entry>>> StoreV2::find(const QString &key,
                                                    std::chrono::milliseconds within)
{
    using Found = Result<std::optional<Entry>>;
    return m_transport.send({.path = keyPath(key) + "?quorum=true", .read = true, .within = within})
        .then(this, [](const Result<HttpReply> &reply) -> Found {
            if (!reply)
                return reply.error();
            if (const auto error = errorIn(*reply))
                return error->etcdCode == keyNotFound ? Found(std::nullopt) : Found(*error);
            std::optional<Entry> entry;
            const auto read = Json::forEachObject(reply->body, [&](const Json::Views &node) {
                if (!entry)
                    entry = entryOf(node, QDateTime::currentDateTimeUtc());
            });
            return read ? Found(entry) : Found(read.error());
        });
}

// ---- putting

struct StoreV2::Put
{
    QString key;
    Kept own;
    Lease lease;
    WhenThere whenThere;
    Written written{};
    bool isThere = false; ///< the value, at own.revision
    int rounds = 0;

    HttpRequest request() const
    {
        if (isThere)
            return formRequest(key, refreshForm(lease) % '&' % prevIndex(own.revision));
        return formRequest(key, "value=" % own.value.toPercentEncoding() % "&ttl="
                                    % seconds(lease.ttl) % "&noValueOnSuccess=true&"
                                    % (own.revision > 0 ? prevIndex(own.revision)
                                                        : QByteArray("prevExist=false")));
    }
};

QFuture<Result<Written>> StoreV2::put(const QString &key, const Kept &own, const Lease &lease,
                                      WhenThere whenThere)
{
    // cmux resets a connection whose first request line is longer than this.
    constexpr qsizetype longestPath = 4000;
    if (keyPath(key).size() > longestPath) {
        return m_transport.later(Result<Written>(
            Error{.code = Error::Code::InvalidArgument,
                  .detail = tr("The key is too long for etcd's v2 API. Use a shorter name or "
                               "namespace.")}));
    }
    return sendPut(std::make_shared<Put>(Put{key, own, lease, whenThere}));
}

QFuture<Result<Written>> StoreV2::sendPut(const std::shared_ptr<Put> &put)
{
    HttpRequest request = put->request();
    request.onlyHere = true;
    return m_transport.send(request)
        .then(this,
              [this, put](const Result<HttpReply> &reply) {
                  const auto end = [this](const Result<Written> &result) {
                      return m_transport.later(result);
                  };
                  if (!reply)
                      return end(reply.error());
                  // One that was seen to be there can't be written later, but one that was not.
                  if (reply->uncertain && put->own.revision == 0)
                      put->written.applied = Applied::MaybeAgain;
                  const auto error = errorIn(*reply);
                  if (!error) {
                      put->written.revision = Json::integer(reply->etcdIndex);
                      return end(put->written);
                  }
                  if (++put->rounds == mostRounds)
                      return end(*error);
                  if (error->code == Error::Code::Conflict)
                      return putOver(put);
                  if (error->etcdCode != keyNotFound || put->own.revision == 0)
                      return end(*error);
                  put->own.revision = 0;
                  put->isThere = false;
                  return sendPut(put);
              })
        .unwrap();
}

/// What it saw is not what is there.
QFuture<Result<Written>> StoreV2::putOver(const std::shared_ptr<Put> &put)
{
    return find(put->key)
        .then(this,
              [this, put](const Result<std::optional<Entry>> &found) {
                  if (!found)
                      return m_transport.later(Result<Written>(found.error()));
                  const std::optional<Entry> &entry = *found;
                  put->isThere = entry && entry->value == put->own.value;
                  put->own.revision = entry ? entry->modRevision : 0;
                  if (entry && !put->own.isOurs(entry->value)) {
                      put->written.found = entry;
                      put->written.refused = put->whenThere == WhenThere::Refuse;
                  }
                  return put->written.refused ? m_transport.later(Result<Written>(put->written))
                                              : sendPut(put);
              })
        .unwrap();
}

// ---- keeping alive

struct StoreV2::Beat
{
    QString key;
    Kept own;
    Lease lease;
    KeptAlive done;
    QDeadlineTimer until;
    int rounds = 0;
};

void StoreV2::keepAlive(const Lease &lease, const QHash<QString, Kept> &keys, KeptAlive done)
{
    Q_ASSERT(keys.size() == 1);
    sendBeat(std::make_shared<Beat>(Beat{keys.cbegin().key(), *keys.cbegin(), lease,
                                         std::move(done), QDeadlineTimer(beatWithin(lease.ttl))}));
}

/// The directory that an answer names as missing instead of the key in it.
static bool namesDirectory(const HttpReply &reply, const QString &key)
{
    return QJsonDocument::fromJson(reply.body)["cause"_L1].toString().mid(1) != key;
}

void StoreV2::sendBeat(const std::shared_ptr<Beat> &beat)
{
    const Kept &own = beat->own;
    HttpRequest request = formRequest(
        beat->key, refreshForm(beat->lease) % '&'
                       % (own.revision > 0 ? prevIndex(own.revision)
                                           : "prevValue=" % own.value.toPercentEncoding()));
    request.within = std::max<std::chrono::milliseconds>(
        std::chrono::ceil<std::chrono::milliseconds>(beat->until.remainingTimeAsDuration()),
        beatWithin(beat->lease.ttl) / 4);
    request.frequent = true;
    m_transport.send(
        request, [this, beat, within = request.within](const Result<HttpReply> &reply) {
            if (!reply)
                return beat->done(reply.error());
            const auto error = errorIn(*reply);
            if (!error)
                return beat->done(Renewal{.revision = Json::integer(reply->etcdIndex)});
            if (error->etcdCode == keyNotFound) {
                return beat->done(Renewal{.lost = {beat->key},
                                          .directoryGone = namesDirectory(*reply, beat->key)});
            }
            if (error->etcdCode != compareFailed || ++beat->rounds == mostRounds)
                return beat->done(*error);
            findAndBeat(beat, within);
        });
}

/// Somebody has written there since, or an attempt of ours that was given up was carried out.
void StoreV2::findAndBeat(const std::shared_ptr<Beat> &beat, std::chrono::milliseconds within)
{
    find(beat->key, within).then(this, [this, beat](const Result<std::optional<Entry>> &found) {
        if (!found)
            return beat->done(found.error());
        if (!*found || !beat->own.isOurs((*found)->value))
            return beat->done(Renewal{.lost = {beat->key}});
        beat->own.revision = (*found)->modRevision;
        sendBeat(beat);
    });
}

// ---- deleting

/// What an answer to a deletion says; anything where there was no such key.
static constexpr auto removed = [](const Result<HttpReply> &reply) -> Result<bool> {
    if (!reply)
        return reply.error();
    const auto error = errorIn(*reply);
    if (!error)
        return true;
    if (error->etcdCode == keyNotFound || error->etcdCode == compareFailed)
        return false;
    return *error;
};

QFuture<Result<bool>> StoreV2::remove(const QString &key)
{
    return m_transport.send({.method = "DELETE", .path = keyPath(key), .onlyHere = true})
        .then(this, removed);
}

QFuture<Result<bool>> StoreV2::removeOwn(const QString &key, const Kept &own, const Lease &)
{
    if (own.revision == 0)
        return findAndRemove(key, own);
    return removeAt(key, own.revision)
        .then(this,
              [=, this](const Result<bool> &removed) {
                  return removed && !*removed ? findAndRemove(key, own)
                                              : m_transport.later(removed);
              })
        .unwrap();
}

/// Not by its value, which might be too long for a path.
QFuture<Result<bool>> StoreV2::removeAt(const QString &key, qint64 revision)
{
    return m_transport
        .send({.method = "DELETE",
               .path = keyPath(key) % '?' % prevIndex(revision),
               .onlyHere = true})
        .then(this, removed);
}

QFuture<Result<bool>> StoreV2::findAndRemove(const QString &key, const Kept &own)
{
    return find(key)
        .then(this,
              [=, this](const Result<std::optional<Entry>> &found) {
                  if (!found)
                      return m_transport.later(Result<bool>(found.error()));
                  if (!*found || !own.isOurs((*found)->value))
                      return m_transport.later(Result<bool>(false));
                  return removeAt(key, (*found)->modRevision);
              })
        .unwrap();
}

} // namespace EtcdRegistry
