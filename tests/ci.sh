#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ci.sh FOLDER: what CI checks of boards beside `make test` (docs/boards.md). First the processor's kernels, as arm64 programs under qemu-user.
# Then the pipelines of the form of the product that a Raspberry Pi's GPU likes best. It says SKIPPED and passes if a package is missing
# or the archive cannot be reached. A check that fails fails.
set -u
out=$1
here=$(cd "$(dirname "$0")" && pwd)
skipped() {
    echo "SKIPPED: $*"
    exit 0
}

packages='gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static mmdebstrap libdrm-dev libvulkan-dev debian-archive-keyring'
missing=
for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
mkdir -p "$out"
if [ -n "$missing" ]; then
    [ "$(id -u)" = 0 ] || skipped "boards: not installed:$missing"
    echo "installing through apt:$missing"
    # shellcheck disable=SC2086
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing; } >"$out/ci.log" 2>&1 ||
        skipped "boards: apt cannot install$missing: $(grep '^E:' "$out/ci.log" | head -n 1)"
fi
[ "$(id -u)" != 0 ] || [ -n "$(apt-get indextargets 'Created-By: Packages' 2>/dev/null)" ] || apt-get update -q >"$out/ci.log" 2>&1
# What needs the network comes first, apart from what may fail.
sh "$here/../cmake/arm64_root.sh" "$out/arm64" >"$out/ci.log" 2>&1 || skipped "boards: no arm64 packages: $(tail -n 1 "$out/ci.log")"
sh "$here/pi/driver.sh" "$out/pi-test" >"$out/ci.log" 2>&1 || skipped "boards: no arm64 drivers: $(tail -n 1 "$out/ci.log")"

QUICK=yes sh "$here/arm64/run.sh" "$out/arm64" && sh "$here/pi/run.sh" "$out/pi-test" "$out/arm64"
