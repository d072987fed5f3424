// SPDX-License-Identifier: MIT
#pragma once

#include <QtGlobal>

#include <chrono>

#ifdef Q_OS_LINUX
#include <time.h>
#endif

namespace EtcdRegistry {

/// A monotonic clock that goes on while the machine is asleep, as the TTLs of a cluster do. That of
/// the standard library stands still meanwhile on Linux.
struct BootClock
{
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<BootClock>;
    static constexpr bool is_steady = true;

    static time_point now() noexcept
    {
#ifdef Q_OS_LINUX
        timespec time;
        ::clock_gettime(CLOCK_BOOTTIME, &time);
        return time_point(std::chrono::seconds(time.tv_sec)
                          + std::chrono::nanoseconds(time.tv_nsec));
#else
        return time_point(std::chrono::steady_clock::now().time_since_epoch());
#endif
    }
};

} // namespace EtcdRegistry
