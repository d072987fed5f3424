// SPDX-License-Identifier: MIT
#include "registration.h"

#include <QCoreApplication>

namespace EtcdRegistry {

QString causeText(const Registration &registration)
{
    const auto tr = [](const char *text) {
        return QCoreApplication::translate("Registration", text);
    };
    const QString error = registration.lastError ? registration.lastError->message() : QString();
    switch (registration.cause) {
    case Registration::Cause::Asked:
    case Registration::Cause::Beat:
        return {};
    case Registration::Cause::BeatFailed:
        if (registration.lastError
            && registration.lastError->code == Error::Code::PermissionDenied) {
            return tr(QT_TRANSLATE_NOOP("Registration", "The right to write it was revoked."))
                   + u' ' + error;
        }
        return error;
    case Registration::Cause::Refused:
        return error;
    case Registration::Cause::Overdue:
        return tr(QT_TRANSLATE_NOOP("Registration",
                                    "No heartbeat was sent in time. This machine was asleep, or "
                                    "is too busy."));
    case Registration::Cause::Expired:
        return tr(QT_TRANSLATE_NOOP("Registration", "No heartbeat got through within its TTL."))
               + (error.isEmpty() ? error : u' ' + error);
    case Registration::Cause::KeyGone:
        return tr(
            QT_TRANSLATE_NOOP("Registration", "Its key was deleted or replaced by somebody else."));
    case Registration::Cause::DirectoryGone:
        return tr(QT_TRANSLATE_NOOP("Registration", "Its directory has expired, or was deleted."));
    case Registration::Cause::LeaseGone:
        return tr(QT_TRANSLATE_NOOP("Registration", "Its lease was revoked by somebody else."));
    }
    Q_UNREACHABLE();
}

} // namespace EtcdRegistry
