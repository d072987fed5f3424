// SPDX-License-Identifier: MIT
#pragma once

#include "store.h"

#include <QObject>

namespace EtcdRegistry {

/// What happened to a key, as a store tells it.
struct Event
{
    enum class Kind {
        Put,    ///< written, whether or not the value is another
        Delete, ///< v3: also when its lease ended
        Expire, ///< v2: its TTL ran out
    };

    Kind kind = Kind::Put;
    Entry entry;            ///< of one that has gone: key and modRevision only
    bool directory = false; ///< v2: everything below this key has gone with it

    bool operator==(const Event &) const = default;
};

/// How a watch ended, and so how to go on.
struct WatchEnd
{
    enum class Reason {
        Broken,    ///< connection, node or leader: go on after the last revision, on another node
        Compacted, ///< the store has forgotten what comes next: list again
        Refused,   ///< the login, or the request itself: list again, which logs in, or says why not
    };

    static Reason reasonOf(const Error &error);

    Reason reason = Reason::Broken;
    Error error;
};

/// The events below a prefix, from one node, in their order. Made by Store::watch(); delete it to
/// end it. It tells opened() once, then events(), and at last one ended(), all from the event loop
/// and in the thread that made it. Silence proves nothing.
class Watch : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;

    virtual QUrl endpoint() const = 0;

Q_SIGNALS:
    void opened(qint64 revision); ///< the store's own now; v2: 0
    /// Those of whole revisions. `revision`: all before it, and its own, have been told; no events:
    /// only that.
    void events(const QList<EtcdRegistry::Event> &events, qint64 revision);
    void ended(const EtcdRegistry::WatchEnd &end);
};

} // namespace EtcdRegistry
