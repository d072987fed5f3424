// SPDX-License-Identifier: MIT
#pragma once

#include "row.h"

#include <QUrl>

namespace EtcdRegistry {

constexpr int mostAtOnce = 5; ///< that a browser is asked to open

/// What of these rows can be opened in a browser: each address once, in their order. http and https
/// only: whoever may register a service must not choose what program starts here, or with what
/// file.
QList<QUrl> webUrls(const QList<Row> &rows);

/// The URL, if it is one of those.
std::optional<QUrl> webUrl(const QString &text);

} // namespace EtcdRegistry
