// SPDX-License-Identifier: MIT
#pragma once

#include "instancefilter.h"
#include "layout.h"

#include <QWidget>

class QSettings;
class QSplitter;
class QTabWidget;

namespace EtcdRegistry {

class DetailsPanel;
class HeldPanel;
class InstancePanel;
class JournalPanel;
class NodesPanel;
class ServiceTree;
class Session;
struct Scope;

/// All that the window shows of one session: the tree, the instances of what is chosen there, the
/// chosen instance, what happened, what we hold, the nodes. It remembers its splitters and columns.
class Browser : public QWidget
{
    Q_OBJECT
public:
    Browser(Session &session, QSettings &settings, QWidget *parent = nullptr);
    ~Browser() override;

    InstancePanel *instances() const { return m_instances; }

    void setScope(const Scope &scope);
    void choose(const Scope &scope); ///< and its first instance
    void setFilter(const InstanceFilter &filter);
    void setStateFilter(std::optional<InstanceState> state);
    void showJournal();
    void showNodes();
    void setWorstFirst(bool worstFirst); ///< in the tree
    void setFlashing(bool flashing);     ///< rows that changed
    Service joinTemplate() const;        ///< name and namespace of what is chosen

Q_SIGNALS:
    void selectionChanged();
    void joinRequested();
    void leaveRequested(const QList<EtcdRegistry::Instance> &instances);
    void clearFilterRequested();

private:
    void setUpTabs();
    void applyScope(const Scope &scope);
    void chooseInstance(const QString &key, const QString &nameSpace, const QString &service);

    Session &m_session;
    QSettings &m_settings;
    ServiceTree *m_tree;
    InstancePanel *m_instances;
    DetailsPanel *m_details;
    JournalPanel *m_journal;
    HeldPanel *m_held;
    NodesPanel *m_nodes;
    QTabWidget *m_tabs;
    QSplitter *m_columns;
    QSplitter *m_stack;
};

} // namespace EtcdRegistry
