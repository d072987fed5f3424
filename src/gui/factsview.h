// SPDX-License-Identifier: MIT
#pragma once

#include "instancefacts.h"

#include <QTextEdit>

class QTextTable;

namespace EtcdRegistry {

/// Facts as a table of two columns: the labels dim, what they say wrapped wherever it must be, so
/// that a whole key can be read. Read-only; a selection stays while other facts change.
class FactsView : public QTextEdit
{
    Q_OBJECT
public:
    explicit FactsView(QWidget *parent = nullptr);

    void setFacts(const QList<Fact> &facts);
    /// Up to where the second column begins, for what stands below it.
    int labelWidth() const;
    /// Of the whole view, for all of such a document to be seen.
    int heightFor(const QSizeF &document) const;

protected:
    void changeEvent(QEvent *event) override;

private:
    void build();

    QList<Fact> m_facts;
    QTextTable *m_table = nullptr; ///< in the document
};

} // namespace EtcdRegistry
