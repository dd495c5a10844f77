#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# root.sh FOLDER: makes Debian's arm64 root for tests/guest/run.sh, without ocelli. It makes FOLDER/vmlinuz, FOLDER/boot.cpio,
# FOLDER/root.ext4, and FOLDER/root, which ocelli is also compiled against. It makes them once for a list of packages. As root. It needs the
# network and no emulation: it only extracts packages, and does itself the little that their scripts would have done.
set -eu
out=$1
suite=${SUITE:-trixie}
mirror=$(sh "$(dirname "$0")/../../packaging/archive")
packages=linux-image-arm64,busybox-static,systemd,systemd-sysv,udev,dbus,libnss-systemd,kmod,bash,dash,coreutils,base-files,base-passwd
packages=$packages,passwd,util-linux,mount,grep,sed,procps,jq,v4l-utils,libcamera-ipa,libcamera-tools,mesa-vulkan-drivers
packages=$packages,libc6-dev,libstdc++-14-dev,libcamera-dev,libvulkan-dev,libutf8proc-dev,libcjson-dev,libinih-dev,libssl-dev
packages=$packages,zlib1g-dev,libstb-dev,libcoap3-dev,libmicrohttpd-dev,libzip-dev,libsqlite3-dev,libjpeg-dev,libpng-dev,libwebp-dev
stamp="$suite $packages $(cksum <"$0")"
test "$(cat "$out/stamp" 2>/dev/null)" != "$stamp" || exit 0
rm -rf "$out/root" "$out/stamp"
mkdir -p "$out"
root=$out/root
mmdebstrap --quiet --variant=extract --arch=arm64 --components=main --skip=check/qemu \
    --aptopt='APT::Install-Recommends "false"' --include=$packages "$suite" "$root" "$mirror"

# What maintainer scripts would have done.
ln -sf dash "$root/usr/bin/sh"
cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
kernel=$(ls "$root/usr/lib/modules")
depmod -b "$root" "$kernel"
printf 'LABEL=root / ext4 defaults 0 1\nLABEL=cache /var/cache/ocelli ext4 nofail 0 2\n' >"$root/etc/fstab"
echo guest >"$root/etc/hostname"
: >"$root/etc/machine-id"
for unit in ldconfig systemd-hwdb-update; do ln -s /dev/null "$root/etc/systemd/system/$unit.service"; done # slow, and of no use here
printf '[Journal]\nStorage=persistent\nRateLimitIntervalSec=0\n' >"$root/etc/systemd/journald.conf"

# An initramfs that can mount the root, and nothing else. What boots is told to put /install into it (see run.sh).
boot=$(mktemp -d)
trap 'rm -rf "$boot"' EXIT
mkdir -p "$boot/dev" "$boot/proc" "$boot/new" "$boot/bin" "$boot/install"
cp "$root/usr/bin/busybox" "$boot/bin/"
for module in virtio_blk ext4; do
    modprobe -d "$root" -S "$kernel" --show-depends $module | sed -n 's/^insmod //p'
done | awk '!seen[$1]++' >"$boot/modules"
while read -r file; do xz -dc "$file" >"$boot/$(basename "${file%.xz}")"; done <"$boot/modules"
{
    printf '#!/bin/busybox sh\nset -e\nbusybox mount -t devtmpfs dev /dev\nbusybox mount -t proc proc /proc\n'
    while read -r file; do echo "busybox insmod /$(basename "${file%.xz}")"; done <"$boot/modules"
    printf 'busybox mount -t ext4 /dev/vda /new\nbusybox cp -a /install/. /new/\n'
    printf 'busybox umount /proc\nexec busybox switch_root /new /lib/systemd/systemd\n'
} >"$boot/init"
chmod 755 "$boot/init"
(cd "$boot" && find . | cpio --quiet -o -H newc) >"$out/boot.cpio"
cp "$root/boot/vmlinuz-$kernel" "$out/vmlinuz"

rm -f "$out/root.ext4"
mke2fs -q -t ext4 -L root -d "$root" "$out/root.ext4" 3G
echo "$stamp" >"$out/stamp"
