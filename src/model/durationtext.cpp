// SPDX-License-Identifier: MIT
#include "durationtext.h"

#include <QCoreApplication>
#include <QLocale>

#include <algorithm>

namespace EtcdRegistry {

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::Duration)
};

} // namespace

QString durationText(std::chrono::milliseconds duration)
{
    using namespace std::chrono;
    const auto ms = std::max<qint64>(duration.count(), 0);
    const auto seconds = ms / 1000;
    const auto minutes = seconds / 60;
    const auto hours = minutes / 60;
    // Cut, not rounded: 9.97 s would show as "10.0 s", and "60 s" would come before "1 min".
    if (seconds < 10)
        return Text::tr("%1 s").arg(QLocale().toString(double(ms / 100) / 10, 'f', 1));
    if (seconds < 60)
        return Text::tr("%1 s").arg(seconds);
    if (minutes < 60)
        return Text::tr("%1 min").arg(minutes);
    if (hours < 24)
        return minutes % 60 ? Text::tr("%1 h %2 min").arg(hours).arg(minutes % 60)
                            : Text::tr("%1 h").arg(hours);
    return hours % 24 ? Text::tr("%1 d %2 h").arg(hours / 24).arg(hours % 24)
                      : Text::tr("%1 d").arg(hours / 24);
}

} // namespace EtcdRegistry
