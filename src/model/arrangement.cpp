// SPDX-License-Identifier: MIT
#include "arrangement.h"

#include "instancemodel.h"
#include "parallel.h"

#include <algorithm>
#include <numeric>

namespace EtcdRegistry {

using namespace std::chrono_literals;

namespace {

/// Below so many rows all is done at once: it takes no longer than a millisecond or two.
constexpr int manyRows = 2000;
/// So many can be filtered, or find their place in the order, before somebody notices.
constexpr size_t fewRows = 500;
constexpr size_t fewDocuments = 100;

} // namespace

bool Scope::contains(const Instance &instance) const
{
    return (!nameSpace || instance.nameSpace == *nameSpace)
           && (service.isNull() || instance.service == service);
}

Arrangement::Arrangement(QObject *parent)
    : QObject(parent)
{
    m_pause.setSingleShot(true);
    m_pause.setInterval(1s);
    connect(&m_pause, &QTimer::timeout, this, &Arrangement::sortIfBroken);
}

Arrangement::~Arrangement()
{
    cancel(m_filtering);
    cancel(m_sorting);
}

bool Arrangement::isLarge() const
{
    return m_rows.size() >= manyRows;
}

void Arrangement::apply(const RowsUpdate &update)
{
    const bool first = m_rows.isEmpty();
    if (!update.added.empty() || update.rows.size() != m_rows.size())
        move(update);
    m_rows = update.rows;
    judge(update.added);
    judge(update.changed);
    place(update.added);
    m_broken = m_broken || !update.changed.empty() || InstanceModel::movesByItself(m_order.column);
    if (first)
        sort(true);
    else if (m_broken && !m_held && !m_pause.isActive() && !m_sorting.running)
        sort(false);
}

/// Rows have come and gone: all that goes by their indexes follows.
void Arrangement::move(const RowsUpdate &update)
{
    const std::vector<int> &now = update.newIndexes;
    for (Job *job : {&m_filtering, &m_sorting}) {
        for (int &i : job->now)
            i = i < 0 ? i : now[i];
    }
    std::erase_if(m_sorted, [&](int i) { return now[i] < 0; });
    for (int &i : m_sorted)
        i = now[i];
    if (m_filter.isEmpty())
        return;
    std::vector<Verdict> verdicts(update.rows.size());
    for (size_t i = 0; i < now.size(); ++i) {
        if (now[i] >= 0)
            verdicts[now[i]] = m_verdicts[i];
    }
    m_verdicts = std::move(verdicts);
}

// ---- what is shown

void Arrangement::setScope(const Scope &scope)
{
    if (m_scope == scope)
        return;
    m_scope = scope;
    Q_EMIT changed();
}

void Arrangement::setStateFilter(std::optional<InstanceState> state)
{
    if (m_state == state)
        return;
    m_state = state;
    Q_EMIT changed();
}

/// Rows are sorted by namespace and service, so those of a scope are neighbours.
std::pair<int, int> Arrangement::scopeRange() const
{
    if (!m_scope.nameSpace)
        return {0, int(m_rows.size())};
    const auto nameOf = [this](const Instance &instance) {
        return std::pair(QStringView(instance.nameSpace),
                         m_scope.service.isNull() ? QStringView() : instance.service);
    };
    const std::pair wanted(QStringView(*m_scope.nameSpace), QStringView(m_scope.service));
    const auto nameOfRow = [&](const Row &row) { return nameOf(*row.instance); };
    // Not equal_range(): clang 14 can't compile the one of this standard library.
    const auto begin = std::ranges::lower_bound(m_rows, wanted, {}, nameOfRow);
    const auto end = std::ranges::upper_bound(m_rows, wanted, {}, nameOfRow);
    return {int(begin - m_rows.begin()), int(end - m_rows.begin())};
}

std::vector<int> Arrangement::shown() const
{
    const auto [begin, end] = scopeRange();
    const bool all = m_filter.isEmpty();
    std::vector<char> wanted(m_rows.size());
    for (int i = begin; i < end; ++i)
        wanted[i] = (!m_state || m_rows[i].state == *m_state) && (all || m_verdicts[i].passes);
    std::vector<int> shown;
    shown.reserve(end - begin);
    for (int i : m_sorted) {
        if (wanted[i])
            shown.push_back(i);
    }
    return shown;
}

StateCounts Arrangement::scopeCounts() const
{
    StateCounts counts;
    const auto [begin, end] = scopeRange();
    for (int i = begin; i < end; ++i)
        counts.add(m_rows[i].state);
    return counts;
}

// ---- the filter

void Arrangement::setFilter(const InstanceFilter &filter)
{
    if (m_filter == filter)
        return;
    cancel(m_filtering);
    if (m_filter.isEmpty())
        m_verdicts.assign(m_rows.size(), {.passes = true});
    m_filter = filter;
    if (filter.isEmpty()) {
        m_verdicts.clear();
        Q_EMIT changed();
        return;
    }
    for (Verdict &verdict : m_verdicts)
        verdict.stage = Verdict::Stage::Waiting;
    judgeWaiting();
}

/// Rows that are new, or have changed.
void Arrangement::judge(const std::vector<int> &rows)
{
    if (m_filter.isEmpty())
        return;
    const bool few = rows.size() <= fewRows || !isLarge();
    for (int i : rows) {
        if (few)
            m_verdicts[i] = {m_filter.matches(m_rows[i]), Verdict::Stage::Given};
        else
            m_verdicts[i].stage = Verdict::Stage::Waiting;
    }
    if (!few && !m_filtering.running)
        judgeWaiting();
}

void Arrangement::judgeWaiting()
{
    std::vector<int> asked;
    for (size_t i = 0; i < m_verdicts.size(); ++i) {
        if (m_verdicts[i].stage == Verdict::Stage::Waiting)
            asked.push_back(int(i));
    }
    if (asked.size() <= fewRows || !isLarge()) {
        for (int i : asked)
            m_verdicts[i] = {m_filter.matches(m_rows[i]), Verdict::Stage::Given};
        Q_EMIT changed();
        return;
    }
    for (int i : asked)
        m_verdicts[i].stage = Verdict::Stage::Asked;

    const auto work = [asked, rows = m_rows, filter = m_filter](const std::stop_token &stop) {
        std::vector<char> passes(asked.size());
        inParallel(qsizetype(asked.size()), [&](qsizetype i) {
            if (stop.stop_requested())
                return;
            InstanceFilter::fetchAhead(rows, asked[i]);
            passes[i] = filter.matches(rows[asked[i]]);
        });
        return passes;
    };
    start(m_filtering, work, [this, asked](const std::vector<char> &passes) {
        for (size_t i = 0; i < asked.size(); ++i) {
            const int now = m_filtering.now[asked[i]];
            if (now >= 0 && m_verdicts[now].stage == Verdict::Stage::Asked)
                m_verdicts[now] = {bool(passes[i]), Verdict::Stage::Given};
        }
        Q_EMIT changed();
        const auto waits = [](const Verdict &v) { return v.stage == Verdict::Stage::Waiting; };
        if (std::ranges::any_of(m_verdicts, waits))
            judgeWaiting();
    });
}

// ---- the order

void Arrangement::setOrder(const RowOrder &order)
{
    if (m_order == order)
        return;
    m_order = order;
    if (sort(true))
        Q_EMIT changed();
}

void Arrangement::setHeld(bool held)
{
    if (std::exchange(m_held, held) && !held)
        sortIfBroken();
}

void Arrangement::sortIfBroken()
{
    if (m_broken && !m_held && !m_sorting.running && sort(false))
        Q_EMIT changed();
}

/// Says whether it has sorted; if not, it will have, and then signals.
bool Arrangement::sort(bool byUser)
{
    cancel(m_sorting);
    m_broken = false;
    m_pause.start();
    if (!isLarge()) {
        m_sorted = m_order.sorted(m_rows, std::move(m_sorted));
        return true;
    }
    const auto work = [sorted = m_sorted, rows = m_rows, order = m_order](
                          const std::stop_token &stop) { return order.sorted(rows, sorted, stop); };
    start(m_sorting, work, [this, byUser](const std::vector<int> &sorted) {
        m_pause.start();
        if (m_held && !byUser)
            m_broken = true; // the pointer has come over the rows meanwhile
        else
            takeSorted(sorted);
    });
    return false;
}

void Arrangement::takeSorted(const std::vector<int> &sorted)
{
    std::vector<char> isKnown(m_rows.size());
    m_sorted.clear();
    for (int i : sorted) {
        if (const int now = m_sorting.now[i]; now >= 0) {
            m_sorted.push_back(now);
            isKnown[now] = true;
        }
    }
    std::vector<int> added;
    for (size_t i = 0; i < isKnown.size(); ++i) {
        if (!isKnown[i])
            added.push_back(int(i));
    }
    place(std::move(added));
    Q_EMIT changed();
}

/// Few go to where they belong, many to the end, until all is sorted again.
void Arrangement::place(std::vector<int> added)
{
    if (added.empty())
        return;
    const size_t few = m_order.column < InstanceModel::FixedColumns ? fewRows : fewDocuments;
    if (added.size() > few) {
        m_sorted.insert(m_sorted.end(), added.begin(), added.end());
        m_broken = true;
        return;
    }
    const auto less = [this](int a, int b) { return m_order.less(m_rows, a, b); };
    std::ranges::sort(added, less);
    // In an order that is held, or out of date, the places may be all over it.
    std::vector<std::pair<qptrdiff, int>> places;
    for (int i : added)
        places.emplace_back(std::ranges::upper_bound(m_sorted, i, less) - m_sorted.begin(), i);
    std::ranges::stable_sort(places, {}, &std::pair<qptrdiff, int>::first);
    std::vector<int> sorted;
    sorted.reserve(m_sorted.size() + added.size());
    auto from = m_sorted.begin();
    for (const auto &[place, i] : places) {
        sorted.insert(sorted.end(), from, m_sorted.begin() + place);
        from = m_sorted.begin() + place;
        sorted.push_back(i);
    }
    sorted.insert(sorted.end(), from, m_sorted.end());
    m_sorted = std::move(sorted);
}

// ---- jobs

template <typename Work, typename Done>
void Arrangement::start(Job &job, Work work, Done done)
{
    cancel(job);
    job.stop = std::stop_source();
    job.running = true;
    job.now.resize(m_rows.size());
    std::iota(job.now.begin(), job.now.end(), 0);
    const auto token = job.stop.get_token();
    using Answer = std::invoke_result_t<Work, std::stop_token>;
    m_workers.run([work = std::move(work), token] { return work(token); })
        .then(this, [&job, done = std::move(done), token](const Answer &answer) {
            if (token.stop_requested())
                return;
            job.running = false;
            done(answer);
        });
}

void Arrangement::cancel(Job &job)
{
    job.stop.request_stop();
    job.running = false;
    job.now.clear();
}

} // namespace EtcdRegistry
