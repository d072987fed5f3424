// SPDX-License-Identifier: MIT
#pragma once

#include <QByteArray>
#include <QList>
#include <QString>

namespace EtcdRegistry {

/// A field of a document that is not what it was. The values are raw JSON (so 1.0 is not 1.00),
/// long ones cut to where they differ; null: there was none, or is none any more.
struct FieldChange
{
    QString name; ///< null: the whole value, which was, or is, no JSON object; that side is set
    QByteArray before;
    QByteArray after;

    bool operator==(const FieldChange &) const = default;
};

/// What became of a document. Bounded, whatever the documents are: it is kept, thousands of times.
struct Difference
{
    QList<FieldChange> fields; ///< changed and removed ones in the old order, then the added
    int more = 0;              ///< so many are not in `fields`

    bool operator==(const Difference &) const = default;
};

/// Empty where only the order of fields or white space differ. Of fields with the same name the
/// first is compared with the first, and so on. Pure; any thread.
Difference documentDifference(const QByteArray &before, const QByteArray &after);

/// `weight 10 → 5, zone added "eu", tags removed`, in the user's language.
QString differenceText(const Difference &difference);

} // namespace EtcdRegistry
