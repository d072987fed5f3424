// SPDX-License-Identifier: MIT
#pragma once

#include <QString>

#include <chrono>

namespace EtcdRegistry {

/// A length of time as people say it: "0.4 s", "41 s", "17 min", "2 h 10 min", "3 d 4 h". Tenths
/// below ten seconds; negative ones count as none.
QString durationText(std::chrono::milliseconds duration);

} // namespace EtcdRegistry
