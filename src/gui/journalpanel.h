// SPDX-License-Identifier: MIT
#pragma once

#include "workers.h"

#include <QTimer>
#include <QWidget>

class QLineEdit;
class QPushButton;
class QStackedLayout;
class QToolButton;

namespace EtcdRegistry {

class EmptyState;
class FieldMessage;
class JournalModel;
class TableView;

/// What happened, the newest first. Who reads (has scrolled away, chosen an entry, or has the
/// pointer over them) is not disturbed: new entries are counted on a button that leads to them.
class JournalPanel : public QWidget
{
    Q_OBJECT
public:
    /// The model outlives it.
    explicit JournalPanel(JournalModel &model, QWidget *parent = nullptr);

    /// What filters and exports: it is to stand in the corner of the tabs, where it takes no room
    /// from the entries.
    QWidget *tools() const { return m_tools; }

    /// What passes the filter, as what the file's suffix says; says how it went in the panel.
    void exportTo(const QString &path);

Q_SIGNALS:
    /// The user chose an entry that speaks of this instance, be it there or not.
    void chosen(const QString &key, const QString &nameSpace, const QString &service);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void setUpTools();
    void setUpTable();
    void applyFilter();
    void clearFilter();
    bool isReading() const;
    void inserted(int first, int last);
    void showNewest();
    void countNew(int count);
    void placeNewButton();
    void updatePage();
    void selectionChanged();
    void tellChosen(const QModelIndex &entry);
    void copySelected() const;
    void chooseFile();

    JournalModel &m_model;
    TableView *m_table;
    QStackedLayout *m_stack;
    EmptyState *m_nothingMatches;
    FieldMessage *m_message;
    QPushButton *m_newButton;
    QWidget *m_tools;
    QToolButton *m_kinds;
    QLineEdit *m_text;
    QPushButton *m_export;
    QTimer m_filterTimer;
    QPersistentModelIndex m_chosen; ///< the entry that was told of last
    bool m_toldByPress = false;     ///< of the mouse button that is down
    int m_newCount = 0;
    bool m_atNewest = true; ///< the user has not scrolled away from there
    bool m_hovered = false;
    bool m_moving = false; ///< the scroll bar is moved by us
    Workers m_workers;
};

} // namespace EtcdRegistry
