// SPDX-License-Identifier: MIT
#include "instancemodel.h"

#include "durationtext.h"
#include "plaintext.h"

#include <algorithm>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

namespace {

/// Views pay for each range of rows that comes or goes; beyond this many it is cheaper to
/// gather them at the end first.
constexpr int maxRanges = 32;

/// How many runs of neighbours there are for which it is true.
template <typename Predicate>
int countRuns(const std::vector<int> &order, Predicate is)
{
    int runs = 0;
    bool before = false;
    for (int i : order) {
        const bool now = is(i);
        runs += now && !before;
        before = now;
    }
    return runs;
}

} // namespace

InstanceModel::InstanceModel(QObject *parent)
    : QAbstractTableModel(parent)
{
    connect(&m_arrangement, &Arrangement::changed, this, &InstanceModel::arrange);
}

void InstanceModel::apply(const RowsUpdate &update, Clock::time_point now)
{
    m_now = now;
    removeIf([&](int i) { return update.newIndexes[i] < 0; });
    for (int &i : m_order)
        i = update.newIndexes[i];
    m_arrangement.apply(update);
    arrange();
    tellChanged(update.changed);
}

/// Shows what is to be shown by as few ranges as it takes.
void InstanceModel::arrange()
{
    const std::vector<int> order = m_arrangement.shown();
    std::vector<char> stays(m_arrangement.rows().size());
    for (int i : order)
        stays[i] = true;
    removeIf([&](int i) { return !stays[i]; });
    insertFrom(order);
    Q_EMIT arranged();
}

template <typename Predicate>
void InstanceModel::removeIf(Predicate goes)
{
    if (countRuns(m_order, goes) > maxRanges) {
        std::vector<int> order = m_order;
        std::stable_partition(order.begin(), order.end(), [&](int i) { return !goes(i); });
        reorder(std::move(order));
    }
    for (auto end = m_order.end();;) {
        const auto last = std::find_if(std::make_reverse_iterator(end), m_order.rend(), goes);
        if (last == m_order.rend())
            break;
        end = last.base();
        const auto first = std::find_if_not(last, m_order.rend(), goes).base();
        beginRemoveRows({}, int(first - m_order.begin()), int(end - m_order.begin()) - 1);
        end = m_order.erase(first, end);
        endRemoveRows();
    }
}

/// Becomes this order, which has all rows that are there and perhaps others.
void InstanceModel::insertFrom(const std::vector<int> &order)
{
    std::vector<char> isThere(m_arrangement.rows().size());
    for (int i : m_order)
        isThere[i] = true;
    const auto isNew = [&](int i) { return !isThere[i]; };
    const bool gather = !m_order.empty() && countRuns(order, isNew) > maxRanges;
    if (gather) {
        const auto from = m_order.size();
        std::vector<int> added;
        std::ranges::copy_if(order, std::back_inserter(added), isNew);
        beginInsertRows({}, int(from), int(from + added.size()) - 1);
        m_order.insert(m_order.end(), added.begin(), added.end());
        endInsertRows();
        reorder(order);
        return;
    }

    std::vector<int> known;
    std::ranges::copy_if(order, std::back_inserter(known), [&](int i) { return isThere[i]; });
    reorder(std::move(known));
    for (auto first = order.begin();;) {
        first = std::find_if(first, order.end(), isNew);
        if (first == order.end())
            break;
        const auto last = std::find_if_not(first, order.end(), isNew);
        const auto row = first - order.begin();
        beginInsertRows({}, int(row), int(last - order.begin()) - 1);
        m_order.insert(m_order.begin() + row, first, last);
        endInsertRows();
        first = last;
    }
}

void InstanceModel::reorder(std::vector<int> order)
{
    if (order == m_order)
        return;
    Q_EMIT layoutAboutToBeChanged({}, VerticalSortHint);
    std::vector<int> places(m_arrangement.rows().size());
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

void InstanceModel::tellChanged(const std::vector<int> &rows)
{
    if (rows.empty())
        return;
    std::vector<char> changed(m_arrangement.rows().size());
    for (int i : rows)
        changed[i] = true;
    const auto hasChanged = [&](int i) { return changed[i]; };
    for (auto first = m_order.begin();;) {
        first = std::find_if(first, m_order.end(), hasChanged);
        if (first == m_order.end())
            break;
        const auto last = std::find_if_not(first, m_order.end(), hasChanged);
        Q_EMIT dataChanged(index(int(first - m_order.begin()), 0),
                           index(int(last - m_order.begin()) - 1, columnCount() - 1));
        first = last;
    }
}

void InstanceModel::sort(int column, Qt::SortOrder order)
{
    m_arrangement.setOrder({.column = column < 0 ? int(Service) : column,
                            .order = order,
                            .field = m_fields.value(column - FixedColumns)});
}

int InstanceModel::find(const QString &key) const
{
    const auto found = std::ranges::find_if(
        m_order, [&](int i) { return m_arrangement.rows()[i].instance->key == key; });
    return found == m_order.end() ? -1 : int(found - m_order.begin());
}

QModelIndex InstanceModel::index(int row, int column, const QModelIndex &parent) const
{
    const bool isThere = !parent.isValid() && row >= 0 && row < int(m_order.size()) && column >= 0
                         && column < FixedColumns + m_fields.size();
    return isThere ? createIndex(row, column) : QModelIndex();
}

bool InstanceModel::hasChildren(const QModelIndex &parent) const
{
    return !parent.isValid() && !m_order.empty();
}

/// Only what differs goes and comes: the other columns keep their widths, and what is sorted by.
void InstanceModel::setFields(const QStringList &fields)
{
    const RowOrder order = m_arrangement.order();
    if (order.column >= FixedColumns && !fields.contains(order.field))
        sort(Service, Qt::AscendingOrder);
    for (int i = int(m_fields.size()) - 1; i >= 0; --i) {
        if (fields.contains(m_fields[i]))
            continue;
        beginRemoveColumns({}, FixedColumns + i, FixedColumns + i);
        m_fields.removeAt(i);
        endRemoveColumns();
    }
    for (const QString &field : fields) {
        if (m_fields.contains(field))
            continue;
        beginInsertColumns({}, columnCount(), columnCount());
        m_fields.append(field);
        endInsertColumns();
    }
    if (const auto at = m_fields.indexOf(order.field); order.column >= FixedColumns && at >= 0)
        sort(FixedColumns + int(at), order.order); // it may have moved
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
        return plainLine(text(row, index.column()));
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
        return scope().nameSpace || instance.nameSpace.isEmpty()
                   ? instance.service
                   : tr("%1 / %2").arg(plainLine(instance.nameSpace), plainLine(instance.service));
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
        return plainLine(m_fields[section - FixedColumns]);
    }
}

} // namespace EtcdRegistry
