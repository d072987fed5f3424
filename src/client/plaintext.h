// SPDX-License-Identifier: MIT
#pragma once

#include <QByteArray>
#include <QString>

#include <limits>

/// Text of others on its way to a person. Names, URLs, documents and what nodes say are written by
/// whoever may write them: none of it may command a terminal, break a line in two, hide, turn what
/// stands around it about, or be longer than anybody reads. Pure functions, any thread.
namespace EtcdRegistry {

/// False for what shows nothing of itself or changes what is around it: controls (C0, C1), line and
/// paragraph separators, bidi marks, overrides and isolates, zero-width and other ignorable
/// characters, and what is no character (surrogates, private use, unassigned).
bool isPlain(char32_t character);

/// The character that begins there: two units of a pair, or one.
char32_t characterAt(QStringView text, qsizetype i);

constexpr qsizetype wholeText = std::numeric_limits<qsizetype>::max();
constexpr qsizetype longestLine = 400; ///< that is drawn; nobody reads more of one in a window

/// One line: what is not plain is shown as U+FFFD, and more than that many characters (UTF-16
/// units) are cut, with an ellipsis at the end. What is not cut or replaced is shared.
QString plainText(const QString &text, qsizetype most = wholeText);

/// For cells, labels and tool tips.
inline QString plainLine(const QString &text)
{
    return plainText(text, longestLine);
}

/// The same for a text of lines: its line breaks and tabs stay.
QString plainLines(const QString &text, qsizetype most = wholeText);

/// For tool tips, which show a text in lines as they are: at most longestTip characters, in lines
/// that no screen is too narrow for.
constexpr qsizetype longestTip = 1000;
QString plainTip(const QString &text);

/// JSON that means the same: what is not plain is escaped (\u202e). Precondition: valid JSON.
QByteArray plainJson(const QByteArray &json);

} // namespace EtcdRegistry
