// SPDX-License-Identifier: MIT
#include "factsview.h"

#include "plaintext.h"
#include "theme.h"

#include <QEvent>
#include <QTextTable>

namespace EtcdRegistry {

namespace {

constexpr int rowPadding = 2;
constexpr int columnGap = 12;

} // namespace

FactsView::FactsView(QWidget *parent)
    : QTextEdit(parent)
{
    setReadOnly(true);
    setUndoRedoEnabled(false);
    setFrameShape(NoFrame);
    setWordWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    viewport()->setAutoFillBackground(false);
    document()->setDocumentMargin(0);
}

void FactsView::setFacts(const QList<Fact> &told)
{
    QList<Fact> facts = told;
    for (Fact &fact : facts)
        fact.second = plainLine(fact.second);
    const bool sameLabels =
        std::equal(facts.begin(), facts.end(), m_facts.begin(), m_facts.end(),
                   [](const Fact &a, const Fact &b) { return a.first == b.first; });
    const QList<Fact> old = std::exchange(m_facts, facts);
    if (!sameLabels) {
        build();
        return;
    }
    for (int row = 0; row < int(facts.size()); ++row) {
        if (facts[row] == old[row])
            continue;
        const QTextTableCell cell = m_table->cellAt(row, 1);
        QTextCursor cursor = cell.firstCursorPosition();
        cursor.setPosition(cell.lastCursorPosition().position(), QTextCursor::KeepAnchor);
        cursor.insertText(facts[row].second);
    }
}

int FactsView::labelWidth() const
{
    int width = 0;
    for (const Fact &fact : m_facts)
        width = std::max(width, fontMetrics().horizontalAdvance(fact.first));
    return width + columnGap;
}

int FactsView::heightFor(const QSizeF &document) const
{
    return qCeil(document.height()) + height() - viewport()->height();
}

void FactsView::changeEvent(QEvent *event)
{
    QTextEdit::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange)
        build();
}

void FactsView::build()
{
    clear();
    m_table = nullptr;
    if (m_facts.isEmpty())
        return;

    QTextTableFormat format;
    format.setBorder(0);
    format.setCellSpacing(0);
    format.setCellPadding(rowPadding);
    format.setWidth(QTextLength(QTextLength::PercentageLength, 100));
    format.setColumnWidthConstraints(
        {QTextLength(QTextLength::FixedLength, labelWidth()), QTextLength()});
    QTextCharFormat dim;
    dim.setForeground(Theme::color(Theme::Role::Dim, palette()));
    QTextCharFormat plain;
    plain.setForeground(Theme::color(Theme::Role::Text, palette()));

    m_table = textCursor().insertTable(int(m_facts.size()), 2, format);
    for (int row = 0; row < int(m_facts.size()); ++row) {
        m_table->cellAt(row, 0).firstCursorPosition().insertText(m_facts[row].first, dim);
        m_table->cellAt(row, 1).firstCursorPosition().insertText(m_facts[row].second, plain);
    }
    setTextCursor(QTextCursor(document())); // or it would scroll to its end
}

} // namespace EtcdRegistry
