// SPDX-License-Identifier: MIT
#pragma once

#include "instancemodel.h"

#include <QTimer>
#include <QWidget>

#include <array>

class QLabel;
class QSettings;
class QStackedLayout;

namespace EtcdRegistry {

class EmptyState;
class InstanceDelegate;
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
    bool isAnySelected(bool (*is)(const Instance &)) const;
    std::optional<Row> currentRow() const;
    void select(const QString &key); ///< if it is shown

    void setScope(const Scope &scope);
    void setFilter(const InstanceFilter &filter);
    void setStateFilter(std::optional<InstanceState> state);
    /// Whether the ground of a row that changed fades. It never does where the desktop asks for
    /// less motion.
    void setFlashing(bool flashing);

Q_SIGNALS:
    void selectionChanged();
    void joinRequested();
    void clearFilterRequested();

private:
    /// What a row in sight shows of the time; while it is the same, nothing is painted.
    struct Times
    {
        std::array<QString, 3> texts;
        int bar = 0; ///< pixels
        double freshness = 0;

        bool operator==(const Times &) const = default;
    };

    void showRows(const RowsUpdate &update);
    void showTime();
    Times timesOf(int row) const;
    void hold();
    void updateFlashing();
    void summarize();
    void tellEmpty();
    void visibleRowsChanged();
    void updateServiceColumn();
    void setFields(const QStringList &fields);
    void showFieldsMenu(const QPoint &position);
    void awaitReturn(int first, int last);
    void chooseReturned();
    void tellVisibleKeys();

    Session &m_session;
    InstanceModel m_model;
    InstanceFilter m_filter;
    QLabel *m_heading;
    QStackedLayout *m_stack;
    TableView *m_table;
    InstanceDelegate *m_delegate;
    EmptyState *m_nothingJoined;
    EmptyState *m_nothingMatches;
    EmptyState *m_nothingLeft;
    QString m_awaited; ///< the key of the chosen row, which has gone and may come back
    QTimer m_visibleTimer;
    QTimer m_fadeTimer;   ///< runs while a row in sight fades
    QList<Times> m_times; ///< as they were painted last, from this row on
    int m_firstTime = -1;
    bool m_hovered = false;
    bool m_flashing = true;
    bool m_motionIsReduced = false; ///< by the desktop
};

} // namespace EtcdRegistry
