// SPDX-License-Identifier: MIT
#pragma once

#include "registry.h"

#include <QHash>
#include <QSet>

namespace EtcdRegistry::Cli {

/// Tells the user, on standard error, what becomes of the registrations that a command holds: that
/// one has taken over a key, is late, lost, being joined again, fought over, let go or could not be
/// left; each once, until it is alive again. Joining is the command's to tell.
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
    struct Told
    {
        QSet<Registration::State> states; ///< since it was alive
        bool found = false;
        bool contested = false;
    };

    void tell(const Registration &registration);
    void tellFound(const Registration &registration, Told &told);
    static void tellNotLeft(const Registration &registration);

    Registry &m_registry;
    QHash<qint64, Told> m_told; ///< by the id of each that is held
};

} // namespace EtcdRegistry::Cli
