// SPDX-License-Identifier: MIT
#pragma once

#include "theme.h"

#include <QSyntaxHighlighter>

class QPlainTextEdit;

namespace EtcdRegistry {

/// Colours JSON in an editor, and what else may stand there: lines of key=value as the join dialog
/// takes them, or comments as scenarios have them. The colours follow the editor's palette.
class JsonHighlighter : public QSyntaxHighlighter
{
    Q_OBJECT
public:
    enum class Also { Rows, Comments };

    /// The editor owns it.
    explicit JsonHighlighter(QPlainTextEdit *editor, Also also = Also::Rows);

    bool eventFilter(QObject *watched, QEvent *event) override;

protected:
    void highlightBlock(const QString &text) override;

private:
    bool highlightRow(const QString &text);
    void paint(qsizetype start, qsizetype length, Theme::Role role);

    QPlainTextEdit *m_editor;
    Also m_also;
};

} // namespace EtcdRegistry
