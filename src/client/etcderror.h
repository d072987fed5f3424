// SPDX-License-Identifier: MIT
#pragma once

#include "error.h"

namespace EtcdRegistry {

struct HttpReply;

/// What an answer that is not 2xx says, or a 200 whose only line is a stream's error. It knows the
/// shapes of the v2 API, of the v3 gateway up to 3.5 and of 3.6 on, and goes by the codes in the
/// body before the HTTP status, which differs between builds of one version.
Error errorFromReply(const HttpReply &reply);

} // namespace EtcdRegistry
