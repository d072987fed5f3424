// SPDX-License-Identifier: MIT
#pragma once

#include "row.h"

#include <QSplitter>

class QStackedLayout;

namespace EtcdRegistry {

class DocumentView;
class FactsView;
class Session;
class SignLabel;

/// The chosen instance: its document at the left, the facts at the right. One that goes stays in
/// sight, and is said to have gone, until another is chosen.
class DetailsPanel : public QWidget
{
    Q_OBJECT
public:
    explicit DetailsPanel(Session &session, QWidget *parent = nullptr);

    /// None: nothing is chosen.
    void setRow(const std::optional<Row> &row);
    QSplitter *splitter() const { return m_splitter; }

private:
    void refresh();
    void showFacts();

    Session &m_session;
    QStackedLayout *m_stack;
    QSplitter *m_splitter;
    DocumentView *m_document;
    SignLabel *m_state;
    FactsView *m_facts;
    std::optional<Row> m_row;
};

} // namespace EtcdRegistry
