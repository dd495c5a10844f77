#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: pi-driver.sh SUITE FOLDER [PACKAGE...]
# Unpacks Debian's arm64 Vulkan driver of SUITE (trixie, trixie-backports, sid) under FOLDER, with v3dmeter and the
# pretended GPU beside it, and prints the driver's version. FOLDER/v3d 42|71 PROGRAM... runs arm64 programs there.
# PACKAGEs, with what they need, are unpacked too. Nothing is installed but the tools that TOOLS names, and those
# only when they are missing and this runs as root.
set -eu
TOOLS='qemu-user-static gcc-aarch64-linux-gnu libc6-dev-arm64-cross libdrm-dev libvulkan-dev debian-archive-keyring'
DRIVER=mesa-vulkan-drivers
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
# What the driver's package asks for and V3DV does not use; headers of another libc than the compiler's.
UNUSED='^(libllvm|libz3|libc6-dev|libc-dev|linux-libc|lib(py|stdc)?python|.*python3|dpkg|tar|tzdata|perl|debconf)'

die() {
    echo "pi-driver: $*" >&2
    exit 1
}

install_tools() {
    missing=
    for tool in $TOOLS; do
        dpkg-query -W -f '${Status}' "$tool" 2>/dev/null | grep -q 'ok installed' || missing="$missing $tool"
    done
    [ "$missing" ] || return 0
    [ "$(id -u)" = 0 ] || die "missing packages, run: sudo apt-get install$missing"
    apt-get -qq update
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=900 install -y --no-install-recommends \
        $missing >"$folder/apt/install.log" 2>&1 || { cat "$folder/apt/install.log" >&2; exit 1; }
}

# The Debian mirror that this machine's own settings name.
mirror() {
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1
}

# apt-get on a state of its own: another architecture and suite, the machine's proxies and certificates.
apt_get() {
    apt-get -o Dir::Etc::sourcelist="$folder/apt/sources.list" -o Dir::Etc::sourceparts=- \
        -o Dir::State::lists="$folder/apt/lists" -o Dir::Cache="$folder/apt/cache" -o Dir::State::status=/dev/null \
        -o APT::Architecture=arm64 -o APT::Architectures=arm64 \
        -o APT::Default-Release="$suite" -o APT::Sandbox::User=root -qq "$@"
}

update_lists() {
    uri=$(mirror)
    [ "$uri" ] || die "apt has no Debian mirror here: run apt-get update, or add one"
    base=${suite%-backports}
    for each in "$base" $([ "$base" = "$suite" ] || echo "$suite"); do
        echo "deb [arch=arm64 signed-by=$KEYRING] $uri $each main"
    done >"$folder/apt/sources.list"
    apt_get update
}

unpack() {
    packages=$(apt_get -s -y --no-install-recommends install "$DRIVER" libvulkan1 "$@" | awk '/^Inst/ {print $2}')
    packages=$(echo "$packages" | grep -Ev "$UNUSED")
    # shellcheck disable=SC2086
    (cd "$folder/apt/debs" && rm -f ./*.deb && apt_get download $packages)
    for deb in "$folder"/apt/debs/*.deb; do dpkg -x "$deb" "$folder"; done
    [ -e "$folder/lib" ] || ln -s usr/lib "$folder/lib"
}

# Vulkan's headers apart from this machine's other ones, which are of its own architecture.
compile() {
    mkdir -p "$folder/include"
    cp -r /usr/include/vulkan /usr/include/vk_video "$folder/include/"
    set -- -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra
    aarch64-linux-gnu-gcc "$@" -shared -fPIC -isystem /usr/include/libdrm -o "$folder/fakev3d.so" "$here/fakev3d.c"
    aarch64-linux-gnu-gcc "$@" -isystem "$folder/include" -o "$folder/v3dmeter" "$here/v3dmeter.c" "$here/qpu.c" \
        "$here/spirv.c" "$libraries/libvulkan.so.1" -Wl,--allow-shlib-undefined
}

write_runner() {
    cat >"$folder/icd.json" <<END
{"file_format_version": "1.0.0", "ICD": {"library_path": "$libraries/libvulkan_broadcom.so", "api_version": "1.3.0"}}
END
    cat >"$folder/v3d" <<END
#!/bin/sh
# usage: v3d 42|71 PROGRAM...: an arm64 program, or v3dmeter, on the pretended GPU of a Raspberry Pi 4 or 5
version=\$1
shift
[ "\$1" != v3dmeter ] || { shift; set -- "$folder/v3dmeter" "\$@"; }
VK_DRIVER_FILES=$folder/icd.json VK_ICD_FILENAMES=$folder/icd.json exec qemu-aarch64-static -L "$folder" \\
    -E LD_LIBRARY_PATH="$libraries\${V3D_LIBRARIES:+:\$V3D_LIBRARIES}" -E LD_PRELOAD="$folder/fakev3d.so" \\
    -E FAKEV3D="\$version" "\$@"
END
    chmod +x "$folder/v3d"
}

[ $# -ge 2 ] || die "usage: pi-driver.sh SUITE FOLDER [PACKAGE...]"
suite=$1
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$2/apt/lists/partial" "$2/apt/cache/archives/partial" "$2/apt/debs"
folder=$(cd "$2" && pwd)
libraries=$folder/usr/lib/aarch64-linux-gnu
shift 2
install_tools
update_lists
unpack "$@"
compile
write_runner
dpkg-deb -f "$folder"/apt/debs/"$DRIVER"_*.deb Version
rm -rf "$folder/apt"
