// SPDX-License-Identifier: MIT
#include "table.h"

#include "plaintext.h"

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

static qsizetype columnsOf(char32_t character)
{
    const int width = ::wcwidth(wchar_t(character));
    return width < 0 ? 1 : width;
}

qsizetype columnsOf(const QString &text)
{
    qsizetype columns = 0;
    for (const uint c : text.toUcs4())
        columns += columnsOf(char32_t(c));
    return columns;
}

std::optional<qsizetype> terminalColumns()
{
    winsize size{};
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return {};
    return size.ws_col;
}

QString fitted(const QString &text, qsizetype columns)
{
    qsizetype taken = 0;                 // of the whole, as far as it was looked at
    qsizetype fits = 0, takenByThat = 0; // of what leaves room for an ellipsis
    for (qsizetype i = 0; i < text.size();) {
        const bool isPair = text[i].isHighSurrogate() && i + 1 < text.size();
        taken += columnsOf(isPair ? QChar::surrogateToUcs4(text[i], text[i + 1])
                                  : char32_t(text[i].unicode()));
        if (taken > columns)
            return text.first(fits) + u'…' + QString(columns - 1 - takenByThat, u' ');
        i += isPair ? 2 : 1;
        if (taken <= columns - 1) {
            fits = i;
            takenByThat = taken;
        }
    }
    return text + QString(columns - taken, u' ');
}

void Table::add(const QStringList &row)
{
    QStringList plain;
    for (const QString &cell : row)
        plain += plainText(cell);
    m_rows += plain;
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
    for (qsizetype &width : widths)
        width = std::min(width, *terminal);
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
            line += fitted(row.value(i), columns[i]) + QString(gap, u' ');
        while (line.endsWith(u' '))
            line.chop(1);
        const bool isHeader = color && &row == &m_rows.first();
        result += (isHeader ? u"\u001b[1m"_s + line + u"\u001b[0m"_s : line) + u'\n';
    }
    return result.toUtf8();
}

} // namespace EtcdRegistry::Cli
