#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What cmake/portable_check.sh lets pass and what it refuses; the build with OCELLI_PORTABLE, and starts on several systems, are
# `make test-portable`. OCELLI_BUILD is an ordinary build, which has to be refused.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0
fail() { echo "FAILED: $1"; sed 's/^/    /' out; failed=1; }
compiler=$(sed -n 's/^CMAKE_C_COMPILER:[^=]*=//p' "$OCELLI_BUILD/CMakeCache.txt")
command -v objdump >/dev/null || { echo "SKIP: no objdump: install binutils"; exit 77; }
passes() { sh "$OCELLI_SOURCE/cmake/portable_check.sh" "$1" >out 2>&1 && test ! -s out || fail "$1 is refused"; }
refused() { # FILE PATTERN
    sh "$OCELLI_SOURCE/cmake/portable_check.sh" "$1" >out 2>&1 && fail "$1 passes"
    grep -q "^$1: $2" out || fail "$1 is not refused like $2"
}
# made NAME CODE [FLAG]...
made() {
    name=$1
    printf '%s\n' "$2" >"$name.c"
    shift 2
    "$compiler" -w "$name.c" -o "$name" "$@" >out 2>&1 || { fail "$name cannot be compiled"; exit 1; }
}

made plain '#include <stdio.h>
#include <math.h>
int main(int n, char **a) { return printf("%f%s", pow(n, 0.5), a[0]) < 0; }' -lm
passes plain
made library 'int twice(int n) { return 2 * n; }' -shared -fPIC -nostdlib
refused library 'cannot be read, or needs no library'

# A symbol of the C library that came with 2.36, under the version it has there, whatever this system's is.
echo 'GLIBC_2.35 { old_enough; }; GLIBC_2.36 { too_new; };' >map
made libc.so 'int old_enough(void) { return 1; } int too_new(void) { return 2; }' -shared -fPIC -nostdlib -Wl,-soname,libc.so.6 -Wl,--version-script=map
made old 'int old_enough(void); int f(void) { return old_enough(); }' -shared -fPIC -nostdlib ./libc.so
passes old
made new 'int too_new(void); int f(void) { return too_new(); }' -shared -fPIC -nostdlib ./libc.so
refused new 'too_new is of GLIBC_2.36, newer than GLIBC_2.35: link it on Debian 12'

# Something that the loader of 2.36 has and no symbol tells.
made packed 'int printf(const char *, ...); char *names[] = {"a", "b"}; int main(int n, char **a) { return printf("%s", names[n]); }' \
    -fPIE -pie -Wl,-z,pack-relative-relocs
if objdump -p packed | grep -q DT_RELR; then refused packed 'needs GLIBC_ABI_DT_RELR, which'; else echo "not tried: this linker packs no relocations"; fi

# A library without versions of symbols.
made libsqlite3.so 'int sqlite3_open(void) { return 1; } int sqlite3_is_interrupted(void) { return 2; }' -shared -fPIC -nostdlib -Wl,-soname,libsqlite3.so.0
made old 'int sqlite3_open(void); int f(void) { return sqlite3_open(); }' -shared -fPIC -nostdlib ./libsqlite3.so
passes old
made new 'int sqlite3_is_interrupted(void); int f(void) { return sqlite3_is_interrupted(); }' -shared -fPIC -nostdlib ./libsqlite3.so
refused new 'sqlite3_is_interrupted is newer than the library of the oldest system$'

# An ordinary build, and files that are no programs.
for file in ocelli libocelli.so; do
    cp "$OCELLI_BUILD/$file" .
    if grep -q '^OCELLI_PORTABLE:BOOL=ON$' "$OCELLI_BUILD/CMakeCache.txt"; then
        passes "$file"
    else
        refused "$file" 'needs libutf8proc.so.[0-9]*, which is not on all systems$'
    fi
done
refused plain.c 'cannot be read'
refused nothing 'cannot be read'
exit $failed
