// SPDX-License-Identifier: MIT
#pragma once

#include <QPlainTextEdit>

namespace EtcdRegistry {

class JsonHighlighter;

/// Shows a document as its owner wrote it: indented and highlighted where it is JSON, its raw text
/// where it is not. Read-only.
class DocumentView : public QPlainTextEdit
{
    Q_OBJECT
public:
    explicit DocumentView(QWidget *parent = nullptr);

    /// Whatever etcd holds, of any size. Selection and scroll position stay if it is what is shown.
    void setDocument(const QByteArray &json);

private:
    JsonHighlighter *m_highlighter;
    QByteArray m_json;
};

} // namespace EtcdRegistry
