// SPDX-License-Identifier: MIT
#pragma once

#include "mergesorted.h"
#include "row.h"

#include <QAbstractItemModel>

#include <memory>
#include <vector>

namespace EtcdRegistry {

/// The namespaces, sorted, and below each its services, with the number of their instances. Those
/// without a namespace come last. It never resets: what is selected and expanded stays so.
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

    void setServices(const QList<ServiceCounts> &services);

    /// Of a service, or of a namespace where `service` is null; invalid where there is none.
    QModelIndex find(const QString &nameSpace, const QString &service = {}) const;

    QModelIndex index(int row, int column, const QModelIndex &parent = {}) const override;
    QModelIndex parent(const QModelIndex &child) const override;
    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;

private:
    struct Service;
    struct NameSpace;
    using NameSpaces = std::vector<std::unique_ptr<NameSpace>>;

    void mergeServices(int row, std::vector<Service> wanted);

    NameSpaces m_nameSpaces;
};

} // namespace EtcdRegistry
