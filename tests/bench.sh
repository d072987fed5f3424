#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the ci preset and measures. Each line is a JSON object: `value` is the median for ours,
# `ratio` is that divided by the median for `against`.
set -euo pipefail
cd "$(dirname "$0")/.."

installer/setup.sh --tests
cmake --preset ci >/dev/null
cmake --build --preset ci --target etcd-registry bench_list >/dev/null
build/ci/bin/bench_list "$PWD/build/ci/bin/etcd-registry"
