// SPDX-License-Identifier: MIT
#pragma once

#include <QStringList>

#include <optional>

namespace EtcdRegistry::Cli {

/// Columns below a header, of plain texts.
class Table
{
public:
    explicit Table(const QStringList &header)
        : m_rows{header}
    {}

    void add(const QStringList &row);

    /// On a terminal it is not wider than that: what is too long is cut, the longest first.
    QByteArray text(bool color) const;

private:
    QList<qsizetype> widths() const;

    QList<QStringList> m_rows;
};

/// How many columns of a terminal it takes.
qsizetype columnsOf(const QString &text);

/// So many columns of it: blanks are added, or it is cut with an ellipsis. Takes as long as what
/// is shown, whatever the length of the text.
QString fitted(const QString &text, qsizetype columns);

/// Those of the terminal that standard output is; nothing where it is none.
std::optional<qsizetype> terminalColumns();

} // namespace EtcdRegistry::Cli
