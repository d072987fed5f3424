// SPDX-License-Identifier: MIT
#include "fuzz.h"

#include "connectionstring.h"

using namespace EtcdRegistry;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const auto parsed = ConnectionString::parse(textOf(QByteArrayView(data, size)));
    if (!parsed) {
        HOLDS(parsed.error().code == Error::Code::InvalidArgument);
        HOLDS(!parsed.error().message().isEmpty());
        return 0;
    }
    HOLDS(parsed->endpoints.isEmpty() == parsed->discovery.isValid());
    HOLDS(parsed->ttl >= std::chrono::seconds(1));
    HOLDS(parsed->heartbeat.count() > 0 && parsed->heartbeat <= parsed->ttl / 2);
    HOLDS(parsed->timeout.count() > 0 && parsed->timeout <= parsed->deadline);

    const QString canonical = parsed->toString();
    const auto again = ConnectionString::parse(canonical);
    HOLDS(again);
    ConnectionString expected = *parsed;
    expected.password.clear();
    expected.warnings = again->warnings; // of the namespace, which is still there
    HOLDS(again->password.isEmpty() && again->warnings.size() <= 1);
    HOLDS(*again == expected);
    HOLDS(again->toString() == canonical);
    return 0;
}
