#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the ci preset and measures, each against a real etcd that it starts and fills:
#   tests/bench.sh [name...]       all, unless some are named
#
#   list           `etcd-registry list`, 20,000 instances: the whole process, against curl and npm;
#                  and in an empty registry, against 1.5 times curl and 50 ms
#   list-100k      100,000 instances, v2 and v3: until all are in the window's model, against a raw
#                  HTTP read of the same bytes
#   watch-burst    50,000 changes through v3: from the last one until the window equals the server
#   beats-10k      10,000 instances, each set anew through v2 every five seconds, for a minute: how
#                  far the window is behind
#   idle           10,000 quiet instances, v2 and v3: what the window takes of one core
#   filter-100k, expand-100k, select-100k    until the window has painted it
#   hold-10k-v3, hold-5k-v2    so many registrations held for half a minute: what that takes of one
#                  core, against 1 %, and against the npm client
#   failover-list  v2 and v3: lists of 100 instances, one after another, while the node of three that
#                  answers is hung, then killed, then back: their p99 against 300 ms; `p50_ratio` is
#                  to those without trouble
#   failover-write v2 and v3: a join every 20 ms while the leader is killed, or hangs: the p99 of
#                  those in the four seconds from then on, against 3 s
#
# Each line is a JSON object: `value` is ours (the median, where there are several runs), `ratio`
# is that divided by the figure for `against`, another's or the target. Of the event loop of the
# window's thread:
#   stall_ms            the longest gap between two turns
#   stall_cpu_ms        the most that it computed in one; the rest is waiting for a processor
#   stall_baseline_ms   the longest gap in a thread that has nothing to do, meanwhile
set -euo pipefail
cd "$(dirname "$0")/.."

names=("$@")
[ $# -gt 0 ] || names=(
    list list-100k watch-burst beats-10k idle filter-100k expand-100k select-100k
    hold-10k-v3 hold-5k-v2 failover-list failover-write
)

build() { cmake --build --preset ci --target "$@" >/dev/null; }

installer/setup.sh --tests
if [[ " ${names[*]} " == *" hold-5k-v2 "* && ! -d tests/interop/node_modules ]]; then
    npm ci --prefix tests/interop --no-audit --no-fund >/dev/null
fi
cmake --preset ci >/dev/null
if [ -z "${XDG_RUNTIME_DIR-}" ]; then # Qt would complain
    XDG_RUNTIME_DIR=$(mktemp -d)
    export XDG_RUNTIME_DIR
    trap 'rm -r "$XDG_RUNTIME_DIR"' EXIT
fi
for name in "${names[@]}"; do
    case $name in
    list)
        build etcd-registry bench_list
        build/ci/bin/bench_list "$PWD/build/ci/bin/etcd-registry"
        ;;
    hold-10k-v3 | hold-5k-v2)
        build bench_hold
        build/ci/bin/bench_hold "$name"
        ;;
    failover-list | failover-write)
        build bench_failover
        build/ci/bin/bench_failover "$name"
        ;;
    filter-100k | expand-100k | select-100k)
        build bench_views
        build/ci/bin/bench_views "$name"
        ;;
    *)
        build bench_live
        build/ci/bin/bench_live "$name"
        ;;
    esac
done
