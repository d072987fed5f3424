// SPDX-License-Identifier: MIT
#pragma once

#include "result.h"
#include "row.h"

#include <QRegularExpression>
#include <QString>

namespace EtcdRegistry {

/// What the filter field says, in terms that are set apart by blanks; all must hold. Upper and
/// lower case are the same.
///
///   text          somewhere in namespace, service, key, host, URL or document
///   /regex/       the same, as a regular expression; it may hold blanks
///   field:value   that field of the document (or state, store, service, namespace, key, host,
///                 port, url) has the text in it; or the whole term is somewhere, as a text. A port
///                 is that number
///   field:"value" that field is this text, which may hold blanks; "text" alone: as text
///   field:/regex/ that field, as a regular expression
///   !term         not so
///
/// A value; any thread.
class InstanceFilter
{
public:
    /// The error says what is wrong with a regular expression.
    static Result<InstanceFilter> parse(const QString &text);

    bool isEmpty() const { return m_terms.isEmpty(); }
    bool matches(const Row &row) const;
    /// Fields that are asked for and that none of these has.
    QStringList unknownFields(const Rows &rows) const;

    /// Filtering many rows in turn waits mostly for memory: before row `i` is asked about, this
    /// asks the processor for what those after it have.
    static void fetchAhead(const Rows &rows, qsizetype i);

    bool operator==(const InstanceFilter &) const = default;

private:
    /// A text to be found whatever its case. If it is ASCII, as most are, UTF-8 need not be decoded
    /// to look for it; if not, its longest part that is tells mostly that it is not there.
    class Needle
    {
    public:
        Needle() = default;
        explicit Needle(const QString &text);

        bool isIn(QStringView text) const;
        bool isIn(QByteArrayView utf8) const;
        bool is(const QString &text) const;

        bool operator==(const Needle &) const = default;

    private:
        QString m_text;
        QByteArray m_ascii; ///< in lower case
        bool m_isAscii = true;
    };
    struct Term
    {
        bool negated = false;
        Needle text;
        QString field; ///< empty: anywhere
        Needle value;
        bool isWhole = false;     ///< the value is the field's whole text
        QRegularExpression regex; ///< empty pattern: none

        bool isIn(const QString &fieldText) const;
        bool operator==(const Term &) const = default;
    };

    static bool matches(const Term &term, const Row &row);

    QList<Term> m_terms;
};

/// The text of a document's field, or of one of the facts that instances have without a document
/// (state, store, service, namespace, key, host, port, url); null where there is none.
QString fieldText(const Row &row, const QString &field);

} // namespace EtcdRegistry
