// SPDX-License-Identifier: MIT
#include "doctor.h"

#include "layout.h"
#include "watch.h"

#include <QTimer>

namespace EtcdRegistry {

Doctor::Doctor(const ConnectionString &connection, QObject *parent)
    : QObject(parent)
    , m_connection(connection)
    , m_members(m_connection.transport())
    , m_seen{.connection = connection}
{}

Doctor::~Doctor()
{
    // While everything that waits for an answer is still here.
    m_watch.reset();
    m_connection.close();
    if (m_other)
        m_other->close();
    m_workers.cancelAll();
}

QFuture<Doctor::Report> Doctor::examine()
{
    m_promise.start();
    question(m_connection.open(), [this](const Result<Cluster> &opened) {
        m_seen.opened = opened;
        // A file of TLS can't be read, or no node is known: nobody was asked, nor can be.
        if (!opened
            && (opened.error().endpoint.isEmpty()
                || m_connection.transport().pool().order().isEmpty()))
            return;
        if (!opened)
            return askNodes();
        askStore();
        askOtherStore();
    });
    return m_promise.future();
}

/// The answer may lead to further questions; after the last one the report is made.
template <typename T, typename Take>
void Doctor::question(QFuture<T> answer, Take take)
{
    ++m_open;
    answer.then(this, [this, take](const T &value) {
        take(value);
        answered();
    });
}

void Doctor::answered()
{
    if (--m_open > 0)
        return;
    m_workers.run([seen = m_seen] {
                 return Report{diagnose(seen), seen.isReached()};
             })
        .then(this, [this](const Report &report) {
            m_promise.addResult(report);
            m_promise.finish();
        });
}

void Doctor::askNodes()
{
    question(m_members.survey(), [this](const Result<QList<Node>> &nodes) {
        if (nodes) {
            m_seen.nodes = *nodes;
            return;
        }
        question(m_members.askAll(m_connection.transport().pool().order()),
                 [this](const QList<Node> &nodes) { m_seen.nodes = nodes; });
    });
}

void Doctor::askStore()
{
    const QString prefix = Layout::prefix(m_seen.connection.nameSpace);
    question(m_connection.store().list(prefix), [this](const Result<Listing> &listing) {
        askNodes(); // not before: a listing logs in, and nodes from 3.4.42 on want that
        take(listing);
    });
    question(m_connection.store().mayWrite(prefix),
             [this](const Result<void> &may) { m_seen.write = may; });
}

void Doctor::take(const Result<Listing> &listing)
{
    if (!listing) {
        m_seen.registry = listing.error();
        return;
    }
    tryToWatch();
    if (listing->entries.isEmpty())
        findOtherNamespaces();
    question(m_workers.run([listing = *listing, api = m_connection.cluster().api] {
        return Layout::decodeAll(listing.entries, api, listing.observed);
    }),
             [this](const QList<Instance> &instances) {
                 m_seen.registry = Snapshot{.instances = instances};
             });
}

void Doctor::findOtherNamespaces()
{
    question(m_connection.store().list(Layout::prefix({})), [this](const Result<Listing> &listing) {
        if (!listing) // that takes further rights
            return;
        QSet<QString> names;
        for (const Entry &entry : listing->entries)
            names.insert(Layout::decode(entry, Api::V3, {}).nameSpace);
        names.remove({});
        m_seen.otherNamespaces = names.values();
        m_seen.otherNamespaces.sort();
    });
}

void Doctor::askOtherStore()
{
    using Choice = ConnectionString::Api;
    ConnectionString other = m_seen.connection;
    other.api = m_connection.cluster().api == Api::V2 ? Choice::V3 : Choice::V2;
    m_other = std::make_unique<Connection>(other);
    question(m_other->withStore<Listing>([this] {
        return m_other->store().list(Layout::prefix(m_seen.connection.nameSpace));
    }),
             [this](const Result<Listing> &listing) {
                 if (listing)
                     m_seen.inOtherStore = listing->entries.size();
             });
}

void Doctor::tryToWatch()
{
    const QUrl endpoint = m_connection.transport().lastAnswered();
    m_watch = m_connection.store().watch(endpoint, Layout::prefix(m_seen.connection.nameSpace), 0);
    auto promise = std::make_shared<QPromise<Result<void>>>();
    promise->start();
    const auto conclude = [promise](const Result<void> &result) {
        if (promise->future().isFinished())
            return;
        promise->addResult(result);
        promise->finish();
    };
    connect(m_watch.get(), &Watch::opened, this, [conclude] { conclude({}); });
    connect(m_watch.get(), &Watch::ended, this,
            [conclude](const WatchEnd &end) { conclude(end.error); });
    QTimer::singleShot(m_seen.connection.deadline, m_watch.get(), [conclude, endpoint] {
        conclude(Error{.code = Error::Code::Timeout,
                       .endpoint = endpoint.toString(),
                       .detail = tr("the watch does not begin")});
    });
    question(promise->future(), [this](const Result<void> &watched) { m_seen.watch = watched; });
}

} // namespace EtcdRegistry
