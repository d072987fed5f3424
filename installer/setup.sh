#!/bin/bash
# SPDX-License-Identifier: MIT
# Installs the Debian packages that building and the demo need, with --tests those of the tests too.
# What is there already is left alone: a second run installs nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(cmake dpkg-dev etcd-server file fonts-dejavu-core g++ ninja-build qt6-base-dev)
case "${1-}" in
'') ;;
--tests) packages+=(clang-14 curl dbus-daemon etcd-client libclang-rt-14-dev openssl) ;;
*)
    echo "usage: installer/setup.sh [--tests]" >&2
    exit 2
    ;;
esac

missing=()
for package in "${packages[@]}"; do
    status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "These Debian packages are missing: ${missing[*]}. Install them as root." >&2
        exit 1
    }
    root=(sudo)
fi

echo "Installing: ${missing[*]}"
"${root[@]}" apt-get update
"${root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends "${missing[@]}"

# Only the program is wanted: a service that runs for good was not asked for.
if [[ " ${missing[*]} " == *" etcd-server "* && -d /run/systemd/system ]]; then
    "${root[@]}" systemctl disable --now etcd.service
fi
