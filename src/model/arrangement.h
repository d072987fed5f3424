// SPDX-License-Identifier: MIT
#pragma once

#include "comparerows.h"
#include "instancefilter.h"
#include "workers.h"

#include <QObject>
#include <QTimer>

#include <optional>
#include <stop_token>
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

/// Which rows are shown, and in which order. It keeps the order of all of them and what the filter
/// says of each, so that scopes and states are chosen by a walk over integers. What takes longer,
/// to sort or to filter many, is done in other threads, on the rows as they were; what has become
/// of them meanwhile is put onto the result. A newer request cancels an older one.
///
/// Lives in its thread's event loop.
class Arrangement : public QObject
{
    Q_OBJECT
public:
    explicit Arrangement(QObject *parent = nullptr);
    ~Arrangement() override;

    /// Does not signal: ask for shown() afterwards.
    void apply(const RowsUpdate &update);
    const Rows &rows() const { return m_rows; }

    void setScope(const Scope &scope);
    const Scope &scope() const { return m_scope; }
    void setFilter(const InstanceFilter &filter);
    void setStateFilter(std::optional<InstanceState> state);
    void setOrder(const RowOrder &order);
    const RowOrder &order() const { return m_order; }
    /// While held, rows keep their places although what they are sorted by changes; otherwise
    /// they move at most once a second.
    void setHeld(bool held);

    std::vector<int> shown() const;  ///< indexes of rows
    StateCounts scopeCounts() const; ///< before the filters
    bool isWorking() const { return m_filtering.running || m_sorting.running; }

Q_SIGNALS:
    void changed(); ///< shown() has

private:
    struct Job
    {
        std::stop_source stop;
        std::vector<int> now; ///< where the rows are that it works on; -1: gone
        bool running = false;
    };
    struct Verdict
    {
        enum class Stage : quint8 {
            Waiting,
            Asked, ///< by the job that runs
            Given,
        };
        bool passes = false; ///< until it is given: what the filter before said
        Stage stage = Stage::Waiting;
    };

    bool isLarge() const;
    std::pair<int, int> scopeRange() const;
    void move(const RowsUpdate &update);
    void judge(const std::vector<int> &rows);
    void judgeWaiting();
    void place(std::vector<int> added);
    bool sort(bool byUser);
    void sortIfBroken();
    void takeSorted(const std::vector<int> &sorted);
    template <typename Work, typename Done>
    void start(Job &job, Work work, Done done);
    static void cancel(Job &job);

    Rows m_rows; ///< of the whole registry
    Scope m_scope;
    InstanceFilter m_filter;
    std::optional<InstanceState> m_state;
    RowOrder m_order;
    std::vector<int> m_sorted;       ///< all rows
    std::vector<Verdict> m_verdicts; ///< of all rows; with an empty filter: none
    bool m_held = false;
    bool m_broken = false; ///< rows have changed what they are sorted by
    QTimer m_pause;        ///< runs for a second after sorting
    Job m_filtering;
    Job m_sorting;
    Workers m_workers{2}; ///< one to filter and one to sort
};

} // namespace EtcdRegistry
