// SPDX-License-Identifier: MIT
#pragma once

#include <QList>
#include <QObject>
#include <QString>

namespace EtcdRegistry {

/// Something that is wrong with a cluster, with a registry or with the way there; or that a check
/// found nothing. Texts are whole sentences in the user's language.
struct Finding
{
    Q_GADGET
public:
    enum class Check {
        Reach,      ///< nodes answer
        Tls,        ///< certificates are read, and accepted on both sides
        Membership, ///< what the cluster says of its members leads to them
        Version,    ///< of etcd: one, that serves the API in use
        Clock,      ///< of nodes: as ours
        Leader,     ///< there is one, and so a majority
        Alarm,      ///< that the cluster has raised
        Api,        ///< the one that was asked for is served, and holds all registrations
        Read,       ///< the registry may be read
        Write,      ///< and written
        Watch,      ///< and watched
        Namespace,  ///< there is something below it
        Ttl,        ///< of instances: each has one
        Document,   ///< their values and keys are those of the layout
        Name,       ///< no two names have one place
        Owner,      ///< no two owners write one key in turns
        Host,       ///< theirs lead there from elsewhere, too
    };
    Q_ENUM(Check)
    enum class Severity {
        Ok,
        Unknown, ///< it could not be seen
        Warning,
        Error,
    };
    Q_ENUM(Severity)

    Check check = Check::Reach;
    Severity severity = Severity::Ok;
    QString what;
    QString where;  ///< an endpoint, a key or a prefix of keys
    QString advice; ///< what to do; empty: it speaks for itself

    bool operator==(const Finding &) const = default;
};

using Findings = QList<Finding>;

} // namespace EtcdRegistry
