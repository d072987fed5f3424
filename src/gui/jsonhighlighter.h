// SPDX-License-Identifier: MIT
#pragma once

#include "theme.h"

#include <QSyntaxHighlighter>

class QPlainTextEdit;

namespace EtcdRegistry {

/// Colours JSON, and lines of key=value as the join dialog takes them, in an editor. The colours
/// follow the editor's palette.
class JsonHighlighter : public QSyntaxHighlighter
{
    Q_OBJECT
public:
    /// The editor owns it.
    explicit JsonHighlighter(QPlainTextEdit *editor);

    bool eventFilter(QObject *watched, QEvent *event) override;

protected:
    void highlightBlock(const QString &text) override;

private:
    void paint(qsizetype start, qsizetype length, Theme::Role role);

    QPlainTextEdit *m_editor;
};

} // namespace EtcdRegistry
