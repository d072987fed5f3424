// SPDX-License-Identifier: MIT
#include "servicemodel.h"

#include <algorithm>

namespace EtcdRegistry {

struct ServiceModel::Service
{
    QString name;
    StateCounts counts;
};

struct ServiceModel::NameSpace
{
    QString name;
    StateCounts counts;
    std::vector<Service> services;
};

namespace {

constexpr auto nameSpaceLess = [](const auto &a, const auto &b) {
    if (a->name.isEmpty() || b->name.isEmpty())
        return !a->name.isEmpty() && b->name.isEmpty(); // what has none comes last
    return a->name < b->name;
};

} // namespace

ServiceModel::ServiceModel(QObject *parent)
    : MergingModel(parent)
{}

ServiceModel::~ServiceModel() = default;

void ServiceModel::setServices(const QList<ServiceCounts> &services)
{
    NameSpaces wanted;
    for (const ServiceCounts &service : services) {
        if (wanted.empty() || wanted.back()->name != service.nameSpace)
            wanted.push_back(std::make_unique<NameSpace>(NameSpace{service.nameSpace, {}, {}}));
        wanted.back()->services.push_back({service.service, service.counts});
        wanted.back()->counts += service.counts;
    }
    if (!wanted.empty() && wanted.front()->name.isEmpty())
        std::rotate(wanted.begin(), wanted.begin() + 1, wanted.end());

    const auto update = [this](int row, std::unique_ptr<NameSpace> with) {
        NameSpace &nameSpace = *m_nameSpaces[row];
        mergeServices(row, std::move(with->services));
        return std::exchange(nameSpace.counts, with->counts) != with->counts;
    };
    mergeSorted(m_nameSpaces, std::move(wanted), nameSpaceLess, update, steps());
}

void ServiceModel::mergeServices(int row, std::vector<Service> wanted)
{
    std::vector<Service> &services = m_nameSpaces[row]->services;
    const auto less = [](const Service &a, const Service &b) { return a.name < b.name; };
    const auto update = [&services](int row, const Service &with) {
        return std::exchange(services[row].counts, with.counts) != with.counts;
    };
    mergeSorted(services, std::move(wanted), less, update, steps(index(row, 0)));
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
    const auto found =
        std::lower_bound(m_nameSpaces.begin(), m_nameSpaces.end(), nameSpace, nameSpaceLess);
    return createIndex(int(found - m_nameSpaces.begin()), 0);
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
            return service->name;
        return nameSpace.name.isEmpty() ? tr("(no namespace)") : nameSpace.name;
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
