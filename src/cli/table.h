// SPDX-License-Identifier: MIT
#pragma once

#include <QStringList>

#include <optional>

namespace EtcdRegistry::Cli {

/// Columns below a header. Control characters are replaced.
class Table
{
public:
    explicit Table(const QStringList &header)
        : m_rows{header}
    {}

    void add(const QStringList &row) { m_rows += row; }

    /// On a terminal it is not wider than that: what is too long is cut, the longest first.
    QByteArray text(bool color) const;

private:
    QList<qsizetype> widths() const;

    QList<QStringList> m_rows;
};

/// How many columns of a terminal it takes.
qsizetype columnsOf(const QString &text);

/// Those of the terminal that standard output is; nothing where it is none.
std::optional<qsizetype> terminalColumns();

} // namespace EtcdRegistry::Cli
