#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ocelli as it is installed, on arm64 under systemd: compiled for Debian's root of root.sh, booted by QEMU, with a USB camera (camera/) that is
# plugged and unplugged, and a USB serial line whose other end is in the guest too (/dev/virtio-ports/wire). What is checked there is inside.sh.
# OCELLI_SOURCE, OCELLI_BUILD: folders of the sources and of a build on this machine (libocelli.so, ocelli-convert). As root.
# GUEST: folder of what is kept for the next run (default OCELLI_BUILD/guest). REPLUGS: how often the plug is pulled (default 20).
set -eu
here=$OCELLI_SOURCE/tests/guest
guest=${GUEST:-$OCELLI_BUILD/guest}
for tool in qemu-system-aarch64 aarch64-linux-gnu-g++ mmdebstrap depmod cpio mke2fs; do
    command -v $tool >/dev/null || { echo "SKIP: no $tool; see the Makefile"; exit 77; }
done
test "$(id -u)" = 0 || { echo "SKIP: not root, who makes the guest's root"; exit 77; }
mkdir -p "$guest"
sh "$here/root.sh" "$guest"

# What is tested: compiled, installed, and laid beside the root (boot.cpio puts it there).
install=$guest/install
OCELLI_SYSROOT=$guest/root cmake -S "$OCELLI_SOURCE" -B "$guest/ocelli" -DCMAKE_TOOLCHAIN_FILE="$OCELLI_SOURCE/cmake/arm64.cmake" \
    -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF -DCMAKE_INSTALL_PREFIX=/usr >"$guest/cmake.log" 2>&1 &&
    cmake --build "$guest/ocelli" -j"$(nproc)" >>"$guest/cmake.log" 2>&1 || { tail -n 30 "$guest/cmake.log"; exit 1; }
rm -rf "$install"
DESTDIR=$install cmake --install "$guest/ocelli" >/dev/null
mkdir -p "$install/etc/ocelli" "$install/etc/systemd/system/multi-user.target.wants" "$install/usr/libexec"
"$OCELLI_BUILD/ocelli-convert" "$OCELLI_SOURCE/tools/demo/checkpoint" -o "$install/etc/ocelli/demo.gguf" >/dev/null
cp "$here/ocelli.ini" "$install/etc/ocelli/"
cp "$here/inside.sh" "$install/usr/libexec/"
cp "$here/check.service" "$install/etc/systemd/system/"
# An emulated machine on busy cores takes its time to compile shaders.
mkdir -p "$install/etc/systemd/system/ocelli.service.d"
printf '[Service]\nTimeoutStartSec=1200\n' >"$install/etc/systemd/system/ocelli.service.d/emulated.conf"
ln -s /etc/systemd/system/check.service /usr/lib/systemd/system/ocelli.service "$install/etc/systemd/system/multi-user.target.wants/"
(cd "$guest" && find install | cpio --quiet -o -H newc) >"$guest/install.cpio"
cat "$guest/boot.cpio" "$guest/install.cpio" >"$guest/initrd"

cc -std=gnu11 -O1 -Wall -Wextra -I"$OCELLI_SOURCE/include" -o "$guest/usb_camera" "$here"/camera/*.c "$OCELLI_BUILD/libocelli.so" \
    -Wl,-rpath,"$OCELLI_BUILD" -lusbredirparser

# Shaders that a run before compiled; without this file it takes minutes longer.
test -e "$guest/cache.ext4" || mke2fs -q -t ext4 -L cache "$guest/cache.ext4" 128M

work=$(mktemp -d)
qemu=
rm -f "$guest/report"
trap 'test -z "$qemu" || kill "$qemu" 2>/dev/null; rm -rf "$work"' EXIT
timeout "${TIMEOUT:-3600}" qemu-system-aarch64 -M virt -cpu cortex-a72 -smp 2 -m 2G -nodefaults -nographic -no-reboot \
    -kernel "$guest/vmlinuz" -initrd "$guest/initrd" \
    -append "console=ttyAMA0 systemd.getty_auto=no replugs=${REPLUGS:-20}" -serial "file:$guest/console" \
    -drive "if=none,id=root,format=raw,snapshot=on,file=$guest/root.ext4" -device virtio-blk-pci,drive=root,addr=4 \
    -drive "if=none,id=cache,format=raw,file=$guest/cache.ext4" -device virtio-blk-pci,drive=cache,addr=5 \
    -device qemu-xhci -chardev "socket,id=usb,path=$work/usb,server=on,wait=off" -device usb-redir,chardev=usb \
    -device virtio-serial-pci -chardev "socket,id=told,path=$work/told,server=on,wait=off" \
    -device virtserialport,chardev=told,name=camera \
    -chardev "socket,id=serial,path=$work/serial,server=on,wait=off" -device usb-serial,chardev=serial \
    -chardev "socket,id=wire,path=$work/serial" -device virtserialport,chardev=wire,name=wire \
    -chardev "file,id=report,path=$guest/report" -device virtserialport,chardev=report,name=report & qemu=$!
until test -S "$work/told"; do sleep 0.1; kill -0 $qemu; done
"$guest/usb_camera" "$OCELLI_SOURCE/tools/demo/pictures" "$work/usb" "$work/told" 2>"$guest/camera.log" &
wait $qemu || { echo "FAILED: the guest did not end by itself"; tail -n 20 "$guest/console" "$guest/report"; exit 1; }
qemu=
cat "$guest/report" "$guest/camera.log"
grep -q '^all as it should be$' "$guest/report" || { echo "FAILED; see $guest/report and $guest/console"; exit 1; }
