// SPDX-License-Identifier: MIT
#include "servicemodel.h"

#include "plaintext.h"

#include <QHash>

#include <algorithm>
#include <numeric>

namespace EtcdRegistry {

/// How badly something fares: the worst state, and how many are in trouble.
using Rank = std::pair<int, int>;

struct ServiceModel::Item
{
    QString name;
    StateCounts counts;
    Rank rank; ///< what it is sorted by before its name; 0, 0 unless the worst come first
};

struct ServiceModel::Service : Item
{
};

struct ServiceModel::NameSpace : Item
{
    std::vector<Service> services;
    mutable int row = 0; ///< where it was found last
};

namespace {

Rank rankOf(const StateCounts &counts)
{
    Rank rank;
    for (int state = int(InstanceState::NoTtl); state <= int(InstanceState::Broken); ++state) {
        if (const int count = counts[InstanceState(state)]) {
            rank.first = state;
            rank.second += count;
        }
    }
    return rank;
}

template <typename T>
auto &itemOf(T &item)
{
    if constexpr (requires { *item; })
        return *item;
    else
        return item;
}

constexpr auto less = [](const auto &a, const auto &b) {
    const auto &left = itemOf(a), &right = itemOf(b);
    if (left.rank != right.rank)
        return left.rank > right.rank;
    if (left.name.isEmpty() || right.name.isEmpty())
        return !left.name.isEmpty() && right.name.isEmpty(); // what has none comes last
    return left.name < right.name;
};

} // namespace

ServiceModel::ServiceModel(QObject *parent)
    : MergingModel(parent)
{}

ServiceModel::~ServiceModel() = default;

void ServiceModel::setServices(const QList<ServiceCounts> &services, bool held)
{
    NameSpaces wanted;
    for (const ServiceCounts &service : services) {
        if (wanted.empty() || wanted.back()->name != service.nameSpace)
            wanted.push_back(std::make_unique<NameSpace>(NameSpace{{service.nameSpace}}));
        wanted.back()->services.push_back({{service.service, service.counts}});
        wanted.back()->counts += service.counts;
    }
    if (!wanted.empty() && wanted.front()->name.isEmpty())
        std::rotate(wanted.begin(), wanted.begin() + 1, wanted.end());

    if (m_worstFirst) {
        for (const auto &nameSpace : wanted) {
            nameSpace->rank = rankOf(nameSpace->counts);
            for (Service &service : nameSpace->services)
                service.rank = rankOf(service.counts);
            std::ranges::sort(nameSpace->services, less);
        }
    }
    m_held = held && m_ranked;
    rank(m_nameSpaces, wanted, {});
    const auto update = [this](int row, std::unique_ptr<NameSpace> with) {
        NameSpace &nameSpace = *m_nameSpaces[row];
        mergeServices(row, std::move(with->services));
        return std::exchange(nameSpace.counts, with->counts) != with->counts;
    };
    mergeSorted(m_nameSpaces, std::move(wanted), less, update, steps());
    m_ranked = m_worstFirst;
}

void ServiceModel::mergeServices(int row, std::vector<Service> wanted)
{
    std::vector<Service> &services = m_nameSpaces[row]->services;
    rank(services, wanted, index(row, 0));
    const auto update = [&services](int row, const Service &with) {
        return std::exchange(services[row].counts, with.counts) != with.counts;
    };
    mergeSorted(services, std::move(wanted), less, update, steps(index(row, 0)));
}

/// Brings the items that are there and those that are wanted into one order.
template <typename Items>
void ServiceModel::rank(Items &items, Items &wanted, const QModelIndex &parent)
{
    if (!m_worstFirst && !m_ranked)
        return;
    QHash<QString, Item *> known;
    for (auto &item : items)
        known.insert(itemOf(item).name, &itemOf(item));
    for (auto &each : wanted) {
        Item &item = itemOf(each);
        Item *const before = known.value(item.name);
        if (before && m_held && m_worstFirst)
            item.rank = before->rank;
        else if (before)
            before->rank = item.rank;
    }
    if (!m_worstFirst) { // those that are about to go, too
        for (auto &item : items)
            itemOf(item).rank = {};
    }
    std::ranges::sort(wanted, less);
    reorder(items, parent);
}

template <typename Items>
void ServiceModel::reorder(Items &items, const QModelIndex &parent)
{
    if (std::ranges::is_sorted(items, less))
        return;
    Q_EMIT layoutAboutToBeChanged({parent}, VerticalSortHint);
    std::vector<int> order(items.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::sort(order, [&](int a, int b) { return less(items[a], items[b]); });
    std::vector<int> places(items.size());
    Items sorted;
    for (int i : order) {
        places[i] = int(sorted.size());
        sorted.push_back(std::move(items[i]));
    }
    QModelIndexList from, to;
    const void *const siblings = index(0, 0, parent).constInternalPointer();
    const QModelIndexList all = persistentIndexList();
    for (const QModelIndex &each : all) {
        if (each.constInternalPointer() == siblings) {
            from.append(each);
            to.append(createIndex(places[each.row()], each.column(), siblings));
        }
    }
    items = std::move(sorted);
    changePersistentIndexList(from, to);
    Q_EMIT layoutChanged({parent}, VerticalSortHint);
}

QModelIndex ServiceModel::find(const QString &nameSpace, const QString &service) const
{
    const auto found = std::find_if(m_nameSpaces.begin(), m_nameSpaces.end(),
                                    [&](const auto &n) { return n->name == nameSpace; });
    if (found == m_nameSpaces.end())
        return {};
    const QModelIndex parent = index(int(found - m_nameSpaces.begin()), 0);
    if (service.isNull())
        return parent;
    const std::vector<Service> &services = (*found)->services;
    const auto child = std::find_if(services.begin(), services.end(),
                                    [&](const Service &s) { return s.name == service; });
    return child == services.end() ? QModelIndex()
                                   : index(int(child - services.begin()), 0, parent);
}

QModelIndex ServiceModel::index(int row, int column, const QModelIndex &parent) const
{
    if (!hasIndex(row, column, parent))
        return {};
    // A service carries its namespace; a namespace carries nothing.
    return createIndex(row, column, parent.isValid() ? m_nameSpaces[parent.row()].get() : nullptr);
}

QModelIndex ServiceModel::parent(const QModelIndex &child) const
{
    const auto *nameSpace = static_cast<const NameSpace *>(child.constInternalPointer());
    if (!nameSpace)
        return {};
    const auto isIt = [=](const auto &each) { return each.get() == nameSpace; };
    int &row = nameSpace->row;
    if (row >= int(m_nameSpaces.size()) || !isIt(m_nameSpaces[row]))
        row = int(std::ranges::find_if(m_nameSpaces, isIt) - m_nameSpaces.begin());
    return createIndex(row, 0);
}

int ServiceModel::rowCount(const QModelIndex &parent) const
{
    if (!parent.isValid())
        return int(m_nameSpaces.size());
    return parent.internalPointer() || parent.column() > 0
               ? 0
               : int(m_nameSpaces[parent.row()]->services.size());
}

int ServiceModel::columnCount(const QModelIndex &) const
{
    return 1;
}

QVariant ServiceModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const auto *parent = static_cast<const NameSpace *>(index.constInternalPointer());
    const NameSpace &nameSpace = parent ? *parent : *m_nameSpaces[index.row()];
    const Service *service = parent ? &parent->services[index.row()] : nullptr;
    switch (role) {
    case Qt::DisplayRole:
        if (service)
            return plainLine(service->name);
        return nameSpace.name.isEmpty() ? tr("(no namespace)") : plainLine(nameSpace.name);
    case NameSpaceRole:
        return nameSpace.name;
    case ServiceRole:
        return service ? service->name : QString();
    case CountsRole:
        return QVariant::fromValue(service ? service->counts : nameSpace.counts);
    default:
        return {};
    }
}

} // namespace EtcdRegistry
