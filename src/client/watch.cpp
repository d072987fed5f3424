// SPDX-License-Identifier: MIT
#include "watch.h"

namespace EtcdRegistry {

WatchEnd::Reason WatchEnd::reasonOf(const Error &error)
{
    constexpr int outdatedAndCleared = 401; // v2
    if (error.etcdCode == outdatedAndCleared)
        return Reason::Compacted;
    switch (error.code) {
    case Error::Code::LoginRequired:
    case Error::Code::LoginRefused:
    case Error::Code::PermissionDenied:
    case Error::Code::InvalidArgument:
        return Reason::Refused;
    default: // another node may do it, even if this one does not serve the API
        return Reason::Broken;
    }
}

} // namespace EtcdRegistry
