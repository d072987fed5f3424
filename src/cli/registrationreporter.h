// SPDX-License-Identifier: MIT
#pragma once

#include "registry.h"

#include <QHash>

namespace EtcdRegistry::Cli {

/// Tells the user, on standard error, what becomes of the registrations that a command holds: that
/// one is late, lost, joined again, let go or could not be left. Joining is the command's to tell.
class RegistrationReporter : public QObject
{
    Q_OBJECT
public:
    explicit RegistrationReporter(Registry &registry, QObject *parent = nullptr);

    /// Registry::shutDown(); false: something could not be left, and the user was told.
    QFuture<bool> shutDown();

    static Instance instanceOf(const Layout::Record &record);

Q_SIGNALS:
    void letGo(); ///< of one, which the registry still has

private:
    void tell(const Registration &registration);
    static void tellNotLeft(const Registration &registration);

    Registry &m_registry;
    QHash<qint64, Registration::State> m_told; ///< by the id of each that is held
};

} // namespace EtcdRegistry::Cli
