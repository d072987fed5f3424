// SPDX-License-Identifier: MIT
#pragma once

#include "row.h"

#include <QSplitter>

class QLabel;
class QStackedLayout;

namespace EtcdRegistry {

class DocumentView;
class FactsView;
class Presence;
class PresenceStrip;
class Session;
class SignLabel;

/// The chosen instance: its document at the left, the facts at the right. One that goes stays in
/// sight, and is said to have gone, until another is chosen.
class DetailsPanel : public QWidget
{
    Q_OBJECT
public:
    DetailsPanel(Session &session, const Presence &presence, QWidget *parent = nullptr);

    /// None: nothing is chosen.
    void setRow(const std::optional<Row> &row);
    /// One that has gone, of which nothing is known any more but these.
    void setGone(const QString &key, const QString &nameSpace, const QString &service);
    QSplitter *splitter() const { return m_splitter; }

private:
    void refresh();
    void showState();
    void showFacts();
    void showPresence();

    Session &m_session;
    const Presence &m_presence;
    QStackedLayout *m_stack;
    QSplitter *m_splitter;
    DocumentView *m_document;
    SignLabel *m_state;
    FactsView *m_facts;
    QLabel *m_stripLabel;
    PresenceStrip *m_strip;
    std::optional<Row> m_row;
    QString m_firstSeen;
    QString m_changed;
    bool m_here = false; ///< it has not gone
};

} // namespace EtcdRegistry
