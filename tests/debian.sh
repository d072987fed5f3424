#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds and tests on another Debian: in a tree of it, which is kept in the cache with its packages
# and a compiler cache, ~/.cache/etcd-registry-browser/SUITE. This machine is left as it is.
#   tests/debian.sh [suite, trixie] [options for ctest, -L 'unit|debian']
# Where no such tree can be made, it says so and ends with 77.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/support/apt.sh

suite=${1-trixie}
shift || true
options=("$@")
[ $# -gt 0 ] || options=(-L 'unit|debian')
tree=$cache/$suite

cannot() {
    echo "NOT built and tested on Debian $suite: $1" >&2
    exit 77
}
[ "$(id -u)" -eq 0 ] || cannot "making a tree of it takes root."
command -v debootstrap >/dev/null || cannot "debootstrap is not installed."
unshare --mount true || cannot "nothing can be mounted here."

if [ ! -d "$tree" ]; then
    mirror=$(debian_mirror)
    [ -n "$mirror" ] || cannot "apt's sources name no archive of Debian."
    mkdir -p "$cache"
    rm -rf "$tree.new"
    debootstrap --variant=minbase --include=ccache \
        --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
        "$suite" "$tree.new" "$mirror" >"$tree.log" ||
        cannot "debootstrap failed; see $tree.log."
    apt-config dump | grep -E '^Acquire::(http|https)' >"$tree.new/etc/apt/apt.conf.d/host" || true
    printf '#!/bin/sh\nexit 101\n' >"$tree.new/usr/sbin/policy-rc.d" # no service is started
    chmod +x "$tree.new/usr/sbin/policy-rc.d"
    mkdir "$tree.new/source"
    mv "$tree.new" "$tree"
fi
cp /etc/resolv.conf "$tree/etc/"

# Runs in the tree, whose mounts and processes go with this command.
in_tree='
mount --bind "$PWD" "$0/source"
mount -o remount,ro,bind "$0/source"
mount -t proc proc "$0/proc"
mount --rbind /dev "$0/dev"
exec chroot "$0" env -i HOME=/root PATH="$PATH" LC_ALL=C.UTF-8 bash -euc '\''
    cd /source
    installer/setup.sh --tests
    . /etc/os-release
    echo "On $PRETTY_NAME: $(g++ --version | head -n 1), Qt $(qmake6 -query QT_VERSION)"
    cmake -S . -B /build -G Ninja -DCMAKE_BUILD_TYPE=Debug -DWARNINGS_AS_ERRORS=ON >/dev/null
    cmake --build /build --target etcd-registry etcd-registry-browser tst_start unit_tests
    ctest --test-dir /build --output-on-failure -j3 "$@"
'\'' test "$@"
'
exec unshare --mount --pid --fork --kill-child bash -euc "$in_tree" "$tree" "${options[@]}"
