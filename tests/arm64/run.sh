#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh FOLDER: unit tests as arm64 programs without Vulkan, run by qemu-user: the ops on the processor as a Cortex-A72 (NEON alone),
# a Cortex-A76 (dot products) and all that QEMU can (i8mm too), the towers as the first two, the others as a Cortex-A72. FOLDER keeps Debian's arm64 packages
# and the build. QUICK=yes: what is of the processor's own kernels alone, out of the build of build.sh. Needs aarch64-linux-gnu-gcc, qemu-user-static and mmdebstrap; the network the first time.
set -eu
out=$1
here=$(cd "$(dirname "$0")" && pwd)
source=$here/../..
jobs=$(nproc)
for tool in aarch64-linux-gnu-gcc qemu-aarch64-static mmdebstrap; do
    command -v $tool >/dev/null || { echo "test-arm64: no $tool: install gcc-aarch64-linux-gnu, qemu-user-static and mmdebstrap" >&2; exit 1; }
done
mkdir -p "$out"
out=$(cd "$out" && pwd)

sh "$source/cmake/arm64_root.sh" "$out"

# -O2: gcc 12 ends with an internal error over tests/op/cpu/rows.c at -O3.
unit='^(base|prep|text|blob|tag|memory|source|serve|convert|op|clip)_'
export OCELLI_SYSROOT="$out/root"
configure() {
    cmake -S "$source" -B "$out/build" -DCMAKE_TOOLCHAIN_FILE="$source/cmake/arm64.cmake" -DCMAKE_BUILD_TYPE=RelWithDebInfo \
        -DCMAKE_C_FLAGS=-Werror -DOCELLI_CAMERA=OFF -DOCELLI_VULKAN=OFF -DCMAKE_CROSSCOMPILING_EMULATOR="$(command -v qemu-aarch64-static);-L;$out/root"
}
# Tests that end with _cpu are the same programs once more.
# shellcheck disable=SC2046
build() {
    cmake --build "$out/build" -j"$jobs" --target \
        $(cd "$out/build" && ctest -N -R "$unit" -E "_cpu\$" | sed -n 's/^ *Test *#[0-9]*: /test_/p')
}
if [ "${QUICK:-}" = yes ]; then
    # shellcheck disable=SC2046
    sh "$here/build.sh" "$out" $(cd "$source/tests" && for test in prep/*.c op/*.c op/cpu/*.c; do echo "test_${test%.c}"; done | tr / _)
    built=$out/ocelli
else
    { configure && build; } >"$out/build.log" 2>&1 || { grep -B 3 -A 10 -i error "$out/build.log" || tail -n 30 "$out/build.log"; exit 1; }
    built=$out/build
fi

# Minutes when emulated; and what opens a pseudoterminal, which qemu-user cannot.
slow='^(blob_blob|convert_convert|memory_history|serve_line|tag_tagger_days|text_bpe)$'
pty='^(serve_serve|serve_deferred)$'

run() { # CPU TESTS BEST NOT: the kernels that it must have found first
    echo "-- as $1"
    best=$(QEMU_CPU=$1 qemu-aarch64-static -L "$out/root" "$built/tests/test_op_cpu_rows" 2>&1 | sed -n '/RUN/{n;p;q;}')
    [ "$best" = "$3" ] || { echo "test-arm64: as $1 the best kernels are '$best', not $3" >&2; exit 1; }
    echo "   kernels from $best on"
    (cd "$built" && QEMU_CPU=$1 ctest -j"$jobs" --output-on-failure --no-tests=error -R "$2" -E "$4")
}
if [ "${QUICK:-}" = yes ]; then # that build has Vulkan: there the ops on the processor end with _cpu
    run cortex-a72 '^(prep_.*|op_cpu_.*|op_.*_cpu)$' neon '^none$'
    run cortex-a76 '^(op_cpu_(linear|rows)|op_linear_cpu)$' dotprod '^none$'
    run max '^(op_cpu_(linear|rows)|op_linear_cpu)$' i8mm '^none$'
    exit
fi
run cortex-a72 "$unit" neon "$slow|$pty|_cpu\$"
run cortex-a76 '^(op|clip)_' dotprod "$slow|$pty|_cpu\$"
run max '^op_' i8mm "$slow|$pty|_cpu\$"
