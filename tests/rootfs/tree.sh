#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tree.sh FOLDER: FOLDER/tree is a root tree as L4T's after apply_binaries.sh. Debian's arm64 packages are extracted and in dpkg's list. NVIDIA's
# files are where L4T has them. FOLDER/debs: the packages themselves. No emulation; the network the first time.
set -eu
out=$1
suite=${SUITE:-bookworm}
mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)}
packages='libc6 libgcc-s1 libutf8proc2 libcjson1 libinih1 libssl3 zlib1g libcoap3 libsqlite3-0 libjpeg62-turbo libpng16-16 libwebp7 libwebpdemux2
    libvulkan1 systemd dash base-files passwd init-system-helpers libc-bin coreutils tar diffutils'
stamp="$suite $packages"
[ "$(cat "$out/stamp" 2>/dev/null)" != "$stamp" ] || exit 0
[ -n "$mirror" ] || { echo "no Debian archive in apt's settings: run apt-get update, or set MIRROR" >&2; exit 1; }
rm -rf "$out/tree" "$out/debs" "$out/apt" "$out/stamp"
mkdir -p "$out/debs" "$out/apt/lists/partial" "$out/apt/cache/archives/partial"
apt=$(cd "$out/apt" && pwd)
echo "deb [arch=arm64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$apt/sources.list"
get() {
    apt-get -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$apt/lists" \
        -o Dir::Cache="$apt/cache" -o Dir::State::status=/dev/null -o APT::Architecture=arm64 -o APT::Architectures=arm64 \
        -o APT::Sandbox::User=root -qq "$@"
}
get update
# shellcheck disable=SC2086
all=$(get -s -y --no-install-recommends install $packages | awk '/^Inst/ {print $2}')
# shellcheck disable=SC2086
(cd "$out/debs" && get download $all)

tree=$out/tree
info=$tree/var/lib/dpkg/info
mkdir -p "$info" "$tree/var/lib/dpkg/updates" "$tree/var/lib/dpkg/triggers"
echo 1 >"$info/format"
echo arm64 >"$tree/var/lib/dpkg/arch"
for deb in "$out"/debs/*.deb; do
    dpkg-deb -x "$deb" "$tree"
    name=$(dpkg-deb -f "$deb" Package)
    [ "$(dpkg-deb -f "$deb" Multi-Arch)" != same ] || name=$name:arm64
    { echo /.; dpkg-deb --fsys-tarfile "$deb" | tar -t | sed 's|^\.||; s|/$||; /^$/d'; } >"$info/$name.list"
    dpkg-deb -f "$deb" | awk '{ print } /^Package: / { print "Status: install ok installed" }'
    echo
done >"$tree/var/lib/dpkg/status"
ln -sf dash "$tree/bin/sh"

# NVIDIA's, as apply_binaries.sh of L4T 36 leaves them: names and places alone matter here.
mkdir -p "$tree/etc/vulkan/icd.d" "$tree/usr/lib/aarch64-linux-gnu/tegra" "$tree/etc/systemd/system/multi-user.target.wants"
echo '# R36 (release), REVISION: 4.0, GCID: 0, BOARD: generic, EABI: aarch64, DATE: Thu Jan  1 00:00:00 UTC 2026' >"$tree/etc/nv_tegra_release"
echo '{"file_format_version": "1.0.0", "ICD": {"library_path": "libGLX_nvidia.so.0", "api_version": "1.3.0"}}' \
    >"$tree/usr/lib/aarch64-linux-gnu/tegra/nvidia_icd.json"
ln -s ../../../usr/lib/aarch64-linux-gnu/tegra/nvidia_icd.json "$tree/etc/vulkan/icd.d/nvidia_icd.json"
printf '[Service]\nExecStart=/etc/systemd/nvgetty.sh\n[Install]\nWantedBy=multi-user.target\n' >"$tree/etc/systemd/system/nvgetty.service"
ln -s ../nvgetty.service "$tree/etc/systemd/system/multi-user.target.wants/nvgetty.service"
rm -rf "$apt"
echo "$stamp" >"$out/stamp"
