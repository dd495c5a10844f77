#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# driver.sh FOLDER: Debian 13's arm64 Vulkan driver with the pretended GPU and the validation layer, in FOLDER/driver; made once, with the
# network (tools/v3dmeter/pi-driver.sh).
set -eu
out=$1
here=$(cd "$(dirname "$0")" && pwd)
[ ! -e "$out/driver/complete" ] || exit 0
rm -rf "$out/driver"
mkdir -p "$out"
sh "$here/../../tools/v3dmeter/pi-driver.sh" trixie "$out/driver" vulkan-validationlayers >"$out/driver.log" 2>&1 ||
    { tail -n 5 "$out/driver.log" >&2; exit 1; }
: >"$out/driver/complete"
