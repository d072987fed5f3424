// SPDX-License-Identifier: MIT
#pragma once

#include <QDBusConnection>
#include <QMap>
#include <QVariantMap>

#include <functional>

/// Whether the desktop asks programs for less motion. Qt 6.4 can't tell: its styles' duration of
/// animations is zero on every desktop for which there is no platform plugin. So the desktop portal
/// is asked, which knows the settings of all desktops.
namespace EtcdRegistry::Motion {

using Settings = QMap<QString, QVariantMap>; ///< as the portal groups them

/// True if one of the settings by which freedesktop.org, GNOME or KDE say so does.
bool isReduced(const Settings &settings);

/// Asks on the session's bus, and answers from the event loop, unless nobody is there to be asked.
void ask(const QDBusConnection &bus, QObject *context,
         const std::function<void(bool isReduced)> &answer);

} // namespace EtcdRegistry::Motion
