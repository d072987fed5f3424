#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the ci preset and soaks: three real nodes under churn, and in trouble one after the other,
# while a live session has to show what they have.
#   tests/soak.sh [minutes, 10] [v2|v3; both]
# It prints a seed; with the same SOAK_SEED in the environment the same troubles come in the same
# order.
set -euo pipefail
cd "$(dirname "$0")/.."

installer/setup.sh --tests
cmake --preset ci >/dev/null
cmake --build --preset ci --target tst_livesoak >/dev/null
export SOAK_MINUTES=${1-10}
# Qt Test ends a test function after five minutes otherwise
export QTEST_FUNCTION_TIMEOUT=$(((SOAK_MINUTES + 5) * 60000))
build/ci/bin/tst_livesoak "staysEqual${2:+:$2}"
