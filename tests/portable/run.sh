#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD FOLDER: installs the portable build of the folder BUILD in a Debian 12 and in a Debian 13, and tries it there (inside.sh).
# These systems have the libraries that it needs and no others. FOLDER keeps them. OCELLI_SOURCE: the sources. As root. It needs mmdebstrap,
# and the first time the network. Ubuntu does not run here: cmake/portable_check.sh reads the files for it.
set -eu
build=$1 out=$2
mkdir -p "$out"
out=$(cd "$out" && pwd)
mirror=$(sh "$OCELLI_SOURCE/packaging/archive")
for file in ocelli ocelli-convert libocelli.so; do sh "$OCELLI_SOURCE/cmake/portable_check.sh" "$build/$file"; done

libraries() { # SUITE: packages of the libraries that cmake/portable.cmake leaves dynamic, or that are loaded
    case $1 in
    bookworm) echo libmicrohttpd12,libmosquitto1,libsqlite3-0,libcjson1,libssl3,zlib1g,libpng16-16,libwebp7,libwebpdemux2 ;;
    *) echo libmicrohttpd12t64,libmosquitto1,libsqlite3-0,libcjson1,libssl3t64,zlib1g,libpng16-16t64,libwebp7,libwebpdemux2 ;;
    esac
}
system() { # SUITE
    stamp="$1 $(libraries "$1")"
    test "$(cat "$out/$1.stamp" 2>/dev/null)" != "$stamp" || return 0
    rm -rf "${out:?}/$1"
    mmdebstrap --quiet --variant=essential --components=main --aptopt='APT::Install-Recommends "false"' --include="$(libraries "$1")" \
        "$1" "$out/$1" "$mirror"
    echo "$stamp" >"$out/$1.stamp"
}

for suite in bookworm trixie; do
    system $suite
    root=$out/$suite
    rm -rf "$root/opt/ocelli" "$root/in"
    mkdir -p "$root/in"
    DESTDIR=$root cmake --install "$build" --prefix /opt/ocelli >/dev/null
    cp -r "$OCELLI_SOURCE/tools/demo/checkpoint" "$OCELLI_SOURCE/tools/demo/pictures/cat.png" "$OCELLI_SOURCE/tests/golden/pictures/422.jpg" \
        "$OCELLI_SOURCE/tests/golden/pictures/lossy.webp" "$OCELLI_SOURCE/tests/portable/inside.sh" "$root/in/"
    cc -I"$OCELLI_SOURCE/include" "$OCELLI_SOURCE/docs/examples/example.c" "$build/libocelli.so" -Wl,-rpath,/opt/ocelli/lib -o "$root/in/example"
    echo "-- $(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' "$root/etc/os-release")"
    # The mounts are this process's own, and go with it.
    # shellcheck disable=SC2016
    unshare -m --propagation private sh -c 'mount -t proc proc "$1/proc" && mount --bind /dev "$1/dev" &&
        exec chroot "$1" /usr/bin/env -i PATH=/opt/ocelli/bin:/usr/bin:/bin LC_ALL=C.UTF-8 sh /in/inside.sh' sh "$root"
done
