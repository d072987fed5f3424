// SPDX-License-Identifier: MIT
#pragma once

#include "result.h"

#include <QDeadlineTimer>
#include <QFuture>
#include <QList>
#include <QUrl>

class QJsonArray;

namespace EtcdRegistry {

class Transport;

/// As every one is asked; etcd advises against more than seven members.
constexpr qsizetype mostNodes = 64;

/// The client URLs in a list of members, in both APIs: those that are some, each once, and no more
/// than mostNodes.
QList<QUrl> clientUrlsIn(const QJsonArray &members);

/// The client URLs of the cluster that was started with this discovery URL
/// (`etcd --discovery URL`). The service knows the members' peer URLs only, so the first member
/// that answers is asked for the rest. After the deadline no further one is.
QFuture<Result<QList<QUrl>>> discover(Transport &transport, const QUrl &discovery,
                                      QDeadlineTimer deadline);

} // namespace EtcdRegistry
