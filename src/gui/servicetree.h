// SPDX-License-Identifier: MIT
#pragma once

#include "instancemodel.h"
#include "servicemodel.h"

#include <QSet>
#include <QTimer>
#include <QTreeView>

namespace EtcdRegistry {

/// The tree of namespaces and services, and the scope that was chosen in it. The scope is the
/// user's: where its service goes, nothing else is chosen in its place, and when the service comes
/// back it is selected again.
class ServiceTree : public QTreeView
{
    Q_OBJECT
public:
    explicit ServiceTree(QWidget *parent = nullptr);

    void setServices(const QList<ServiceCounts> &services);
    /// Those that fare worst come first. They move at most once a second, and not under the
    /// pointer.
    void setWorstFirst(bool worstFirst);

    const Scope &scope() const { return m_scope; }
    void setScope(const Scope &scope);

Q_SIGNALS:
    void scopeChanged(const EtcdRegistry::Scope &scope);

protected:
    bool viewportEvent(QEvent *event) override;
    void selectionChanged(const QItemSelection &selected,
                          const QItemSelection &deselected) override;
    void rowsAboutToBeRemoved(const QModelIndex &parent, int start, int end) override;

private:
    void showServices(bool held);
    void release();
    void selectScope();
    void expandNew(const QModelIndex &parent, int first, int last);

    ServiceModel m_model;
    QList<ServiceCounts> m_services;
    QTimer m_pause;      ///< runs for a second after they were sorted
    bool m_held = false; ///< they have not been sorted since they came
    Scope m_scope;
    QSet<QString> m_collapsed; ///< namespaces, by the user
    bool m_following = false;  ///< the selection follows the scope, and not the other way round
};

} // namespace EtcdRegistry
