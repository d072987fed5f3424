#!/bin/bash
# SPDX-License-Identifier: MIT
# Unpacks, without installing them, the etcds of later Debians: etcd-server of trixie and of sid,
# unless others are named. They come through the sources that this machine's apt is set up with.
#   tests/etcds.sh [suite...]
# Prints the path of each, which is what the tests take as ETCD_BINARY. What is in the cache is not
# fetched again: ~/.cache/etcd-registry-browser, to be deleted for newer ones.
set -euo pipefail
cd "$(dirname "$0")"
. support/apt.sh

suites=("$@")
[ $# -gt 0 ] || suites=(trixie sid)
for suite in "${suites[@]}"; do
    if [ ! -x "$cache/etcd-$suite" ]; then
        apt_of "$suite" update >&2
        folder=$(mktemp -d)
        trap 'rm -r "$folder"' EXIT
        (cd "$folder" && apt_of "$suite" download etcd-server >&2)
        dpkg-deb --extract "$folder"/etcd-server_*.deb "$folder"
        version=$("$folder/usr/bin/etcd" --version | sed -n 's/^etcd Version: //p')
        mv -f "$folder/usr/bin/etcd" "$cache/etcd-$version"
        ln -sf "etcd-$version" "$cache/etcd-$suite"
        rm -r "$folder"
        trap - EXIT
    fi
    readlink -f "$cache/etcd-$suite"
done
