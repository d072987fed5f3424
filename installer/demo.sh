#!/bin/bash
# SPDX-License-Identifier: MIT
# Installs what is missing, builds the release preset and starts the window in a demo session.
# Without a display it runs off screen, writes demo.png and prints the table of services.
set -euo pipefail
cd "$(dirname "$0")/.."

installer/setup.sh
cmake --preset release
cmake --build --preset release

browser=build/release/bin/etcd-registry-browser
if [ -n "${DISPLAY-}${WAYLAND_DISPLAY-}" ]; then
    exec "$browser" --demo
fi
echo "There is no display: the demo runs off screen."
QT_QPA_PLATFORM=offscreen exec "$browser" --demo --screenshot demo.png
