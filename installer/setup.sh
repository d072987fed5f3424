#!/bin/bash
# SPDX-License-Identifier: MIT
# Installs the Debian packages that building and the demo need, with --tests those of the tests too.
# What is there already is left alone: a second run installs nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(cmake dpkg-dev etcd-server file fonts-dejavu-core g++ ninja-build qt6-base-dev)
case "${1-}" in
'') ;;
--tests) packages+=(clang curl dbus-daemon debootstrap etcd-client fish libclang-rt-dev openssl zsh) ;;
*)
    echo "usage: installer/setup.sh [--tests]" >&2
    exit 2
    ;;
esac

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    cat <<END
There is no apt here, so nothing is installed. What is needed, by the names of Debian's packages:
    ${packages[*]}
Of Qt 6.4 or later: Core, DBus, Network, Widgets and, for the tests, Test. What is missing of all
that building needs, cmake says.
END
    exit 0
fi

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
# Somebody else's apt is waited for: for its lists by us, for dpkg's lock by apt
readonly patience=600 # s
until errors=$("${root[@]}" env LC_ALL=C apt-get update 2>&1 >&3); do
    if [[ "$errors" != *"Could not get lock"* ]] || [ "$SECONDS" -gt "$patience" ]; then
        echo "$errors" >&2
        exit 1
    fi
    sleep 2
done 3>&1
"${root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -o DPkg::Lock::Timeout=$patience install --yes --no-install-recommends "${missing[@]}"

# Only the program is wanted: a service that runs for good was not asked for.
if [[ " ${missing[*]} " == *" etcd-server "* && -d /run/systemd/system ]]; then
    "${root[@]}" systemctl disable --now etcd.service
fi
