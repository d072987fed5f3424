// SPDX-License-Identifier: MIT
#pragma once

#include "connection.h"

#include <QStringList>

namespace EtcdRegistry {

/// Who finds nothing may look in the wrong store, or want keys that begin with a slash: one look at
/// each of those, by connections of its own, which log in as their API wants it. What may not be
/// looked at, or does not answer, is passed over. It deletes itself when it has told.
class Elsewhere : public QObject
{
    Q_OBJECT
public:
    /// `api`: the store in which nothing was found.
    Elsewhere(ConnectionString text, Api api, const QString &name, QObject *parent);
    ~Elsewhere() override;

    QFuture<QStringList> look(); ///< whole sentences; once

private:
    void lookInV2();
    void lookInV3(const QString &prefix);
    void found(const QString &sentence);

    Api m_api;
    QString m_prefix;
    Connection m_v2;
    Connection m_v3;
    QPromise<QStringList> m_promise;
    QStringList m_found;
    int m_awaited = 2;
};

} // namespace EtcdRegistry
