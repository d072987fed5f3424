// SPDX-License-Identifier: MIT
#pragma once

#include "connectionstring.h"
#include "json.h"
#include "registration.h"

#include <variant>

namespace EtcdRegistry {

/// Registrations as data: what is to be joined, and how it behaves over time. The text is JSON in
/// which comments, // and /* */, and a comma behind the last of a list are allowed; durations are
/// numbers of seconds. resources/scenario.schema.json describes it. A value; any thread.
struct Scenario
{
    /// Over time, which counts from the moment at which an instance is joined.
    struct Behaviour
    {
        using Duration = std::chrono::milliseconds;

        struct Pause ///< once
        {
            Duration after;
            Duration length;

            bool operator==(const Pause &) const = default;
        };
        struct Flap
        {
            Duration
                every; ///< from one leaving to the next; the first one is so long after joining
            Duration length; ///< until it is joined again; less than the former

            bool operator==(const Flap &) const = default;
        };
        struct Change
        {
            QString field;
            Duration every;
            QList<QByteArray> values; ///< raw JSON, in turns; none: it counts from 1

            /// The document after so many changes, with what the others have left of it.
            QByteArray applied(const QByteArray &document, int times) const;

            bool operator==(const Change &) const = default;
        };

        std::optional<Duration> crashAfter; ///< beats no more, so that it expires
        std::optional<Duration> leaveAfter;
        std::optional<Pause> pause;
        std::optional<Flap> flap;
        std::optional<Change> change;

        bool operator==(const Behaviour &) const = default;
    };

    struct Group
    {
        /// The first instance. Its namespace is below the connection's unless it begins with a
        /// slash; ttl and heartbeat of zero are the connection's, or half the ttl that is given.
        Service service{.ttl = std::chrono::milliseconds(0),
                        .heartbeat = std::chrono::milliseconds(0)};
        int count = 1; ///< on consecutive ports
        Behaviour behaviour;

        QList<Service> services(const ConnectionString &connection) const;

        bool operator==(const Group &) const = default;
    };

    QList<Group> groups;

    /// What is wrong with a text, and where.
    struct Fault
    {
        Json::Position position;
        QString reason;

        QString message() const; ///< "Line 3, column 7: ..."
    };
    static constexpr int mostInstances = 100'000;
    static std::variant<Scenario, Fault> parse(const QByteArray &text);

    /// In the order of their fields, and without those that have their default.
    QByteArray toText() const;

    /// What gives these again with that connection; neighbours on consecutive ports are a group.
    static Scenario of(const QList<Registration> &registrations,
                       const ConnectionString &connection);

    bool operator==(const Scenario &) const = default;
};

} // namespace EtcdRegistry
