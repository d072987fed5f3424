// SPDX-License-Identifier: MIT
#pragma once

#include "result.h"

#include <QFuture>
#include <QList>
#include <QUrl>

namespace EtcdRegistry {

class Transport;

/// The client URLs of the cluster that was started with this discovery URL
/// (`etcd --discovery URL`). The service knows the members' peer URLs only, so the first member
/// that answers is asked for the rest.
QFuture<Result<QList<QUrl>>> discover(Transport &transport, const QUrl &discovery);

} // namespace EtcdRegistry
