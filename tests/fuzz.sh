#!/bin/bash
# SPDX-License-Identifier: MIT
# Installs what is missing, builds the asan preset's fuzzers and runs them at the same time:
#   tests/fuzz.sh [seconds each, 60] [name...]       all, unless some are named
# They start from the inputs in tests/fuzz, and from those that earlier runs left in
# build/asan/corpus. A finding ends its fuzzer, and in the end this with an error.
set -euo pipefail
cd "$(dirname "$0")/.."

export seconds=${1-60}
shift || true
names=("$@")
[ $# -gt 0 ] || names=(connectionstring documents linesplitter v2 v3)

installer/setup.sh --tests
cmake --preset asan
cmake --build --preset asan --target fuzz

fuzz() {
    local name=$1 bin=build/asan/bin/fuzz_$1 log=build/asan/$1.log
    local kept=(tests/fuzz/*/"$name")
    mkdir -p "build/asan/corpus/$name" build/asan/findings
    if "$bin" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
        -artifact_prefix="build/asan/findings/$name-" "build/asan/corpus/$name" "${kept[@]}" \
        &>"$log"; then
        echo "$name: $(tail -n 1 "$log")"
    else
        grep -vE '^#[0-9]' "$log" | tail -n 50
        cat <<END
$name has a finding. The whole log is $log. To see it again:
    $bin $(sed -n 's/.*Test unit written to //p' "$log")
To keep it, move that file to tests/fuzz/findings/$name, under a name that says what it is.
END
        return 1
    fi
}
export -f fuzz
export ASAN_OPTIONS=allow_addr2line=1 # no other symbolizer has to be installed
printf '%s\0' "${names[@]}" | xargs -0 -n1 -P0 bash -c 'fuzz "$1"' fuzz
