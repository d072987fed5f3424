// SPDX-License-Identifier: MIT
#pragma once

#include "instance.h"
#include "json.h"
#include "store.h"

namespace EtcdRegistry {

/// What the caller wants to register. hostname, port, protocol, host and url are taken from here
/// where they are set, else from the document's fields of these names, else from the defaults.
struct Service
{
    QString name;
    QString nameSpace;          ///< whole ("shop/eu"); empty: no namespace
    QByteArray document = "{}"; ///< a JSON object, the caller's fields
    QString hostname;
    int port = 0;     ///< 0: none
    QString protocol; ///< of the URL; empty: http
    std::chrono::milliseconds ttl{10000};
    std::chrono::milliseconds heartbeat{5000};
    bool ownLease = false; ///< v3: a lease of its own even if its TTL is the client's
    /// When somebody else deletes or replaces its key: put it again, or hold it no longer.
    enum class WhenTaken { Rejoin, LetGo } whenTaken = WhenTaken::Rejoin;
    /// When its key is there already with another document (one with the same is its own of
    /// before): take it over, or join not (Error::Code::Taken, Registration::found).
    WhenThere whenThere = WhenThere::Replace;

    bool operator==(const Service &) const = default;
};

/// How instances lie in etcd: keys and documents. This is the native layout, that of the npm
/// package etcd-registry 2.1.1, and the only place that knows it:
///
///   key       services/<namespace>/<slug(name)>/<sha1(name-url), lower-case hex>
///   document  the caller's fields in their order, name, then hostname, host and url where the
///             caller gave none (an empty or false one counts as none, as in JavaScript)
///
/// Pure functions; any thread. `services/` and everything after it is UTF-8.
namespace Layout {

struct Record
{
    QString key;
    QByteArray value;

    bool operator==(const Record &) const = default;
};

/// Every UTF-16 unit outside [A-Za-z0-9-] becomes '-'.
QString slug(const QString &name);

/// "services/", or "services/shop/eu/", or with a service's name "services/shop/eu/web/".
/// The namespace may have any number of slashes around it.
QString prefix(const QString &nameSpace, const QString &serviceName = {});

/// The key and the document to write; an error where the name is empty or the document is no
/// object. The caller's fields keep their order; `port` goes to their end where it is new.
Result<Record> encode(const Service &service);

/// The instance in an entry. Never fails: what can't be read is shown with its problem.
/// Fills everything except ttl of v3 entries.
Instance decode(const Entry &entry, Api api, Instance::Clock::time_point observed);

/// All of a listing, sorted by instanceLess(); a large one is shared out among the processor's
/// cores. It blocks until it is done.
QList<Instance> decodeAll(const QList<Entry> &entries, Api api,
                          Instance::Clock::time_point observed);

/// This machine's first non-loopback IPv4 address, else 127.0.0.1. Asks the system every time.
QString localAddress();

} // namespace Layout
} // namespace EtcdRegistry
