// SPDX-License-Identifier: MIT
#include "table.h"

#include "output.h"

#include <algorithm>
#include <cwchar>
#include <numeric>
#include <optional>

#include <sys/ioctl.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace EtcdRegistry::Cli {

constexpr qsizetype gap = 2;
constexpr qsizetype narrowest = 6; ///< that a column is cut to

qsizetype columnsOf(const QString &text)
{
    qsizetype columns = 0;
    for (const uint c : text.toUcs4()) {
        const int width = ::wcwidth(wchar_t(c));
        columns += width < 0 ? 1 : width;
    }
    return columns;
}

std::optional<qsizetype> terminalColumns()
{
    winsize size{};
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return {};
    return size.ws_col;
}

static QString fitted(const QString &text, qsizetype columns)
{
    qsizetype taken = columnsOf(text);
    if (taken <= columns)
        return text + QString(columns - taken, u' ');
    QString cut = text;
    while (taken > columns - 1 && !cut.isEmpty()) {
        cut.chop(cut.back().isLowSurrogate() ? 2 : 1);
        taken = columnsOf(cut);
    }
    return cut + u'…' + QString(columns - 1 - taken, u' ');
}

QList<qsizetype> Table::widths() const
{
    QList<qsizetype> widths(m_rows.first().size(), 0);
    for (const QStringList &row : m_rows) {
        for (qsizetype i = 0; i < widths.size(); ++i)
            widths[i] = std::max(widths[i], columnsOf(row.value(i)));
    }
    const auto terminal = terminalColumns();
    if (!terminal)
        return widths;
    const auto total = [&] {
        return std::accumulate(widths.begin(), widths.end(), gap * (widths.size() - 1));
    };
    while (total() > *terminal && *std::ranges::max_element(widths) > narrowest)
        --*std::ranges::max_element(widths);
    return widths;
}

QByteArray Table::text(bool color) const
{
    const QList<qsizetype> columns = widths();
    QString result;
    for (const QStringList &row : m_rows) {
        QString line;
        for (qsizetype i = 0; i < columns.size(); ++i)
            line += fitted(printable(row.value(i)), columns[i]) + QString(gap, u' ');
        while (line.endsWith(u' '))
            line.chop(1);
        const bool isHeader = color && &row == &m_rows.first();
        result += (isHeader ? u"\u001b[1m"_s + line + u"\u001b[0m"_s : line) + u'\n';
    }
    return result.toUtf8();
}

} // namespace EtcdRegistry::Cli
