// SPDX-License-Identifier: MIT
#include "storev3.h"

#include "gatewayjson.h"
#include "transport.h"

#include <QJsonArray>
#include <QJsonObject>
#include <QSet>

using namespace Qt::StringLiterals;

namespace EtcdRegistry {

using namespace GatewayJson;

// How the store puts, many keys together; storev3.cpp has the rest.

struct StoreV3::Put
{
    QString key;
    QJsonObject request;
    qsizetype size;
    QPromise<Result<Applied>> promise;

    void finish(Result<Applied> result)
    {
        promise.addResult(std::move(result));
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
    m_puts.clear(); // which cancels them, while what waits for them is still here
}

QFuture<Result<Applied>> StoreV3::put(const QString &key, const QByteArray &value,
                                      const Lease &lease)
{
    Put put{.key = key,
            .request = {{u"key"_s, base64(key.toUtf8())},
                        {u"value"_s, base64(value)},
                        {u"lease"_s, QString::number(lease.id)}},
            .size = key.size() + value.size(),
            .promise = {}};
    put.promise.start();
    const QFuture<Result<Applied>> future = put.promise.future();
    m_puts.push_back(std::move(put));
    if (m_puts.size() == 1)
        QMetaObject::invokeMethod(this, &StoreV3::sendPuts, Qt::QueuedConnection);
    return future;
}

/// One at a time they take several times as long (measured: 3,000 against 15,000 a second).
void StoreV3::sendPuts()
{
    constexpr size_t atMost = 100;          // etcd takes 128
    constexpr qsizetype bytes = 500 * 1024; // etcd takes 1.5 MB
    auto puts = std::exchange(m_puts, {});
    for (auto next = puts.begin(); next != puts.end();) {
        auto together = std::make_shared<std::vector<Put>>();
        QSet<QString> keys; // a transaction refuses one that comes twice
        for (qsizetype size = 0; next != puts.end() && together->size() < atMost; ++next) {
            size += next->size;
            if (!together->empty() && (size > bytes || keys.contains(next->key)))
                break;
            keys.insert(next->key);
            together->push_back(std::move(*next));
        }
        sendTogether(together);
    }
}

void StoreV3::sendTogether(const std::shared_ptr<std::vector<Put>> &puts)
{
    const auto one = [this](const Put &put) { return requestOf("/kv/put", put.request); };
    const auto all = [&] {
        QJsonArray operations;
        for (const Put &put : *puts)
            operations.append(QJsonObject{{u"request_put"_s, put.request}});
        return requestOf("/kv/txn", {{u"success"_s, operations}});
    };
    call(puts->size() == 1 ? one(puts->front()) : all())
        .then(this, [this, puts](const Result<HttpReply> &reply) {
            const Result<QJsonObject> answer = objectOf(reply);
            if (!answer && puts->size() > 1 && !answer.error().retryable()) {
                for (Put &put : *puts) // it may be the fault of one of them
                    sendTogether(std::make_shared<std::vector<Put>>(
                        std::make_move_iterator(&put), std::make_move_iterator(&put + 1)));
                return;
            }
            for (Put &put : *puts) {
                put.finish(!answer            ? Result<Applied>(answer.error())
                           : reply->uncertain ? Applied::MaybeAgain
                                              : Applied::Once);
            }
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
