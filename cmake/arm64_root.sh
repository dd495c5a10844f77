#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# arm64_root.sh [FOLDER]: FOLDER/root (default build/arm64/root), Debian's arm64 packages that cmake/arm64.cmake compiles against. They are
# only extracted: nothing of them runs. Made once for a list of packages. SUITE: by default this machine's, as the cross compiler's
# libc was made for it. Needs mmdebstrap; the network the first time.
set -eu
out=${1:-$(cd "$(dirname "$0")/.." && pwd)/build/arm64}
command -v mmdebstrap >/dev/null || { echo "arm64_root.sh: no mmdebstrap: install it" >&2; exit 1; }
suite=${SUITE:-$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)}
mirror=$(sh "$(dirname "$0")/../packaging/archive")
packages=libc6-dev,libgcc-s1,libutf8proc-dev,libcjson-dev,libinih-dev,libssl-dev,zlib1g-dev,libstb-dev,libcmocka-dev,libvulkan-dev
packages=$packages,libcoap3-dev,libcurl4-openssl-dev,libmicrohttpd-dev,libmosquitto-dev,libzip-dev,libsqlite3-dev,libjpeg-dev,libpng-dev,libwebp-dev
stamp="$suite $packages $(cksum <"$0")"
test "$(cat "$out/stamp" 2>/dev/null)" != "$stamp" || exit 0
mkdir -p "$out"
rm -rf "$out/root" "$out/stamp"
mmdebstrap --quiet --variant=extract --arch=arm64 --components=main --skip=check/qemu \
    --aptopt='APT::Install-Recommends "false"' --include=$packages "$suite" "$out/root" "$mirror"
# Of devices the emulator has to take this machine's: a ptmx of its own finds no terminals.
rm -rf "$out/root/dev"
# Links that begin at / would lead out of the folder, and the linker would take an archive in place of a library.
find "$out/root" -lname '/*' -printf '%l %p\n' | while read -r to link; do ln -sfnr "$out/root$to" "$link"; done
echo "$stamp" >"$out/stamp"
