// SPDX-License-Identifier: MIT
#pragma once

namespace EtcdRegistry {

class Session;

/// For a signal that ends the program: nobody is there to be asked. Leaves what the session (null:
/// none) holds, and ends the event loop within about 3.5 s whatever windows say to it; what could
/// not be left by then is printed on standard error.
void leaveAndExit(Session *session);

} // namespace EtcdRegistry
