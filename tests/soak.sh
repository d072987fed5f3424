#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the ci preset and soaks, against three real nodes that are in trouble one after the other:
#   tests/soak.sh [minutes, 10] [v2|v3; both]    a live session under churn has to show what they have
#   tests/soak.sh hold [minutes, 60]             a client that holds 300 registrations, joins, leaves,
#                                                lists and follows through both APIs at once: nothing
#                                                may fail or be lost, and it may not grow
# It prints a seed; with the same SOAK_SEED in the environment the same troubles come in the same
# order.
#
# The table of `hold` has a line for each half minute, when all is calm:
#   failed    operations that ended with an error
#   lost      registrations that had no beat within their TTL
#   missing   registrations that the store does not have
#   unseen    instances in which the live view differs from a listing
# What is judged is in the last lines: memory, descriptors and connections in the last half of the
# time (memory after half an hour's warming up, so only if there is an hour).
set -euo pipefail
cd "$(dirname "$0")/.."

mode=view
if [ "${1-}" = hold ]; then
    mode=hold
    shift
fi
installer/setup.sh --tests
cmake --preset ci >/dev/null
case $mode in
view)
    cmake --build --preset ci --target tst_livesoak >/dev/null
    export SOAK_MINUTES=${1-10}
    # Qt Test ends a test function after five minutes otherwise
    export QTEST_FUNCTION_TIMEOUT=$(((SOAK_MINUTES + 5) * 60000))
    build/ci/bin/tst_livesoak "staysEqual${2:+:$2}"
    ;;
hold)
    cmake --build --preset ci --target soak >/dev/null
    build/ci/bin/soak --seconds $((${1-60} * 60)) --seed "${SOAK_SEED-$RANDOM}"
    ;;
esac
