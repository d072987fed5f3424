#!/bin/bash
# SPDX-License-Identifier: MIT
# Installs what is missing, builds a preset (dev unless another is named) and runs its tests:
#   tests/run.sh [preset] [options for ctest...]
# The environment variable ETCD_BINARY names another etcd than that in PATH, as tests/etcds.sh has.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=${1-dev}
shift || true

installer/setup.sh --tests
# The npm client that we share registries with; those tests are skipped where node is not present
if command -v npm >/dev/null; then
    stamp=tests/interop/node_modules/.package-lock.json
    if [ ! "$stamp" -nt tests/interop/package-lock.json ]; then
        npm ci --prefix tests/interop --no-audit --no-fund
    fi
fi

cmake --preset "$preset"
cmake --build --preset "$preset"

etcd=${ETCD_BINARY:-etcd}
echo "Tests with $(command -v "$etcd" || echo "no etcd: $etcd"), $("$etcd" --version | head -n 1)"
ctest --preset "$preset" "$@"
