#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `cmake --install` under another prefix than the configured one, behind DESTDIR. docs/examples and the example of library.md
# build there by pkg-config, and run. One of them also builds by pkg-config --static and by find_package, both ways. Nothing
# installed names the folder of the build or the configured prefix. Nothing needs libvulkan to be linked or to start.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
fail() { echo "FAILED: $1"; test ! -s "$work/log" || tail -20 "$work/log"; failed=1; }
cached() { sed -n "s/^$1:[^=]*=//p" "$OCELLI_BUILD/CMakeCache.txt"; }
prefix=/opt/ocelli-of-a-test root=$work/root
DESTDIR=$root cmake --install "$OCELLI_BUILD" --prefix "$prefix" >"$work/log" 2>&1 || { fail "cannot be installed"; exit 1; }
test "$(ls "$root")" = opt || fail "something was installed beside the prefix"
grep -q "^ExecStart=$prefix/bin/ocelli run " "$root$prefix/lib/systemd/system/ocelli.service" || fail "the unit starts another program"
grep -rlI -e "$OCELLI_BUILD" -e "$(cached CMAKE_INSTALL_PREFIX)" "$root" >"$work/log" && fail "these name the build or the configured prefix"
: >"$work/log"

find "$root" -path '*/doc/ocelli/examples/*' -printf '%f %m\n' | sort >"$work/log"
printf 'ocelli.ini 644\non_change 755\n' | cmp -s - "$work/log" || fail "the examples"
: >"$work/log"

# The folder may be moved as a whole, as a package is from where it was made.
mv "$root$prefix" "$work/moved"
where=$(find "$work/moved" -name pkgconfig -type d)
PKG_CONFIG_PATH=$where export PKG_CONFIG_PATH
flags=$(cached CMAKE_C_FLAGS) compiler=$(cached CMAKE_C_COMPILER) examples=$OCELLI_SOURCE/docs/examples
example=$examples/example.c
lib=$(pkg-config --variable=libdir ocelli)
# The sanitizers' flags, where the build has them: the library needs them at the link.
# shellcheck disable=SC2046,SC2086
"$compiler" $flags "$example" $(pkg-config --cflags --libs ocelli) -o "$work/by-pkg-config" 2>"$work/log" || fail "pkg-config"
warnings='-Wall -Wextra -Wpedantic -Werror'
# shellcheck disable=SC2046,SC2086
for name in tagger search; do
    "$compiler" $flags $warnings "$examples/$name.c" $(pkg-config --cflags --libs ocelli) -o "$work/$name" 2>"$work/log" || fail "$name.c"
done
awk '/^```c$/ { on = 1; next } /^```$/ { if (on) exit } on' "$OCELLI_SOURCE/docs/library.md" >"$work/first.c"
# shellcheck disable=SC2046,SC2086
"$compiler" $flags $warnings "$work/first.c" $(pkg-config --cflags --libs ocelli) -o "$work/first" 2>"$work/log" || fail "library.md"
cpp=$(cached CMAKE_CXX_COMPILER)
test -x "$cpp" || cpp=$(command -v c++)
if test -n "$cpp"; then # it may be missing
    # shellcheck disable=SC2046,SC2086
    "$cpp" -std=c++17 $flags $warnings "$examples/example.cpp" $(pkg-config --cflags --libs ocelli) -o "$work/by-cpp" \
        2>"$work/log" || fail "example.cpp"
else
    echo "SKIP: example.cpp: no C++ compiler"
fi
# As on Debian 13: libcrypto.pc names a library for static programs that libssl-dev does not bring.
mkdir "$work/pc"
grep -v '^Libs.private:' "$(pkg-config --variable=pcfiledir libcrypto)/libcrypto.pc" >"$work/pc/libcrypto.pc"
echo 'Libs.private: -lnot-installed' >>"$work/pc/libcrypto.pc"
PKG_CONFIG_PATH=$work/pc:$where
mkdir "$work/static" && cp "$lib/libocelli.a" "$work/static" # the linker prefers the .so where both are
# shellcheck disable=SC2046,SC2086
"$compiler" $flags "$example" -L"$work/static" $(pkg-config --static --cflags --libs ocelli) -o "$work/by-static" 2>"$work/log" ||
    fail "pkg-config --static"
PKG_CONFIG_PATH=$where
readelf -d "$work/by-static" | grep -q libocelli && fail "pkg-config --static: the .so was linked"
cat >"$work/CMakeLists.txt" <<EOF
cmake_minimum_required(VERSION 3.22)
project(application C)
find_package(ocelli 0.1 REQUIRED)
add_executable(by-cmake $example)
target_link_libraries(by-cmake ocelli::ocelli)
add_executable(by-cmake-static $example)
target_link_libraries(by-cmake-static ocelli::ocelli_static)
EOF
cmake -S "$work" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/moved" -DCMAKE_C_COMPILER="$compiler" -DCMAKE_C_FLAGS="$flags" >"$work/log" 2>&1 &&
    cmake --build "$work/build" >"$work/log" 2>&1 || fail "find_package"

# Each runs: with a model where there is a device, else up to the line that there is none of that name.
model=$work/none.gguf
if "$OCELLI_BUILD/ocelli" info >/dev/null 2>&1; then
    model=$work/demo.gguf
    "$OCELLI_BUILD/ocelli-convert" "$OCELLI_SOURCE/tools/demo/checkpoint" -o "$model" >"$work/log" 2>&1 || fail "convert"
fi
for program in by-pkg-config by-static build/by-cmake build/by-cmake-static ${cpp:+by-cpp}; do
    program=$work/$program
    LD_LIBRARY_PATH=$lib "$program" "$model" "$OCELLI_SOURCE/tools/demo/pictures/cat.png" "a cat" "a dog" >"$work/log" 2>&1
    grep -q -e '^100.0 %  a cat' -e 'none.gguf: No such file' "$work/log" || fail "$(basename "$program") does not run"
done

printf '[tag a cat]\non = 0.1\n' >"$work/tags.ini"
LD_LIBRARY_PATH=$lib "$work/tagger" "$model" "$work/tags.ini" "$work/learnt" "$OCELLI_SOURCE/tools/demo/pictures" >"$work/log" 2>&1
grep -q -e '^ .* on        a cat ' -e 'none.gguf: No such file' "$work/log" || fail "tagger does not run"
if test -e "$model"; then
    cp "$model" "$work/model.gguf" && cp "$OCELLI_SOURCE/tools/demo/pictures/cat.png" "$work/picture.jpg"
    (cd "$work" && LD_LIBRARY_PATH=$lib ./first) >"$work/log" 2>&1
    grep -qx 'cat 1.00, dog 0.00' "$work/log" || fail "the example of library.md does not run"
fi

: >"$work/log"
for file in "$work/moved/bin/ocelli" "$lib"/libocelli.so "$work/by-static" "$work/build/by-cmake-static"; do
    readelf -d "$file" | grep 'NEEDED.*vulkan' && fail "$(basename "$file") starts only where libvulkan is"
done
pkg-config --print-requires-private ocelli | grep vulkan && fail "ocelli.pc asks for libvulkan"

# The camera module lies with the library and is found from the program's own place. Nothing else needs libcamera or C++.
module=$(cd "$lib" && pwd)/ocelli/camera.so
for file in "$work/moved/bin/ocelli" "$lib"/libocelli.so; do
    readelf -d "$file" | grep -e 'NEEDED.*libcamera' -e 'NEEDED.*libstdc' && fail "$(basename "$file") starts only where this release's libcamera is"
done
cameras() { env -u OCELLI_CAMERA_MODULE "$work/moved/bin/ocelli" info --json 2>"$work/log" | jq -r "$1"; }
if test -e "${OCELLI_CAMERA_MODULE:-$OCELLI_BUILD/camera.so}"; then
    test "$(nm -D --defined-only "$module" | cut -d ' ' -f 3)" = ocelli_camera_module || fail "camera.so shows more than its table"
    cameras .camera_library | grep -q '^libcamera ' || fail "the installed camera module is not found: $(cameras .camera_fault)"
    rm "$module"
fi
cameras .camera_fault | grep -qF "sudo apt install ocelli-camera (no $module;" || fail "without the module: $(cameras .camera_fault)"

# The program, not of this build's folder; `make install` goes the same way.
"$work/moved/bin/ocelli" --version | grep -q '^ocelli ' || fail "the installed program does not run"
made() { make -n -C "$OCELLI_SOURCE" install "$@" | grep -q "DESTDIR='/d' cmake --install build/release --prefix '$prefix'"; }
prefix=/p/q
made DESTDIR=/d PREFIX=/p/q || fail "make install does not take PREFIX"
prefix=/usr/local
(unset PREFIX && made DESTDIR=/d) || fail "make install has another prefix than /usr/local"

# Without root a build names the optional packages too: their absence would show late.
as_user() { if test "$(id -u)" = 0; then setpriv --reuid=65534 --clear-groups "$@"; else "$@"; fi; }
if as_user test -r "$OCELLI_SOURCE/Makefile"; then
    as_user make -s -C "$OCELLI_SOURCE" packages PACKAGES=dpkg OPTIONAL=no-such-package >"$work/log" 2>&1 || fail "optional packages stop the build"
    grep -q '^optional packages, .*apt-get install -y no-such-package$' "$work/log" || fail "optional packages are not named"
fi
exit $failed
