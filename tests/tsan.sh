#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds what works in several threads with the thread sanitizer, and runs its tests: decoding,
# sorting and filtering in a pool, and what is shared under a mutex.
# Left out is what only queued signals hand from thread to thread, and whatever starts a process:
# with a Qt that was built without it the sanitizer understands neither.
set -euo pipefail
cd "$(dirname "$0")/.."

tests=(tst_stores tst_watch tst_instancemodel tst_servicemodel tst_manyrows tst_presence tst_rowkeeper)
installer/setup.sh --tests
cmake -S . -B build/tsan -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_COMPILER=clang++ \
    -DCMAKE_CXX_FLAGS="-fsanitize=thread -DTHREAD_SANITIZED -O1 -g1" \
    -DCMAKE_EXE_LINKER_FLAGS=-fsanitize=thread >/dev/null
cmake --build build/tsan --target "${tests[@]}"
export TSAN_OPTIONS="ignore_noninstrumented_modules=1 suppressions=$PWD/tests/tsan.supp"
export QT_QPA_PLATFORM=offscreen
for test in "${tests[@]}"; do
    build/tsan/bin/"$test" -silent
done
