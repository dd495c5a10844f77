#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh FOLDER ARM64: tries boards/orin/install-rootfs on a tree, which tree.sh makes in FOLDER. The package holds this checkout's ocelli,
# which tests/arm64/build.sh builds in ARM64. install-rootfs refuses what does not fit, and changes nothing then. It unpacks the package and
# enters it in dpkg's list. The program runs in the tree, and Vulkan's loader finds NVIDIA's driver file. A second run changes nothing, and
# an upgrade works. As root.
set -u
out=$1 arm64=$2
here=$(cd "$(dirname "$0")" && pwd)
install=$here/../../boards/orin/install-rootfs
for tool in aarch64-linux-gnu-gcc qemu-aarch64-static mmdebstrap; do
    command -v $tool >/dev/null || { echo "SKIP: no $tool"; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo "SKIP: not root"; exit 77; }
mkdir -p "$out" && out=$(cd "$out" && pwd)
sh "$here/tree.sh" "$out" && sh "$here/../arm64/build.sh" "$arm64" ocelli || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
tree=$work/tree
cp -a "$out/tree" "$tree"
failed=0
fail() { echo "FAILED: $1"; sed 's/^/    /' "$work/said" 2>/dev/null; failed=1; }
state() { (cd "$tree" && find . -printf '%p %l %m %s\n' | sort && cat var/lib/dpkg/status) | cksum; }
said() { grep -q -e "$1" "$work/said" || fail "$2: it does not say '$1'"; }

# A package whose Depends name what the program links, as dpkg-shlibdeps would.
needs() { # of the program
    aarch64-linux-gnu-objdump -p "$arm64/ocelli/ocelli" | awk '/NEEDED/ { print $2 }' | while read -r library; do
        case $library in
        ld-linux* | libm.so.6) ;;
        *) list=$(grep -l "/$library\$" "$tree"/var/lib/dpkg/info/*.list | head -n 1) && basename "$list" .list | sed 's/:arm64$//' ;;
        esac
    done | sort -u | sed 's/^libc6$/libc6 (>= 2.34)/' | paste -sd, | sed 's/,/, /g'
}
make_deb() { # FILE VERSION DEPENDS [ARCHITECTURE]
    rm -rf "$work/deb" && mkdir -p "$work/deb/DEBIAN" "$work/deb/usr/bin"
    cp "$arm64/ocelli/ocelli" "$work/deb/usr/bin/"
    printf 'Package: ocelli\nVersion: %s\nArchitecture: %s\nMaintainer: Tests <tests@example.org>\nDepends: %s\nDescription: of a test\n' \
        "$2" "${4:-arm64}" "$3" >"$work/deb/DEBIAN/control"
    printf '#!/bin/sh\nset -e\necho configured >/var/lib/ocelli-was-configured\n' >"$work/deb/DEBIAN/postinst"
    [ -z "${preinst:-}" ] || cp "$work/deb/DEBIAN/postinst" "$work/deb/DEBIAN/preinst"
    chmod 755 "$work"/deb/DEBIAN/p*inst 2>/dev/null
    dpkg-deb --root-owner-group -b "$work/deb" "$1" >/dev/null
}
depends=$(needs)
case $depends in *libcjson1*libutf8proc2*) ;; *) fail "what the program links: $depends" ;; esac
make_deb "$work/ocelli.deb" 0.1.0 "$depends"

refuses() { # WHAT LINE ARGUMENTS...
    what=$1 line=$2
    shift 2
    state >"$work/before"
    sh "$install" "$@" >"$work/said" 2>&1 && fail "$what: no failure"
    [ "$(wc -l <"$work/said")" = 1 ] || fail "$what: not one line"
    said "$line" "$what"
    state | cmp -s - "$work/before" || fail "$what: the tree is another one"
}
mkdir -p "$work/none/etc"
refuses "no tree" "none: no L4T root tree" "$work/none" "$work/ocelli.deb"
refuses "no folder" "nowhere: no such folder" "$work/nowhere" "$work/ocelli.deb"
refuses "no package" "hosts: no Debian package" "$tree" /etc/hosts
refuses "no file" "x.deb: no such file" "$tree" "$work/x.deb"
make_deb "$work/amd64.deb" 0.1.0 "libc6" amd64
refuses "another architecture" "a package of amd64" "$tree" "$work/amd64.deb"
make_deb "$work/newer.deb" 0.1.0 "libc6 (>= 9.1)"
refuses "a newer libc" "ocelli needs libc6 (>= 9.1)" "$tree" "$work/newer.deb"
make_deb "$work/lacks.deb" 0.1.0 "libnothere1, $depends"
refuses "a library that is not there" "ocelli needs libnothere1" "$tree" "$work/lacks.deb"
if ! chroot "$tree" /bin/true 2>/dev/null; then
    preinst=yes make_deb "$work/preinst.deb" 0.1.0 "$depends"
    refuses "a preinst" "install qemu-user-static" "$tree" "$work/preinst.deb"
fi

# Links that lead to this PC's own files.
mkdir "$work/outside"
for link in etc/systemd etc var usr/bin; do
    cp -a "$tree" "$work/linked"
    mkdir -p "$(dirname "$work/outside/$link")"
    mv "$work/linked/$link" "$work/outside/$link" && ln -s "$work/outside/$link" "$work/linked/$link"
    find "$work/outside" | sort >"$work/before"
    sh "$install" --serial "$work/linked" "$work/ocelli.deb" >"$work/said" 2>&1 && fail "$link is a link: no failure"
    said "leads out of the tree" "$link is a link"
    find "$work/outside" | sort | cmp -s - "$work/before" || fail "$link is a link: written outside the tree"
    rm -rf "$work/linked" "$work/outside"/*
done

state >"$work/before"
sh "$install" --dry-run "$tree" "$work/ocelli.deb" >"$work/said" 2>&1 || fail "--dry-run"
said "would unpack ocelli 0.1.0" "--dry-run"
state | cmp -s - "$work/before" || fail "--dry-run changes the tree"

sh "$install" --serial "$tree" "$work/ocelli.deb" >"$work/said" 2>&1 || fail "it does not unpack"
dpkg-query --admindir="$tree/var/lib/dpkg" -W -f '${Status} ${Version} ${Architecture}\n' ocelli >"$work/said" 2>&1
said '^install ok unpacked 0.1.0 arm64$' "dpkg's list"
qemu-aarch64-static -L "$tree" "$tree/usr/bin/ocelli" --version >"$work/said" 2>&1 || fail "the program does not run there"
[ -L "$tree/etc/systemd/system/multi-user.target.wants/ocelli-configure.service" ] || fail "nothing configures it"
[ "$(readlink "$tree/etc/systemd/system/nvgetty.service")" = /dev/null ] || fail "--serial: L4T's login stays"
if command -v systemd-analyze >/dev/null; then
    sed 's|/usr/bin/dpkg|/bin/true|' "$tree/etc/systemd/system/ocelli-configure.service" >"$work/ocelli-configure.service"
    systemd-analyze verify --man=no "$work/ocelli-configure.service" 2>&1 | grep "$work" >"$work/said" && fail "its unit"
fi

# The loader looks into /etc/vulkan/icd.d by itself. The driver behind that file is NVIDIA's, and not there.
cp "$(command -v qemu-aarch64-static)" "$tree/qemu"
VK_LOADER_DEBUG=all OCELLI_DEVICE=gpu chroot "$tree" /qemu /usr/bin/ocelli info >"$work/said" 2>&1
said 'libGLX_nvidia.so.0' "the loader finds no file of NVIDIA's driver"
rm "$tree/qemu"

state >"$work/before"
sh "$install" --serial "$tree" "$work/ocelli.deb" >"$work/said" 2>&1 || fail "a second run"
said "ocelli 0.1.0 is in the tree already" "a second run"
state | cmp -s - "$work/before" || fail "a second run changes the tree"

# As apt on the board would see a newer one.
make_deb "$work/later.deb" 0.1.1 "$depends"
sh "$install" --dry-run "$tree" "$work/later.deb" >"$work/said" 2>&1 || fail "an upgrade"
said "would unpack ocelli 0.1.1" "an upgrade"
sh "$install" "$tree" "$work/later.deb" >"$work/said" 2>&1 || fail "an upgrade in the tree"
[ "$(dpkg-query --admindir="$tree/var/lib/dpkg" -W -f '${Version}' ocelli)" = 0.1.1 ] || fail "an upgrade in the tree: dpkg's list"

configured="not tried here: this machine cannot run arm64 programs in a chroot"
if chroot "$tree" /bin/sh -c : 2>/dev/null; then
    chroot "$tree" dpkg --configure --pending >"$work/said" 2>&1 || fail "the board could not configure it"
    [ -e "$tree/var/lib/ocelli-was-configured" ] || fail "its postinst did not run"
    configured="done in a chroot"
fi
[ $failed = 0 ] || exit 1
echo "install-rootfs: a tree of $(ls "$out/debs" | wc -l) packages; what the board does at its first start: $configured"
