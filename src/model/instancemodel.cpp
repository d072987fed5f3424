// SPDX-License-Identifier: MIT
#include "instancemodel.h"

#include "comparerows.h"
#include "durationtext.h"
#include "snapshot.h"

#include <algorithm>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

namespace {

/// Views pay for each range of rows that comes or goes; beyond this many it is cheaper to
/// gather them at the end and to sort.
constexpr int maxRanges = 32;
constexpr size_t maxSingleRows = 1000; ///< more are not even looked up one by one

} // namespace

bool Scope::contains(const Instance &instance) const
{
    return (!nameSpace || instance.nameSpace == *nameSpace)
           && (service.isNull() || instance.service == service);
}

InstanceModel::InstanceModel(QObject *parent)
    : QAbstractTableModel(parent)
{}

void InstanceModel::apply(const RowsUpdate &update, Clock::time_point now)
{
    m_now = now;
    merge(update.rows);
}

void InstanceModel::tick(Clock::time_point now, int firstRow, int lastRow)
{
    m_now = now;
    lastRow = std::min(lastRow, rowCount() - 1);
    if (firstRow >= 0 && firstRow <= lastRow)
        Q_EMIT dataChanged(index(firstRow, UpFor), index(lastRow, LastBeat));
}

void InstanceModel::setScope(const Scope &scope)
{
    if (m_scope == scope)
        return;
    m_scope = scope;
    merge(m_rows);
}

void InstanceModel::setFilter(const InstanceFilter &filter)
{
    if (m_filter == filter)
        return;
    m_filter = filter;
    merge(m_rows);
}

void InstanceModel::setStateFilter(std::optional<InstanceState> state)
{
    if (m_stateFilter == state)
        return;
    m_stateFilter = state;
    merge(m_rows);
}

void InstanceModel::setFields(const QStringList &fields)
{
    if (m_fields == fields)
        return;
    if (!m_fields.isEmpty()) {
        if (m_sortColumn >= FixedColumns)
            sort(Service, Qt::AscendingOrder);
        beginRemoveColumns({}, FixedColumns, columnCount() - 1);
        m_fields.clear();
        endRemoveColumns();
    }
    if (!fields.isEmpty()) {
        beginInsertColumns({}, FixedColumns, FixedColumns + int(fields.size()) - 1);
        m_fields = fields;
        endInsertColumns();
    }
}

void InstanceModel::setHeld(bool held)
{
    if (std::exchange(m_held, held) && !held)
        sortAgain();
}

int InstanceModel::find(const QString &key) const
{
    const auto found = std::find_if(m_order.begin(), m_order.end(),
                                    [&](int i) { return m_rows[i].instance->key == key; });
    return found == m_order.end() ? -1 : int(found - m_order.begin());
}

bool InstanceModel::isShown(const Row &row) const
{
    return m_scope.contains(*row.instance) && (!m_stateFilter || row.state == *m_stateFilter)
           && m_filter.matches(row);
}

void InstanceModel::merge(const Rows &rows)
{
    std::vector<bool> wasShown(m_rows.size());
    for (int i : m_order)
        wasShown[i] = true;

    std::vector<int> newIndexes(m_rows.size(), -1); // of those that stay shown
    std::vector<int> added;
    m_scopeCounts = {};
    auto before = m_rows.cbegin();
    for (int i = 0; i < int(rows.size()); ++i) {
        const Instance &instance = *rows[i].instance;
        while (before != m_rows.cend() && before->instance->key != instance.key
               && instanceLess(*before->instance, instance))
            ++before;
        const bool known = before != m_rows.cend() && before->instance->key == instance.key;
        if (m_scope.contains(instance))
            m_scopeCounts.add(rows[i].state);
        if (!isShown(rows[i]))
            continue;
        const auto old = before - m_rows.cbegin();
        if (known && wasShown[old])
            newIndexes[old] = i;
        else
            added.push_back(i);
    }

    removeGone(newIndexes);
    for (int &i : m_order)
        i = newIndexes[i];
    m_rows = rows;
    if (!m_order.empty())
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
    if (!m_held)
        sortAgain();
    insert(std::move(added));
}

void InstanceModel::removeGone(const std::vector<int> &newIndexes)
{
    const auto gone = [&](int i) { return newIndexes[i] < 0; };
    int ranges = 0;
    for (size_t i = 0; i < m_order.size(); ++i)
        ranges += gone(m_order[i]) && (i == 0 || !gone(m_order[i - 1]));
    if (ranges > maxRanges) {
        std::vector<int> order = m_order;
        std::stable_partition(order.begin(), order.end(), [&](int i) { return !gone(i); });
        reorder(std::move(order));
    }
    for (auto end = m_order.end();;) {
        const auto last = std::find_if(std::make_reverse_iterator(end), m_order.rend(), gone);
        if (last == m_order.rend())
            break;
        end = last.base();
        const auto first = std::find_if_not(last, m_order.rend(), gone).base();
        beginRemoveRows({}, int(first - m_order.begin()), int(end - m_order.begin()) - 1);
        end = m_order.erase(first, end);
        endRemoveRows();
    }
}

void InstanceModel::insert(std::vector<int> added)
{
    const auto byOrder = [this](int a, int b) { return less(a, b); };
    const auto end = rowCount();
    std::vector<int> places; // of each, counted in the rows that are there already
    if (end == 0 || added.size() <= maxSingleRows) {
        std::sort(added.begin(), added.end(), byOrder);
        for (int i : added) {
            const auto place = std::upper_bound(m_order.begin(), m_order.end(), i, byOrder);
            places.push_back(int(place - m_order.begin()));
        }
    }
    // In a held order, which need not be sorted, the places may be all over it.
    auto distinct = places;
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    const bool gather = places.empty() || int(distinct.size()) > maxRanges
                        || !std::is_sorted(places.begin(), places.end());
    if (gather)
        places.assign(added.size(), end);

    for (size_t last = added.size(); last > 0;) {
        size_t first = last - 1;
        while (first > 0 && places[first - 1] == places[last - 1])
            --first;
        const int row = places[first];
        beginInsertRows({}, row, row + int(last - first) - 1);
        m_order.insert(m_order.begin() + row, added.begin() + first, added.begin() + last);
        endInsertRows();
        last = first;
    }
    if (gather && !m_held)
        sortAgain();
}

void InstanceModel::reorder(std::vector<int> order)
{
    Q_EMIT layoutAboutToBeChanged({}, VerticalSortHint);
    std::vector<int> places(m_rows.size());
    for (size_t row = 0; row < order.size(); ++row)
        places[order[row]] = int(row);
    const QModelIndexList from = persistentIndexList();
    QModelIndexList to;
    for (const QModelIndex &each : from)
        to.append(index(places[m_order[each.row()]], each.column()));
    m_order = std::move(order);
    changePersistentIndexList(from, to);
    Q_EMIT layoutChanged({}, VerticalSortHint);
}

void InstanceModel::sort(int column, Qt::SortOrder order)
{
    m_sortColumn = column < 0 ? int(Service) : column;
    m_sortOrder = order;
    sortAgain();
}

void InstanceModel::sortAgain()
{
    const auto byOrder = [this](int a, int b) { return less(a, b); };
    if (std::is_sorted(m_order.begin(), m_order.end(), byOrder))
        return;
    std::vector<int> order = m_order;
    std::sort(order.begin(), order.end(), byOrder);
    reorder(std::move(order));
}

bool InstanceModel::less(int a, int b) const
{
    const Row &left = m_rows[a], &right = m_rows[b];
    if (const int c = compareRows(left, right, m_sortColumn, m_fields))
        return m_sortOrder == Qt::AscendingOrder ? c < 0 : c > 0;
    for (int column : {Service, Host, Port}) {
        if (const int c = compareRows(left, right, column, m_fields))
            return c < 0;
    }
    return a < b;
}

int InstanceModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_order.size());
}

int InstanceModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : FixedColumns + int(m_fields.size());
}

QVariant InstanceModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Row &row = this->row(index.row());
    switch (role) {
    case Qt::DisplayRole:
        return text(row, index.column());
    case Qt::TextAlignmentRole:
        return headerData(index.column(), Qt::Horizontal, role);
    case Qt::ToolTipRole:
        return index.column() == State || index.column() == LivesOn ? stateSentence(row, m_now)
                                                                    : QVariant();
    case KeyRole:
        return row.instance->key;
    case StateRole:
        return int(row.state);
    case LifeRole:
        return life(*row.instance);
    case FreshnessRole:
        return freshness(row);
    default:
        return {};
    }
}

QString InstanceModel::text(const Row &row, int column) const
{
    const Instance &instance = *row.instance;
    const auto since = [this](Clock::time_point then) {
        return durationText(duration_cast<milliseconds>(m_now - then));
    };
    switch (column) {
    case State:
        return stateName(row.state);
    case Service:
        return m_scope.nameSpace || instance.nameSpace.isEmpty()
                   ? instance.service
                   : tr("%1 / %2").arg(instance.nameSpace, instance.service);
    case Host:
        return instance.hostname;
    case Port:
        return instance.port;
    case Url:
        return instance.url;
    case UpFor:
        return row.older ? tr("> %1").arg(since(row.firstSeen)) : since(row.firstSeen);
    case LivesOn:
        if (!instance.hasTtl)
            return tr("never");
        return instance.expires
                   ? durationText(duration_cast<milliseconds>(*instance.expires - m_now))
                   : tr("–");
    case LastBeat: {
        const auto beat = lastBeat(instance);
        return beat ? since(*beat) : tr("–");
    }
    case Store:
        return instance.api == Api::V2 ? u"v2"_s : u"v3"_s;
    default:
        return fieldText(row, m_fields[column - FixedColumns]);
    }
}

QVariant InstanceModel::life(const Instance &instance) const
{
    if (!instance.expires || !instance.ttl || instance.ttl->count() <= 0)
        return {};
    const auto left = duration_cast<milliseconds>(*instance.expires - m_now);
    return std::clamp(double(left.count()) / double(instance.ttl->count()), 0.0, 1.0);
}

double InstanceModel::freshness(const Row &row) const
{
    const double age = double(duration_cast<milliseconds>(m_now - row.changed).count());
    return std::clamp(1 - age / 500, 0.0, 1.0);
}

QVariant InstanceModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole) {
        const bool number = section == Port || section == UpFor || section == LastBeat;
        return int(Qt::AlignVCenter | (number ? Qt::AlignRight : Qt::AlignLeft));
    }
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case State:
        return QString(); // its signs speak for themselves
    case Service:
        return tr("Service");
    case Host:
        return tr("Host");
    case Port:
        return tr("Port");
    case Url:
        return tr("URL");
    case UpFor:
        return tr("Up for");
    case LivesOn:
        return tr("Lives on");
    case LastBeat:
        return tr("Last beat");
    case Store:
        return tr("Store");
    default:
        return m_fields[section - FixedColumns];
    }
}

} // namespace EtcdRegistry
