// SPDX-License-Identifier: MIT
#include "weburls.h"

#include "plaintext.h"

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

std::optional<QUrl> webUrl(const QString &text)
{
    constexpr qsizetype longest = 2000; // of which every browser knows
    if (!text.startsWith(u"http"_s, Qt::CaseInsensitive) || text.size() > longest
        || plainText(text) != text)
        return {};
    const QUrl url(text, QUrl::StrictMode);
    const bool isWeb = url.isValid() && !url.host().isEmpty()
                       && (url.scheme() == "http"_L1 || url.scheme() == "https"_L1);
    return isWeb ? std::optional(url) : std::nullopt;
}

QList<QUrl> webUrls(const QList<Row> &rows)
{
    QList<QUrl> urls;
    QSet<QUrl> known;
    for (const Row &row : rows) {
        const auto url = webUrl(row.instance->url);
        if (!url || known.contains(*url))
            continue;
        known.insert(*url);
        urls.append(*url);
    }
    return urls;
}

} // namespace EtcdRegistry
