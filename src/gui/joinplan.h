// SPDX-License-Identifier: MIT
#pragma once

#include "connectionstring.h"
#include "layout.h"

#include <QMap>

namespace EtcdRegistry {

/// What stands in the fields of the join dialog, as text.
struct JoinForm
{
    QString name;
    QString nameSpace;
    QString hostname;
    QString port;
    QString protocol;
    QString ttl;
    QString heartbeat;
    QString document; ///< a JSON object, or a key=value on each line
    int count = 1;
    bool rejoins = true; ///< put again when somebody takes its key

    bool operator==(const JoinForm &) const = default;
};

/// What comes of it: the services to join, or what stands in the way, field by field. A value.
struct JoinPlan
{
    enum class Field { Name, NameSpace, Hostname, Port, Protocol, Ttl, Heartbeat, Document, Count };
    struct Remark
    {
        bool error = true; ///< else a warning: it can be joined nonetheless
        QString text;

        bool operator==(const Remark &) const = default;
    };

    QMap<Field, Remark> remarks;
    std::chrono::milliseconds longestHeartbeat{5000}; ///< half the TTL: what an empty field means
    QList<Service> services;              ///< on consecutive ports; none if there is an error
    std::optional<Layout::Record> record; ///< of the first service, as soon as it can be told

    /// The connection tells the namespace that is looked at, the default TTL and the API.
    static JoinPlan make(const JoinForm &form, const ConnectionString &connection);
};

/// The form that gives this service again. Fields of its document that follow from the others, or
/// have a field of their own in the form, move there: so changing the port changes the URL too.
JoinForm formOf(const Service &service);

/// "10" or "2.5", without a unit.
QString secondsText(std::chrono::milliseconds duration);

} // namespace EtcdRegistry
