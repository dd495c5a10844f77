#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# build.sh FOLDER TARGET...: ocelli for arm64 with Vulkan, in FOLDER/ocelli, against the packages of cmake/arm64_root.sh in FOLDER/root.
set -eu
out=$1
here=$(cd "$(dirname "$0")" && pwd)
shift
sh "$here/../../cmake/arm64_root.sh" "$out"
OCELLI_SYSROOT=$(cd "$out" && pwd)/root
export OCELLI_SYSROOT
cmake -S "$here/../.." -B "$out/ocelli" -DCMAKE_TOOLCHAIN_FILE="$here/../../cmake/arm64.cmake" -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DCMAKE_C_FLAGS=-Werror -DOCELLI_CAMERA=OFF -DCMAKE_CROSSCOMPILING_EMULATOR="$(command -v qemu-aarch64-static);-L;$OCELLI_SYSROOT" >"$out/ocelli.log" 2>&1 &&
    cmake --build "$out/ocelli" -j"${JOBS:-$(nproc)}" --target "$@" >>"$out/ocelli.log" 2>&1 ||
    { grep -B 3 -A 10 -i 'error' "$out/ocelli.log" || tail -n 30 "$out/ocelli.log"; exit 1; } >&2
