#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# layer.sh PACKAGES FOLDER: the layer of boards/image/rpi-image-gen as that tool applies it, by bdebstrap and mmdebstrap, on a small Debian 13 of
# this machine's architecture with ocelli's PACKAGES. rpi-image-gen itself and Raspberry Pi's archive are not at hand: what its lint asks for is
# asked here, its variables are set by hand, and its boot files are three lines. As root, with the network.
set -eu
packages=$(cd "${1:?usage: layer.sh PACKAGES FOLDER}" && pwd) work=${2:?usage: layer.sh PACKAGES FOLDER}
here=$(cd "$(dirname "$0")" && pwd)
layer=$here/../../boards/image/rpi-image-gen/layer
failed=0
fail() { echo "FAILED: $1"; failed=1; }
rm -rf "$work"
mkdir -p "$work"
work=$(cd "$work" && pwd)

# What `rpi-image-gen metadata --lint` refuses: other fields, attributes without their variable, defaults that their own rule refuses.
/usr/bin/python3 -I - "$layer/ocelli.yaml" "$layer/../config/ocelli-pi5.yaml" <<'PYTHON' || fail "lint"
import re, sys
import yaml
from debian import deb822
text = open(sys.argv[1]).read()
body = yaml.safe_load(text)
assert list(body) == ["mmdebstrap"] and list(body["mmdebstrap"]) == ["customize-hooks"], body
lines = text.split("# METABEGIN\n")[1].split("# METAEND\n")[0].splitlines()
meta = deb822.Deb822("\n".join(line[2:] for line in lines if line.strip() != "#"))
layer = {"Name", "Version", "Category", "Desc", "Requires"}
variables = {}
for field in meta:
    match = re.fullmatch(r"X-Env-(?:Layer-(\w+)|(VarPrefix)|Var-(\w+)(?:-(Desc|Required|Valid|Set))?)", field)
    assert match, "no such field: " + field
    assert not match[1] or match[1] in layer, field
    if match[3]:
        variables.setdefault(match[3], {})[match[4] or "value"] = meta[field]
assert meta["X-Env-VarPrefix"] == "ocelli" and re.fullmatch(r"\d+\.\d+\.\d+", meta["X-Env-Layer-Version"])
for name, has in variables.items():
    assert set(has) == {"value", "Desc", "Required", "Valid", "Set"}, (name, has)
    rule, value = has["Valid"], has["value"]
    assert value or rule == "string-or-empty", name
    assert rule in ("string", "string-or-empty") or value in rule.split(","), (name, value)
used = set(re.findall(r"IGconf_ocelli_(\w+)", text))
assert used == set(variables), (used, set(variables))
config = yaml.safe_load(open(sys.argv[2]))
assert config["layer"]["app"] == "ocelli" and set(config["ocelli"]) <= set(variables), config
PYTHON

architecture=$(dpkg --print-architecture)
mirror=$("$here/../../packaging/archive")
cat >"$work/base.yaml" <<YAML
mmdebstrap:
  architectures: [$architecture]
  mode: root
  suite: trixie
  variant: apt
  mirrors: ["deb $mirror trixie main"]
  packages: [systemd, udev]
  customize-hooks:
    - mkdir -p "\$1/boot/firmware"
    - echo 'dtparam=audio=on' >"\$1/boot/firmware/config.txt"
    - echo 'console=serial0,115200 console=tty1 root=/dev/disk/by-slot/active/system rootwait' >"\$1/boot/firmware/cmdline.txt"
YAML

# apply NAME: the layer on that base, into $work/NAME/root
apply() {
    mkdir -p "$work/$1"
    bdebstrap -c "$work/base.yaml" -c "$layer/ocelli.yaml" --name "$1" --output "$work/$1/out" --target "$work/$1/root" >"$work/$1/log" 2>&1
}
export IGconf_ocelli_debs="$packages" IGconf_ocelli_board=pi5 IGconf_ocelli_settings="$layer/ocelli.ini" IGconf_ocelli_model=
apply plain || { tail -n 20 "$work/plain/log"; fail "the layer"; exit 1; }
root=$work/plain/root
[ -z "$(ls -A "$root/etc/ocelli")" ] || fail "/etc/ocelli is not empty: image-rota would write it over the board's at each start"
[ ! -e "$root/debs" ] || fail "the packages were left behind"
grep -q '^uri = camera:' "$root/usr/share/ocelli/first-start.ini" || fail "the settings are not in the ini"
grep -q '^enable_uart=1' "$root/boot/firmware/config.txt" && grep -q '^dtparam=audio=on' "$root/boot/firmware/config.txt" || fail "config.txt: $(cat "$root/boot/firmware/config.txt")"
[ "$(cat "$root/boot/firmware/cmdline.txt")" = "console=tty1 root=/dev/disk/by-slot/active/system rootwait" ] || fail "cmdline.txt: $(cat "$root/boot/firmware/cmdline.txt")"
[ -L "$root/etc/systemd/system/multi-user.target.wants/ocelli.service" ] || fail "the service is not enabled"
[ -f "$root/etc/systemd/system/ocelli.service.d/board.conf" ] || fail "no drop-in of the board"
for path in $(sed -n 's/^Path=//p' "$root/etc/rpi-image-gen/slot-shared.d/ocelli.conf"); do
    [ -d "$root$path" ] || fail "$path is to be shared, and is not there"
done

# The first start, and a later one after a change.
first() { "$here/../../packaging/inroot" "$root" systemd-tmpfiles --create --prefix=/etc/ocelli; }
first
cmp -s "$root/etc/ocelli/ocelli.ini" "$root/usr/share/ocelli/first-start.ini" || fail "the first start has no ini"
chroot "$root" sh -c 'test "$(stat -c %U /etc/ocelli/ocelli.ini)" = ocelli' || fail "the ini is not the daemon's"
echo '[tag a dog]' >>"$root/etc/ocelli/ocelli.ini"
first
grep -q 'a dog' "$root/etc/ocelli/ocelli.ini" || fail "a later start wrote over the ini"

# A model and settings of one's own; and what ends the build.
printf '[source]\nuri = test:\n[tag a red circle]\n' >"$work/own.ini"
cp "$root/usr/share/ocelli/models/demo.gguf" "$work/own model.gguf"
export IGconf_ocelli_board=pi4 IGconf_ocelli_settings="$work/own.ini" IGconf_ocelli_model="$work/own model.gguf"
apply own || { tail -n 20 "$work/own/log"; fail "with a model"; exit 1; }
grep -q '^model = /usr/share/ocelli/models/own model.gguf' "$work/own/root/usr/share/ocelli/first-start.ini" || fail "the model is not named"
echo 'uri = test:' >"$work/own.ini"
apply wrong && fail "a wrong ini is taken"
grep -q 'first-start.ini:[0-9]*:' "$work/wrong/log" || fail "the wrong line is not told: $(tail -n 5 "$work/wrong/log")"
export IGconf_ocelli_debs="$work"
apply none && fail "no packages, and no fault"
grep -q 'set ocelli.debs' "$work/none/log" || fail "it is not told that there are no packages: $(tail -n 5 "$work/none/log")"
[ $failed = 0 ] && echo "the layer of rpi-image-gen: passed"
exit $failed
