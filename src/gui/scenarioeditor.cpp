// SPDX-License-Identifier: MIT
#include "scenarioeditor.h"

#include "jsonhighlighter.h"

#include <QTextBlock>

namespace EtcdRegistry {

using namespace std::chrono_literals;

namespace {

constexpr int tabColumns = 2;
constexpr float markOpacity = 0.15F;

} // namespace

ScenarioEditor::ScenarioEditor(QWidget *parent)
    : QPlainTextEdit(parent)
{
    setFont(Theme::documentFont());
    setLineWrapMode(NoWrap);
    setTabChangesFocus(true);
    setTabStopDistance(tabColumns * fontMetrics().horizontalAdvance(u' '));
    new JsonHighlighter(this, JsonHighlighter::Also::Comments);
    m_timer.setSingleShot(true);
    m_timer.setInterval(300ms);
    connect(&m_timer, &QTimer::timeout, this, &ScenarioEditor::check);
    connect(this, &QPlainTextEdit::textChanged, &m_timer, qOverload<>(&QTimer::start));
}

const std::optional<Scenario::Fault> &ScenarioEditor::check()
{
    m_timer.stop();
    const auto parsed = Scenario::parse(text());
    const auto *fault = std::get_if<Scenario::Fault>(&parsed);
    m_fault = fault ? std::optional(*fault) : std::nullopt;
    markFault();
    Q_EMIT checked(m_fault);
    return m_fault;
}

QTextCursor ScenarioEditor::faultCursor() const
{
    const QTextBlock block = document()->findBlockByNumber(int(m_fault->position.line) - 1);
    QTextCursor cursor(block);
    cursor.movePosition(QTextCursor::Right, QTextCursor::MoveAnchor,
                        std::min(int(m_fault->position.column), block.length()) - 1);
    return cursor;
}

void ScenarioEditor::markFault()
{
    QList<QTextEdit::ExtraSelection> marks;
    if (m_fault) {
        QColor color = Theme::color(Theme::Role::Error, palette());
        color.setAlphaF(markOpacity);
        QTextEdit::ExtraSelection line;
        line.cursor = faultCursor();
        line.format.setBackground(color);
        line.format.setProperty(QTextFormat::FullWidthSelection, true);
        marks.append(line);
    }
    setExtraSelections(marks);
}

void ScenarioEditor::goToFault()
{
    if (check()) {
        setTextCursor(faultCursor());
        setFocus(Qt::OtherFocusReason);
    }
}

void ScenarioEditor::changeEvent(QEvent *event)
{
    QPlainTextEdit::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        markFault();
}

} // namespace EtcdRegistry
