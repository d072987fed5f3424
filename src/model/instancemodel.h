// SPDX-License-Identifier: MIT
#pragma once

#include "arrangement.h"

#include <QAbstractTableModel>
#include <QStringList>

#include <optional>
#include <vector>

namespace EtcdRegistry {

/// The instances of a scope that pass the filter, as a table. Updates, scopes and filters come in
/// by inserting and removing rows, so that selection and place in the view survive; sorting happens
/// here. It never resets. Whatever takes long with many rows is done in other threads: it shows a
/// moment later, with arranged().
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

    /// Whether rows that are sorted by it change places although nothing but time has passed.
    static bool movesByItself(int column) { return column == LivesOn || column == LastBeat; }

    explicit InstanceModel(QObject *parent = nullptr);

    /// `now` is the time for which states and times hold. Each update goes on from the one before.
    /// Rows of which nothing but times moved are not signalled: see setNow().
    void apply(const RowsUpdate &update, Clock::time_point now);
    /// Only time has passed. That is not signalled: who shows times looks which have changed.
    void setNow(Clock::time_point now) { m_now = now; }
    Clock::time_point now() const { return m_now; }

    void setScope(const Scope &scope) { m_arrangement.setScope(scope); }
    const Scope &scope() const { return m_arrangement.scope(); }
    void setFilter(const InstanceFilter &filter) { m_arrangement.setFilter(filter); }
    void setStateFilter(std::optional<InstanceState> state) { m_arrangement.setStateFilter(state); }
    StateCounts scopeCounts() const { return m_arrangement.scopeCounts(); } ///< before the filters
    bool isWorking() const { return m_arrangement.isWorking(); }            ///< in other threads

    void setFields(const QStringList &fields); ///< each once; new ones go to the end
    const QStringList &fields() const { return m_fields; }
    const RowOrder &order() const { return m_arrangement.order(); }

    /// While held, rows keep their places although what they are sorted by changes.
    void setHeld(bool held) { m_arrangement.setHeld(held); }

    const Row &row(int row) const { return m_arrangement.rows()[m_order[row]]; }
    int find(const QString &key) const; ///< -1: not shown

    QModelIndex index(int row, int column, const QModelIndex &parent = {}) const override;
    bool hasChildren(const QModelIndex &parent = {}) const override;
    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    void sort(int column, Qt::SortOrder order) override;

Q_SIGNALS:
    void arranged(); ///< other rows are shown, or in another order

private:
    void arrange();
    template <typename Predicate>
    void removeIf(Predicate goes);
    void insertFrom(const std::vector<int> &order);
    void reorder(std::vector<int> order);
    void tellChanged(const std::vector<int> &rows);
    QString text(const Row &row, int column) const;
    QVariant life(const Instance &instance) const;
    double freshness(const Row &row) const;

    Arrangement m_arrangement;
    std::vector<int> m_order; ///< which of its rows are shown, in the order shown
    Clock::time_point m_now;
    QStringList m_fields;
};

} // namespace EtcdRegistry
