#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: pi-ocelli.sh FOLDER BUILD
# Builds ocelli for arm64 in BUILD with the libraries under FOLDER, which this has pi-driver.sh fill (Debian 13's):
# what the program records on a Raspberry Pi is then seen with FOLDER/v3d 71 BUILD/ocelli bench --plan.
set -eu
[ $# = 2 ] || { echo "usage: pi-ocelli.sh FOLDER BUILD" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
[ -e "$1/usr/include/utf8proc.h" ] || sh "$here/pi-driver.sh" trixie "$1" libcjson-dev libutf8proc-dev libssl-dev \
    libinih-dev zlib1g-dev libvulkan-dev libstb-dev
folder=$(cd "$1" && pwd)
libraries=$folder/usr/lib/aarch64-linux-gnu
# Vulkan's headers are taken from this machine otherwise.
PKG_CONFIG_SYSROOT_DIR=$folder PKG_CONFIG_LIBDIR=$libraries/pkgconfig cmake -S "$here/../.." -B "$2" \
    -DCMAKE_BUILD_TYPE=RelWithDebInfo -DBUILD_TESTING=OFF -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
    -DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc -DCMAKE_C_FLAGS="-isystem $folder/usr/include/aarch64-linux-gnu" \
    -DCMAKE_EXE_LINKER_FLAGS="-Wl,--allow-shlib-undefined" \
    -DVulkan_INCLUDE_DIR="$folder/usr/include" -DSTB_INCLUDE="$folder/usr/include"
cmake --build "$2" -j"${JOBS:-$(nproc)}" --target ocelli
