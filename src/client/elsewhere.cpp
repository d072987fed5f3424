// SPDX-License-Identifier: MIT
#include "elsewhere.h"

#include "layout.h"

#include <QLocale>

using namespace std::chrono_literals;

namespace EtcdRegistry {

static ConnectionString with(ConnectionString text, ConnectionString::Api api)
{
    text.api = api;
    text.deadline = std::min<std::chrono::milliseconds>(text.deadline, 2s); // somebody waits for it
    return text;
}

Elsewhere::Elsewhere(ConnectionString text, Api api, const QString &name, QObject *parent)
    : QObject(parent)
    , m_api(api)
    , m_prefix(Layout::prefix(text.nameSpace, name))
    , m_v2(with(text, ConnectionString::Api::V2))
    , m_v3(with(text, ConnectionString::Api::V3))
{}

Elsewhere::~Elsewhere()
{
    // While what waits for their answers is still here.
    m_v2.close();
    m_v3.close();
}

QFuture<QStringList> Elsewhere::look()
{
    m_promise.start();
    const QFuture<QStringList> future = m_promise.future();
    m_api == Api::V2 ? lookInV3(m_prefix) : lookInV2();
    lookInV3(u'/' + m_prefix);
    return future;
}

void Elsewhere::lookInV2()
{
    m_v2.withStore<Listing>([this] { return m_v2.store().list(m_prefix); })
        .then(this, [this](const Result<Listing> &listing) {
            const qsizetype count = listing ? listing->entries.size() : 0;
            found(count == 0 ? QString()
                             : tr("Nothing in the v3 store; the v2 store has %1: api=v2.")
                                   .arg(QLocale().toString(count)));
        });
}

void Elsewhere::lookInV3(const QString &prefix)
{
    m_v3.withStore<Check>([this, prefix] { return m_v3.store().check(prefix, 0); })
        .then(this, [this, prefix](const Result<Check> &check) {
            if (!check || check->count == 0)
                return found({});
            const QString count = QLocale().toString(check->count);
            found(prefix == m_prefix
                      ? tr("Nothing in the v2 store; the v3 store has %1: api=v3.").arg(count)
                      : tr("The v3 store has %1 below %2, with a slash before it: clients of the "
                           "registry do not look there.")
                            .arg(count, prefix));
        });
}

void Elsewhere::found(const QString &sentence)
{
    if (!sentence.isEmpty())
        m_found.append(sentence);
    if (--m_awaited > 0)
        return;
    m_promise.addResult(m_found);
    m_promise.finish();
    deleteLater();
}

} // namespace EtcdRegistry
