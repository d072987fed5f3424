// SPDX-License-Identifier: MIT
#pragma once

#include "mergesorted.h"
#include "row.h"

#include <QAbstractItemModel>

#include <memory>
#include <vector>

namespace EtcdRegistry {

/// The namespaces, and below each its services, with the number of their instances: sorted by name,
/// those without a namespace last; or worst first, by the worst state of an instance and then by
/// how many are in trouble. It never resets, and what moves is not removed: what is selected and
/// expanded stays so.
class ServiceModel : public MergingModel<QAbstractItemModel>
{
    Q_OBJECT
public:
    enum Role {
        NameSpaceRole = Qt::UserRole + 1, ///< "shop/eu"; empty: without one
        ServiceRole,                      ///< null string for a namespace
        CountsRole,                       ///< StateCounts
    };

    explicit ServiceModel(QObject *parent = nullptr);
    ~ServiceModel() override;

    /// While held, those that are there already keep their places, however they fare.
    void setServices(const QList<ServiceCounts> &services, bool held = false);
    void setWorstFirst(bool worstFirst)
    {
        m_worstFirst = worstFirst;
    } ///< from the next services on

    /// Of a service, or of a namespace where `service` is null; invalid where there is none.
    QModelIndex find(const QString &nameSpace, const QString &service = {}) const;

    QModelIndex index(int row, int column, const QModelIndex &parent = {}) const override;
    QModelIndex parent(const QModelIndex &child) const override;
    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;

private:
    struct Item;
    struct Service;
    struct NameSpace;
    using NameSpaces = std::vector<std::unique_ptr<NameSpace>>;

    void mergeServices(int row, std::vector<Service> wanted);
    template <typename Items>
    void rank(Items &items, Items &wanted, const QModelIndex &parent);
    template <typename Items>
    void reorder(Items &items, const QModelIndex &parent);

    NameSpaces m_nameSpaces;
    bool m_worstFirst = false;
    bool m_ranked = false; ///< rows have ranks
    bool m_held = false;
};

} // namespace EtcdRegistry
