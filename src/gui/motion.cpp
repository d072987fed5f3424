// SPDX-License-Identifier: MIT
#include "motion.h"

#include <QDBusArgument>
#include <QDBusMessage>
#include <QDBusMetaType>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>

namespace EtcdRegistry::Motion {

using namespace Qt::StringLiterals;

namespace {

const QString freedesktop = u"org.freedesktop.appearance"_s;
const QString gnome = u"org.gnome.desktop.interface"_s;
const QString kde = u"org.kde.kdeglobals.KDE"_s;

} // namespace

bool isReduced(const Settings &settings)
{
    const QVariant animations = settings[gnome][u"enable-animations"_s];
    const QVariant factor = settings[kde][u"AnimationDurationFactor"_s];
    return settings[freedesktop][u"reduced-motion"_s].toUInt() == 1
           || (animations.isValid() && !animations.toBool())
           || (factor.isValid() && factor.toDouble() == 0);
}

void ask(const QDBusConnection &bus, QObject *context, const std::function<void(bool)> &answer)
{
    if (!bus.isConnected())
        return;
    qDBusRegisterMetaType<Settings>();
    auto call = QDBusMessage::createMethodCall(u"org.freedesktop.portal.Desktop"_s,
                                               u"/org/freedesktop/portal/desktop"_s,
                                               u"org.freedesktop.portal.Settings"_s, u"ReadAll"_s);
    call << QStringList{freedesktop, gnome, kde};
    auto *watcher = new QDBusPendingCallWatcher(bus.asyncCall(call), context);
    QObject::connect(watcher, &QDBusPendingCallWatcher::finished, context, [watcher, answer] {
        watcher->deleteLater();
        const QDBusPendingReply<Settings> reply = *watcher;
        if (!reply.isError())
            answer(isReduced(reply.value()));
    });
}

} // namespace EtcdRegistry::Motion
