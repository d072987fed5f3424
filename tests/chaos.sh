#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the ci preset and lets a client hold registrations while three real nodes, and the network
# between, go wrong in every way by a schedule; a reader of our own records each absence of a key.
#   tests/chaos.sh [--minutes 15] [--seed N] [--peer ours|npm|both] [--api v2|v3|both]
#                  [--registrations 1000]
# Without a seed it draws one and prints it: the same seed has the same faults at the same times.
# The npm client is there for comparison, and knows v2 only. What our client has to say about it
# lies between the lines with
#   QT_LOGGING_RULES="etcdregistry.*=true" QT_MESSAGE_PATTERN="%{time h:mm:ss.zzz} %{message}"
#
# In the table: how many registrations were ever absent while a majority stood, for how long at most
# and in all; and how long it took at most, since a write was possible again after a lost majority,
# until all were back.
set -euo pipefail
cd "$(dirname "$0")/.."

minutes=15
options=(--seed "$RANDOM")
while [ $# -gt 0 ]; do
    case $1 in
    --minutes) minutes=$2 ;;
    --seed | --peer | --api | --registrations) options+=("$1" "$2") ;;
    *)
        sed -n '3,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2
        exit 2
        ;;
    esac
    shift 2
done

installer/setup.sh --tests
if [[ " ${options[*]} " =~ " --peer "(npm|both)" " && ! -d tests/interop/node_modules ]]; then
    npm ci --prefix tests/interop --no-audit --no-fund
fi
cmake --preset ci >/dev/null
cmake --build --preset ci --target chaos >/dev/null
build/ci/bin/chaos "${options[@]}" --seconds $((minutes * 60))
