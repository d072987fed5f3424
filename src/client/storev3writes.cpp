// SPDX-License-Identifier: MIT
#include "etcderror.h"
#include "gatewayjson.h"
#include "storev3.h"
#include "transport.h"

#include <QJsonArray>
#include <QJsonObject>
#include <QSet>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace EtcdRegistry {

using namespace GatewayJson;

// How the store writes, many keys together; storev3.cpp has the rest. One at a time they take
// several times as long (measured: 3,000 against 15,000 a second), and stand before the beats.
//
// A write that comes late must find nothing to do: each is guarded by what it saw. Where one of
// them is not as it was, etcd does none; it is looked what is there, and they are sent again.
// Guards and looks need the right to read: who has only that to write does so without.

constexpr int mostRounds = 5; ///< in which somebody else was quicker

struct StoreV3::Write
{
    QString key;
    Lease lease;
    Kept own{};
    std::optional<WhenThere> puts; ///< none: it deletes
    QPromise<Result<Written>> promise{};
    Written written{};
    int rounds = 0;

    qsizetype size() const { return 2 * key.size() + own.value.size(); }

    /// What it saw: the revision at which the key was written, or that it is on our lease.
    QJsonObject guard() const
    {
        QJsonObject guard{{u"key"_s, base64(key.toUtf8())}};
        guard.insert(u"target"_s, puts ? u"MOD"_s : u"LEASE"_s);
        guard.insert(puts ? u"mod_revision"_s : u"lease"_s,
                     QString::number(puts ? own.revision : lease.id));
        return guard;
    }

    QJsonObject operation() const
    {
        QJsonObject body{{u"key"_s, base64(key.toUtf8())}};
        if (!puts)
            return {{u"request_delete_range"_s, body}};
        body.insert(u"value"_s, base64(own.value));
        body.insert(u"lease"_s, QString::number(lease.id));
        return {{u"request_put"_s, body}};
    }

    /// Whether there is still something to do, now that this is there.
    bool saw(const std::optional<Entry> &entry)
    {
        if (!puts) {
            written.refused = !entry || entry->lease != lease.id;
            return !written.refused;
        }
        own.revision = entry ? entry->modRevision : 0;
        if (entry && entry->lease != lease.id && !own.isOurs(entry->value)) {
            written.found = entry;
            written.refused = puts == WhenThere::Refuse;
        }
        return !written.refused;
    }

    void finish(const Result<Written> &result)
    {
        promise.addResult(result);
        promise.finish();
    }
};

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
    m_writes.clear(); // which cancels them, while what waits for them is still here
}

QFuture<Result<Written>> StoreV3::put(const QString &key, const Kept &own, const Lease &lease,
                                      WhenThere whenThere)
{
    return write({.key = key, .lease = lease, .own = own, .puts = whenThere});
}

QFuture<Result<bool>> StoreV3::removeOwn(const QString &key, const Kept &, const Lease &lease)
{
    if (lease.id == 0) // keys without one are nobody's, and not ours
        return m_transport.later(Result<bool>(false));
    return write({.key = key, .lease = lease, .puts = {}})
        .then(this, [](const Result<Written> &written) -> Result<bool> {
            return written ? Result<bool>(!written->refused) : written.error();
        });
}

QFuture<Result<Written>> StoreV3::write(Write &&write)
{
    write.promise.start();
    const QFuture<Result<Written>> future = write.promise.future();
    m_writes.push_back(std::move(write));
    if (m_writes.size() == 1)
        QMetaObject::invokeMethod(this, &StoreV3::sendWrites, Qt::QueuedConnection);
    return future;
}

void StoreV3::sendWrites()
{
    constexpr size_t atMost = 100;          // etcd takes 128
    constexpr qsizetype bytes = 500 * 1024; // etcd takes 1.5 MB
    auto writes = std::exchange(m_writes, {});
    for (auto next = writes.begin(); next != writes.end();) {
        auto together = std::make_shared<std::vector<Write>>();
        QSet<QString> keys; // a transaction refuses one that comes twice
        for (qsizetype size = 0; next != writes.end() && together->size() < atMost; ++next) {
            size += next->size();
            if (!together->empty() && (size > bytes || keys.contains(next->key)))
                break;
            keys.insert(next->key);
            together->push_back(std::move(*next));
        }
        sendTogether(together, !m_mayNotRead);
    }
}

void StoreV3::sendTogether(const Writes &writes, bool guarded)
{
    QJsonArray guards, operations;
    for (const Write &write : *writes) {
        if (guarded)
            guards.append(write.guard());
        operations.append(write.operation());
    }
    HttpRequest request =
        requestOf("/kv/txn", {{u"compare"_s, guards}, {u"success"_s, operations}});
    request.onlyHere = !guarded; // else they name a lease, which another cluster has not
    call(request).then(this, [this, writes, guarded](const Result<HttpReply> &reply) {
        const Result<QJsonObject> answer = objectOf(reply);
        if (!answer)
            return writeFailed(writes, answer.error(), guarded);
        if (!answer->value("succeeded"_L1).toBool())
            return lookAndSend(writes, reply->uncertain);
        m_mayNotRead |= !guarded;
        const qint64 revision = integer(answer->value("header"_L1)["revision"_L1]);
        for (Write &write : *writes) {
            // One that was seen to be there can't be written later, but one that was not.
            if (reply->uncertain && (write.own.revision == 0 || !guarded))
                write.written.applied = Applied::MaybeAgain;
            write.written.revision = revision;
            write.finish(write.written);
        }
    });
}

void StoreV3::writeFailed(const Writes &writes, const Error &error, bool guarded)
{
    const bool isRefusing = std::ranges::any_of(
        *writes, [](const Write &write) { return write.puts == WhenThere::Refuse; });
    if (error.code == Error::Code::PermissionDenied && guarded && !isRefusing)
        return sendTogether(writes, false); // it may be the right to read
    if (writes->size() > 1 && !error.retryable() && error.code != Error::Code::OutOfSpace) {
        for (Write &write : *writes) { // it may be the fault of one of them
            sendTogether(std::make_shared<std::vector<Write>>(std::make_move_iterator(&write),
                                                              std::make_move_iterator(&write + 1)),
                         guarded);
        }
        return;
    }
    for (Write &write : *writes)
        write.finish(error);
}

/// Something is not as one of them saw it.
void StoreV3::lookAndSend(const Writes &writes, bool uncertain)
{
    QJsonArray looks;
    for (const Write &write : *writes) {
        looks.append(
            QJsonObject{{u"request_range"_s, QJsonObject{{u"key"_s, base64(write.key.toUtf8())}}}});
    }
    HttpRequest request = readOf("/kv/txn", {{u"success"_s, looks}});
    request.large = true; // documents may be
    call(request).then(this, [this, writes, uncertain](const Result<HttpReply> &reply) {
        const Result<QJsonObject> answer = objectOf(reply);
        std::optional<Error> error;
        if (!answer)
            error = answer.error();
        QHash<QString, Entry> there;
        const auto add = [&there](const Json::Views &fields) {
            if (Entry entry = entryOf(fields); !entry.key.isEmpty())
                there.insert(entry.key, std::move(entry));
        };
        if (answer && !Json::forEachObject(reply->body, add))
            error = protocolError(*reply);
        auto again = std::make_shared<std::vector<Write>>();
        for (Write &write : *writes) {
            if (uncertain && write.own.revision == 0)
                write.written.applied = Applied::MaybeAgain;
            const auto found = there.constFind(write.key);
            if (error)
                write.finish(*error);
            else if (++write.rounds == mostRounds)
                write.finish(
                    Error{.code = Error::Code::Conflict, .endpoint = reply->endpoint.toString()});
            else if (write.saw(found == there.cend() ? std::nullopt : std::optional(*found)))
                again->push_back(std::move(write));
            else
                write.finish(write.written);
        }
        if (!again->empty())
            sendTogether(again, true);
    });
}

QFuture<Result<void>> StoreV3::mayWrite(const QString &prefix)
{
    // etcd looks at the rights for all that a transaction may do; and no version is below zero.
    const QString key = base64(prefix.toUtf8() + "_etcd-registry-browser");
    const QJsonObject never{{u"target"_s, u"VERSION"_s},
                            {u"result"_s, u"LESS"_s},
                            {u"key"_s, key},
                            {u"version"_s, u"0"_s}};
    const QJsonObject put{{u"request_put"_s, QJsonObject{{u"key"_s, key}}}};
    return call(requestOf("/kv/txn",
                          {{u"compare"_s, QJsonArray{never}}, {u"success"_s, QJsonArray{put}}}))
        .then(this, [](const Result<HttpReply> &reply) -> Result<void> {
            const Result<QJsonObject> answer = objectOf(reply);
            return answer ? Result<void>() : answer.error();
        });
}

} // namespace EtcdRegistry
