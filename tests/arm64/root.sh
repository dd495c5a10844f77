#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# root.sh FOLDER: Debian's arm64 packages that ocelli is compiled against, extracted in FOLDER/root; no emulation, no scripts of theirs.
# Made once for a list of packages. Needs mmdebstrap, and the network the first time.
set -eu
out=$1
# The suite of this machine's own packages: what the cross compiler's libc was made for.
suite=${SUITE:-$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)}
mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $suite" 'Component: main' | head -n 1)}
packages=libc6-dev,libgcc-s1,libutf8proc-dev,libcjson-dev,libinih-dev,libssl-dev,zlib1g-dev,libstb-dev,libcmocka-dev
packages=$packages,libcoap3-dev,libsqlite3-dev,libjpeg-dev,libpng-dev,libwebp-dev,libvulkan-dev,libdrm-dev
stamp="$suite $packages"
[ "$(cat "$out/stamp" 2>/dev/null)" != "$stamp" ] || exit 0
test -n "$mirror" || { echo "no package archive of $suite in apt's settings: run apt-get update, or set MIRROR" >&2; exit 1; }
rm -rf "$out/root" "$out/stamp"
mkdir -p "$out"
mmdebstrap --quiet --variant=extract --arch=arm64 --components=main --skip=check/qemu \
    --aptopt='APT::Install-Recommends "false"' --include=$packages "$suite" "$out/root" "$mirror"
echo "$stamp" >"$out/stamp"
