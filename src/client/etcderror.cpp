// SPDX-License-Identifier: MIT
#include "etcderror.h"

#include "http.h"

#include <QCoreApplication>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLocale>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace EtcdRegistry {

static Error::Code codeOfV2(int errorCode, bool anonymous)
{
    switch (errorCode) {
    case 100: // key not found
        return Error::Code::NotFound;
    case 101: // compare failed
    case 105: // key already exists
        return Error::Code::Conflict;
    case 110: // the only answer to no user, a wrong password and a missing right
        return anonymous ? Error::Code::LoginRequired : Error::Code::LoginRefused;
    case 300: // raft internal error
    case 301: // during leader election
        return Error::Code::Unavailable;
    default:
        return Error::Code::InvalidArgument;
    }
}

static Error::Code codeOfGrpc(int code, const QString &message)
{
    switch (code) {
    case 3: // invalid argument, and whatever has to do with a password
        if (message.contains("user name is empty"_L1))
            return Error::Code::LoginRequired;
        if (message.contains("authentication failed"_L1))
            return Error::Code::LoginRefused;
        if (message.contains("request is too large"_L1))
            return Error::Code::TooLarge;
        return Error::Code::InvalidArgument;
    case 5:
        return Error::Code::NotFound;
    case 7:
        return Error::Code::PermissionDenied;
    case 8: // resource exhausted
        if (message.contains("space exceeded"_L1))
            return Error::Code::OutOfSpace;
        return message.contains("larger than max"_L1) ? Error::Code::TooLarge
                                                      : Error::Code::Unavailable;
    case 9:
        return Error::Code::Conflict;
    case 16:
        return Error::Code::LoginRefused;
    case 14:
        if (message.contains("no leader"_L1))
            return Error::Code::NoLeader;
        if (message.contains("for learner"_L1)) // which serves clients no more than its status
            return Error::Code::NotServed;
        return Error::Code::Unavailable;
    case 1: // canceled: not by us, so by a node that goes away
    case 2: // unknown: in practice a deadline that went by without a leader
    case 4:
    case 13: // internal: a connection between nodes that broke
        return Error::Code::Unavailable;
    default:
        return Error::Code::InvalidArgument;
    }
}

/// Of an answer that is not JSON, as all of etcd's are but for its "there is no such API".
static Error::Code codeOfText(const HttpReply &reply)
{
    if (reply.status == 404 && reply.body.trimmed() == "404 page not found")
        return Error::Code::NotServed;
    return reply.status >= 500 ? Error::Code::Unavailable : Error::Code::Protocol;
}

Error errorFromReply(const HttpReply &reply)
{
    Error error;
    error.httpStatus = reply.status;
    error.endpoint = reply.endpoint.toString();
    error.nameSpace = reply.nameSpace;

    QJsonObject body = QJsonDocument::fromJson(reply.body).object();
    if (body.value("error"_L1).isObject()) // the error line of a stream
        body = body.value("error"_L1).toObject();
    error.detail =
        quotable(body.value(body.contains("message"_L1) ? "message"_L1 : "error"_L1).toString());

    if (body.contains("errorCode"_L1)) {
        error.etcdCode = body.value("errorCode"_L1).toInt();
        error.code = codeOfV2(error.etcdCode, reply.anonymous);
        if (const QString cause = body.value("cause"_L1).toString(); !cause.isEmpty())
            error.detail += " ("_L1 + quotable(cause, 100) + ')'_L1;
    } else if (const QJsonValue code =
                   body.contains("code"_L1) ? body.value("code"_L1) : body.value("grpc_code"_L1);
               code.isDouble()) {
        error.etcdCode = code.toInt();
        error.code = codeOfGrpc(error.etcdCode, error.detail);
    } else {
        error.code = codeOfText(reply);
        if (error.detail.isEmpty())
            error.detail = quotable(QString::fromUtf8(reply.body.left(1000)));
        // Sent by the gateway where a client certificate has a common name and logins are on.
        if (error.detail.contains("CommonName of client"_L1))
            error.code = Error::Code::Tls;
    }
    if (error.code == Error::Code::TooLarge && reply.requestSize > 0) {
        // What etcd counts has no base64 in it.
        error.detail += QCoreApplication::translate("Error", "; this has %1")
                            .arg(QLocale::c().formattedDataSize(reply.requestSize * 3 / 4));
    }
    // A node that fails is never the request's fault, whatever its body says.
    if (reply.status >= 500 && error.code != Error::Code::NoLeader
        && error.code != Error::Code::NotServed)
        error.code = Error::Code::Unavailable;
    return error;
}

// ---- whether it is etcd's

constexpr qsizetype beginning = 512; ///< of an answer: v3 says in it whose it is

static quint64 clusterIdIn(const HttpReply &reply)
{
    if (reply.clusterId != 0) // v2
        return reply.clusterId;
    static constexpr QByteArrayView name(R"("cluster_id")");
    const QByteArrayView head =
        QByteArrayView(reply.body).first(std::min(reply.body.size(), beginning));
    const qsizetype at = head.indexOf(name);
    if (at < 0)
        return 0;
    quint64 id = 0;
    for (const char c : head.sliced(at + name.size())) {
        if (c >= '0' && c <= '9')
            id = id * 10 + quint64(c - '0');
        else if (id != 0)
            break;
    }
    return id;
}

static bool isEtcdsError(const HttpRequest &request, const HttpReply &reply)
{
    QJsonObject body = QJsonDocument::fromJson(reply.body).object();
    if (request.path.startsWith("/v2/keys"))
        return body.contains("errorCode"_L1);
    if (request.path.startsWith("/v2/"))
        return body.contains("message"_L1);
    if (body.value("error"_L1).isObject())
        body = body.value("error"_L1).toObject();
    const int code = body.value(body.contains("code"_L1) ? "code"_L1 : "grpc_code"_L1).toInt();
    constexpr int lastGrpcCode = 16;
    return (code > 0 && code <= lastGrpcCode) || reply.body.startsWith("CommonName of client");
}

/// By what its body begins with: the rest may be 40 MB, and who decodes it finds out.
static bool isEtcdsAnswer(const HttpRequest &request, const HttpReply &reply)
{
    const QByteArrayView body =
        QByteArrayView(reply.body).first(std::min(reply.body.size(), beginning)).trimmed();
    const auto has = [&](QByteArrayView name) { return body.contains(name); };
    if (!body.startsWith('{'))
        return false;
    if (request.path.startsWith("/v2/keys"))
        return has(R"("action")");
    if (request.path == "/version")
        return has(R"("etcdserver")");
    if (request.path.startsWith("/v2/"))
        return has(R"("members")");
    return has(R"("header")") || has(R"("error")");
}

NodeVerdict verdictOf(const HttpRequest &request, const HttpReply &reply)
{
    if (reply.status >= 500)
        return {errorFromReply(reply)};
    const bool isEtcds =
        reply.status < 300 ? isEtcdsAnswer(request, reply) : isEtcdsError(request, reply);
    if (isEtcds)
        return {{}, clusterIdIn(reply)};
    Error error = errorFromReply(reply);
    if (error.code != Error::Code::NotServed)
        error.code = Error::Code::Protocol;
    return {error};
}

} // namespace EtcdRegistry
