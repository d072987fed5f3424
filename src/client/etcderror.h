// SPDX-License-Identifier: MIT
#pragma once

#include "error.h"

namespace EtcdRegistry {

struct HttpReply;
struct HttpRequest;
struct NodeVerdict;

/// What an answer that is not 2xx says, or a 200 whose only line is a stream's error. It knows the
/// shapes of the v2 API, of the v3 gateway up to 3.5 and of 3.6 on, and goes by the codes in the
/// body before the HTTP status, which differs between builds of one version.
Error errorFromReply(const HttpReply &reply);

/// Whether an answer to one of our requests is etcd's own, and of which cluster its node is. It
/// goes by the form: whatever stands in etcd's place may answer with any status.
NodeVerdict verdictOf(const HttpRequest &request, const HttpReply &reply);

} // namespace EtcdRegistry
