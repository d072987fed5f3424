// SPDX-License-Identifier: MIT
#include "jsonhighlighter.h"

#include "json.h"

#include <QEvent>
#include <QPlainTextEdit>
#include <QRegularExpression>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

JsonHighlighter::JsonHighlighter(QPlainTextEdit *editor)
    : QSyntaxHighlighter(editor->document())
    , m_editor(editor)
{
    editor->installEventFilter(this);
}

bool JsonHighlighter::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() == QEvent::PaletteChange)
        rehighlight();
    return QSyntaxHighlighter::eventFilter(watched, event);
}

void JsonHighlighter::highlightBlock(const QString &text)
{
    static const QRegularExpression row(uR"(^\s*[^\s"'{}\[\]:,=]+\s*=)"_s);
    if (const auto match = row.match(text); match.hasMatch()) {
        const auto end = match.capturedEnd();
        paint(0, end - 1, Theme::Role::JsonKey);
        const auto value = Json::valueFromInput(text.sliced(end).trimmed());
        paint(end, text.size() - end,
              value.startsWith('"')                        ? Theme::Role::JsonString
              : value.startsWith('-') || isdigit(value[0]) ? Theme::Role::JsonNumber
                                                           : Theme::Role::JsonWord);
        return;
    }

    // Possessive, so that a string of a megabyte costs no backtracking.
    static const QRegularExpression token(
        uR"(("(?:[^"\\]++|\\.)*+"?)(\s*+:)?|(-?\b\d[\d.eE+-]*+)|\b(true|false|null)\b)"_s);
    for (auto it = token.globalMatch(text); it.hasNext();) {
        const auto match = it.next();
        if (match.hasCaptured(1))
            paint(match.capturedStart(1), match.capturedLength(1),
                  match.hasCaptured(2) ? Theme::Role::JsonKey : Theme::Role::JsonString);
        else
            paint(match.capturedStart(), match.capturedLength(),
                  match.hasCaptured(3) ? Theme::Role::JsonNumber : Theme::Role::JsonWord);
    }
}

void JsonHighlighter::paint(qsizetype start, qsizetype length, Theme::Role role)
{
    setFormat(int(start), int(length), Theme::color(role, m_editor->palette()));
}

} // namespace EtcdRegistry
