// SPDX-License-Identifier: MIT
#pragma once

#include "mergesorted.h"
#include "registration.h"

#include <QAbstractTableModel>

namespace EtcdRegistry {

/// The registrations that we hold, in the order of joining.
class RegistrationModel : public MergingModel<QAbstractTableModel>
{
    Q_OBJECT
public:
    enum Column { State, Service, NameSpace, Url, LastBeat, Sent, Missed, Ttl, Cause, ColumnCount };
    enum Role { StateRole = Qt::UserRole + 1 }; ///< int of Registration::State

    using MergingModel::MergingModel;

    void setRegistrations(const QList<Registration> &registrations);
    const Registration &registration(int row) const { return m_registrations[row]; }
    /// Time has passed: the last beats are longer ago.
    void tick();

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QVariant text(const Registration &registration, int column) const;

    std::vector<Registration> m_registrations;
};

/// "Alive", "Lost", ... in the user's language.
QString stateName(Registration::State state);

} // namespace EtcdRegistry
