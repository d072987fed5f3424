// SPDX-License-Identifier: MIT
#pragma once

#include "instancefilter.h"

#include <QAbstractTableModel>
#include <QStringList>

#include <optional>
#include <vector>

namespace EtcdRegistry {

/// Which part of the registry a table shows: all of it, a namespace's own services, or a service.
struct Scope
{
    std::optional<QString> nameSpace; ///< none: the whole registry; empty: those without one
    QString service;                  ///< null: all of them

    bool contains(const Instance &instance) const;
    bool operator==(const Scope &) const = default;
};

/// The instances of a scope that pass the filter, as a table. Lists, scopes and filters are merged
/// in by inserting and removing rows, so that selection and place in the view survive; sorting
/// happens here. It never resets.
class InstanceModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    /// After these come the document fields that the user wants to see.
    enum Column { State, Service, Host, Port, Url, UpFor, LivesOn, LastBeat, Store, FixedColumns };
    enum Role {
        KeyRole = Qt::UserRole + 1,
        StateRole,     ///< int of InstanceState
        LifeRole,      ///< double: which part of its TTL is left, 0 to 1; invalid: not known
        FreshnessRole, ///< double: 1 when it changed just now, falling to 0 within half a second
    };
    using Clock = Instance::Clock;

    explicit InstanceModel(QObject *parent = nullptr);

    /// `now` is the time for which states and times hold.
    void apply(const RowsUpdate &update, Clock::time_point now);
    /// Only time has passed: the time columns of these rows have changed.
    void tick(Clock::time_point now, int firstRow, int lastRow);

    void setScope(const Scope &scope);
    const Scope &scope() const { return m_scope; }
    void setFilter(const InstanceFilter &filter);
    void setStateFilter(std::optional<InstanceState> state);
    StateCounts scopeCounts() const { return m_scopeCounts; } ///< before the filters

    void setFields(const QStringList &fields);
    const QStringList &fields() const { return m_fields; }

    /// While held, rows keep their places although what they are sorted by changes.
    void setHeld(bool held);

    const Row &row(int row) const { return m_rows[m_order[row]]; }
    int find(const QString &key) const; ///< -1: not shown

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    void sort(int column, Qt::SortOrder order) override;

private:
    bool isShown(const Row &row) const;
    void merge(const Rows &rows);
    void removeGone(const std::vector<int> &newIndexes);
    void insert(std::vector<int> added);
    void reorder(std::vector<int> order);
    void sortAgain();
    bool less(int a, int b) const;
    QString text(const Row &row, int column) const;
    QVariant life(const Instance &instance) const;
    double freshness(const Row &row) const;

    Rows m_rows;              ///< of the whole registry
    std::vector<int> m_order; ///< which of them are shown, in the order shown
    Clock::time_point m_now;
    Scope m_scope;
    InstanceFilter m_filter;
    std::optional<InstanceState> m_stateFilter;
    StateCounts m_scopeCounts;
    QStringList m_fields;
    int m_sortColumn = Service;
    Qt::SortOrder m_sortOrder = Qt::AscendingOrder;
    bool m_held = false;
};

} // namespace EtcdRegistry
