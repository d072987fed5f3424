// SPDX-License-Identifier: MIT
#include "doctor.h"

#include "json.h"
#include "layout.h"

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace EtcdRegistry {

Doctor::Doctor(const ConnectionString &connection, QObject *parent)
    : QObject(parent)
    , m_connection(connection)
    , m_members(m_connection)
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
        m_seen.membersUnseen = nodes.error();
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
    lookForTurns(listing->entries);
    if (listing->entries.isEmpty())
        findOtherNamespaces();
    if (m_connection.cluster().api == Api::V2)
        findDirectoryTtls();
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
        if (!listing) { // that takes further rights
            m_seen.namespacesUnseen = listing.error();
            return;
        }
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
    findLeadingSlash();
}

/// v2 has none but that.
void Doctor::findLeadingSlash()
{
    Connection &v3 = m_connection.cluster().api == Api::V3 ? m_connection : *m_other;
    question(v3.withStore<Check>([this, &v3] {
        return v3.store().check(u'/' + Layout::prefix(m_seen.connection.nameSpace), 0);
    }),
             [this](const Result<Check> &check) {
                 if (check)
                     m_seen.withLeadingSlash = check->count;
             });
}

/// Those above the prefix, and those below.
void Doctor::findDirectoryTtls()
{
    const auto ask = [this](const QString &directory, bool below) {
        const HttpRequest request{.path = "/v2/keys/" + QUrl::toPercentEncoding(directory, "/")
                                          + (below ? "?recursive=true" : ""),
                                  .large = true};
        question(m_connection.transport().send(request), [this, directory,
                                                          below](const Result<HttpReply> &reply) {
            if (!reply || reply->status != 200)
                return;
            const auto read = Json::forEachObject(reply->body, [&](const Json::Views &node) {
                QString key;
                int ttl = 0;
                bool isDirectory = false;
                for (const auto &[name, value] : node) {
                    if (name == R"("key")")
                        key = Json::text(value).mid(1) + u'/';
                    else if (name == R"("ttl")")
                        ttl = int(ttlOf(Json::integer(value)).count());
                    else if (name == R"("dir")")
                        isDirectory = value == "true";
                }
                if (isDirectory && ttl > 0 && (below || key == directory))
                    m_seen.directoryTtls.insert(key, ttl);
            });
            Q_UNUSED(read) // as far as it could be
        });
    };
    const QString prefix = Layout::prefix(m_seen.connection.nameSpace);
    for (qsizetype end = prefix.indexOf(u'/'); end >= 0; end = prefix.indexOf(u'/', end + 1))
        ask(prefix.left(end + 1), end + 1 == prefix.size());
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
    connect(m_watch.get(), &Watch::events, this, qOverload<const QList<Event> &>(&Doctor::take));
    QTimer::singleShot(m_seen.connection.deadline, m_watch.get(), [conclude, endpoint] {
        conclude(Error{.code = Error::Code::Timeout,
                       .endpoint = endpoint.toString(),
                       .detail = tr("the watch does not begin")});
    });
    question(promise->future(), [this](const Result<void> &watched) {
        m_seen.watch = watched;
        m_seen.isWatchSilent = !watched && watched.error().code == Error::Code::Timeout;
    });
}

constexpr auto turnsAtMost = 5500ms; ///< between two, for who holds a key looks each half TTL

/// Who never writes over a key has no rival: there is no need to wait then.
void Doctor::lookForTurns(const QList<Entry> &entries)
{
    constexpr auto longest = 30s; // of what would show in so short a time
    bool isWritten = false;
    for (const Entry &entry : entries) {
        m_values[entry.key] = {entry.value};
        isWritten |= m_connection.cluster().api == Api::V3
                         ? entry.modRevision != entry.createRevision
                         : entry.modRevision == entry.createRevision && entry.hasTtl
                               && entry.timeLeft < longest;
    }
    if (!isWritten)
        return;
    m_looked.start();
    m_lookTimer.setSingleShot(true);
    connect(&m_lookTimer, &QTimer::timeout, this, [this] {
        m_looked.addResult(true);
        m_looked.finish();
    });
    m_lookTimer.start(turnsAtMost);
    question(m_looked.future(), [](bool) {});
}

void Doctor::take(const QList<Event> &events)
{
    for (const Event &event : events) {
        if (event.kind != Event::Kind::Put)
            continue;
        QByteArrayList &values = m_values[event.entry.key];
        if (!values.isEmpty() && values.last() == event.entry.value)
            continue;
        values += event.entry.value;
        if (values.size() > 3)
            values.removeFirst();
        const qsizetype count = values.size();
        const bool isTurn = count > 2 && values[count - 1] == values[count - 3];
        if (isTurn && !m_seen.contested.contains(event.entry.key))
            m_seen.contested += event.entry.key;
        if (m_lookTimer.isActive()) // whether it was the first of two
            m_lookTimer.start(isTurn ? 0ms : turnsAtMost);
    }
}

} // namespace EtcdRegistry
