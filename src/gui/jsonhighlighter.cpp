// SPDX-License-Identifier: MIT
#include "jsonhighlighter.h"

#include "json.h"

#include <QEvent>
#include <QPlainTextEdit>
#include <QRegularExpression>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

JsonHighlighter::JsonHighlighter(QPlainTextEdit *editor, Also also)
    : QSyntaxHighlighter(editor->document())
    , m_editor(editor)
    , m_also(also)
{
    editor->installEventFilter(this);
}

bool JsonHighlighter::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() == QEvent::PaletteChange)
        rehighlight();
    return QSyntaxHighlighter::eventFilter(watched, event);
}

bool JsonHighlighter::highlightRow(const QString &text)
{
    static const QRegularExpression row(uR"(^\s*[^\s"'{}\[\]:,=]+\s*=)"_s);
    const auto match = row.match(text);
    if (!match.hasMatch())
        return false;
    const auto end = match.capturedEnd();
    paint(0, end - 1, Theme::Role::JsonKey);
    const auto value = Json::valueFromInput(text.sliced(end).trimmed());
    paint(end, text.size() - end,
          value.startsWith('"')                        ? Theme::Role::JsonString
          : value.startsWith('-') || isdigit(value[0]) ? Theme::Role::JsonNumber
                                                       : Theme::Role::JsonWord);
    return true;
}

void JsonHighlighter::highlightBlock(const QString &text)
{
    if (m_also == Also::Rows && highlightRow(text))
        return;
    constexpr int inComment = 1; // the state of a line whose comment goes on in the next one
    qsizetype begin = 0;
    if (previousBlockState() == inComment) {
        const auto end = text.indexOf("*/"_L1);
        begin = end < 0 ? text.size() : end + 2;
        paint(0, begin, Theme::Role::Dim);
        setCurrentBlockState(end < 0 ? inComment : -1);
    } else {
        setCurrentBlockState(-1);
    }

    // Possessive, so that a string of a megabyte costs no backtracking.
    static const QRegularExpression token(
        uR"(("(?:[^"\\]++|\\.)*+"?)(\s*+:)?|(-?\b\d[\d.eE+-]*+)|\b(true|false|null)\b)"
        uR"(|(//.*+|/\*.*?(?:\*/|$)))"_s);
    for (auto it = token.globalMatch(text, begin); it.hasNext();) {
        const auto match = it.next();
        if (match.hasCaptured(5)) {
            if (m_also != Also::Comments)
                continue;
            const auto comment = match.capturedView(5);
            paint(match.capturedStart(), match.capturedLength(), Theme::Role::Dim);
            if (comment.startsWith("/*"_L1) && !(comment.size() > 3 && comment.endsWith("*/"_L1)))
                setCurrentBlockState(inComment);
        } else if (match.hasCaptured(1)) {
            paint(match.capturedStart(1), match.capturedLength(1),
                  match.hasCaptured(2) ? Theme::Role::JsonKey : Theme::Role::JsonString);
        } else {
            paint(match.capturedStart(), match.capturedLength(),
                  match.hasCaptured(3) ? Theme::Role::JsonNumber : Theme::Role::JsonWord);
        }
    }
}

void JsonHighlighter::paint(qsizetype start, qsizetype length, Theme::Role role)
{
    setFormat(int(start), int(length), Theme::color(role, m_editor->palette()));
}

} // namespace EtcdRegistry
