// SPDX-License-Identifier: MIT
#pragma once

#include "instancemodel.h"

#include <QTimer>
#include <QWidget>

class QLabel;
class QSettings;
class QStackedLayout;

namespace EtcdRegistry {

class EmptyState;
class Session;
class TableView;

/// The instances of the chosen scope: a heading that sums them up, and the table; or, where there
/// is nothing to show, why not.
class InstancePanel : public QWidget
{
    Q_OBJECT
public:
    explicit InstancePanel(Session &session, QWidget *parent = nullptr);

    TableView *table() const { return m_table; }
    void saveColumns(QSettings &settings) const;
    void restoreColumns(const QSettings &settings);
    QList<Row> selectedRows() const;
    std::optional<Row> currentRow() const;
    void select(const QString &key); ///< if it is shown

    void setScope(const Scope &scope);
    void setFilter(const InstanceFilter &filter);
    void setStateFilter(std::optional<InstanceState> state);

Q_SIGNALS:
    void selectionChanged();
    void joinRequested();
    void clearFilterRequested();

private:
    void showRows();
    void tick();
    void summarize();
    void updateServiceColumn();
    void showFieldsMenu(const QPoint &position);
    void tellVisibleKeys();

    Session &m_session;
    InstanceModel m_model;
    QLabel *m_heading;
    QStackedLayout *m_stack;
    TableView *m_table;
    EmptyState *m_nothingJoined;
    EmptyState *m_nothingMatches;
    EmptyState *m_nothingLeft;
    QTimer m_visibleTimer;
};

} // namespace EtcdRegistry
