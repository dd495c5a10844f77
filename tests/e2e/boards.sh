#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks every folder of boards/ that has a file `compatible`, as `cmake --install` leaves it. ocelli accepts the board's ini once a source
# and a tag are in it. systemd accepts its drop-in. No device tree belongs to two boards. The board's README has no figure that
# docs/measurements.md lacks.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
fail() { echo "FAILED: $board: $1"; test ! -s "$work/log" || tail -20 "$work/log"; failed=1; }
ocelli=$OCELLI_BUILD/ocelli board=install
DESTDIR=$work/root cmake --install "$OCELLI_BUILD" --prefix /usr >"$work/log" 2>&1 || { fail "cannot be installed"; exit 1; }
installed=$work/root/usr/share/ocelli/boards
"$OCELLI_BUILD/ocelli-convert" "$OCELLI_SOURCE/tools/demo/checkpoint" -o "$work/demo.gguf" >"$work/log" 2>&1 || { fail "no model"; exit 1; }

# Key KEY of [SECTION] in FILE.
value() { awk -v section="[$1]" -v key="$2" '/^\[/ { on = $0 == section } on && $1 == key && $2 == "=" { print $3 }' "$3"; }

# With a source and a tag behind it, and this machine's model and folder in it.
check_ini() { # FILE
    sed -e "s|^model = .*|model = $work/demo.gguf|" -e "s|^state = .*|state = $work/state|" "$1" >"$work/ocelli.ini"
    printf '\n[source]\nuri = test:\n\n[tag a red circle]\n' >>"$work/ocelli.ini"
    # A build without libcoap says so, and that is no fault of the board.
    grep -q "^COAP_FOUND:INTERNAL=1" "$OCELLI_BUILD/CMakeCache.txt" || sed -i "/^coap = /d" "$work/ocelli.ini"
    "$ocelli" check -c "$work/ocelli.ini" >"$work/log" 2>&1 || fail "its ini is refused"
    grep warning: "$work/log" | grep -v 'the system empties that folder' && fail "its ini has what is warned of"
    : >"$work/log"
    grep -q '^\[tag' "$1" && fail "its ini has tags: they are the user's"
    [ "$(value run state "$1")" = /var/lib/ocelli ] || fail "the unit may write /var/lib/ocelli alone, and its state is elsewhere"
    [ "$(value run model "$1")" = /usr/share/ocelli/models/demo.gguf ] || fail "its model is not the one that is installed"
    case $(value run device "$1") in auto | cpu | gpu) ;; *) fail "no device" ;; esac
}

# A line that has the unit's name in it is a complaint; others are about this machine's units.
complaints() { # DROP-IN
    rm -rf "$work/units" && mkdir -p "$work/units/ocelli.service.d"
    sed "s|^ExecStart=[^ ]*|ExecStart=$ocelli|" "$work/root/usr/lib/systemd/system/ocelli.service" >"$work/units/ocelli.service"
    cp "$1" "$work/units/ocelli.service.d/board.conf"
    SYSTEMD_LOG_LEVEL=notice systemd-analyze verify --man=no "$work/units/ocelli.service" 2>&1 | grep "$work/units"
}
verify=no board=generic
if command -v systemd-analyze >/dev/null; then
    printf '[Service]\nMemoryMax=much\n' >"$work/wrong.conf"
    complaints "$work/wrong.conf" >/dev/null && verify=yes || echo "SKIP: systemd-analyze verifies nothing here"
fi

check_unit() { # FILE
    grep -qx '\[Service\]' "$1" && grep -Eq '^MemoryMax=[0-9]+%$' "$1" || fail "no MemoryMax in its drop-in"
    [ $verify = no ] || { complaints "$1" >"$work/log" && fail "its drop-in"; }
    : >"$work/log"
}

# A serial line is a link that udev.rules makes, and the rules name the address of a device: elsewhere they match nothing.
check_serial() { # INI
    serial=$(value serve serial "$1")
    rules=$work/root/usr/lib/udev/rules.d/70-ocelli-$board.rules
    [ -n "$serial" ] || { [ ! -e "$rules" ] || fail "rules without a serial line"; return; }
    [ -e "$rules" ] || { fail "a serial line, and no udev.rules"; return; }
    grep -q "SYMLINK+=\"$(basename "${serial%@*}")\"" "$rules" || fail "its rules do not make $serial"
    grep -v -e '^#' "$rules" | grep -Eqv '^SUBSYSTEM=="tty", KERNELS=="[0-9a-f]+\.(serial|pl011)", ' && fail "a rule that may match elsewhere"
    if udevadm verify --help >/dev/null 2>&1; then # systemd 254
        udevadm verify "$rules" >"$work/log" 2>&1 || fail "udev refuses its rules"
        : >"$work/log"
    fi
}

# What begins with a model's section ends with [all], as the firmware reads all boards' fragments one after the other.
check_firmware() { # FILE
    grep -Ev '^(#.*)?$' "$1" | grep -Evq '^(\[(all|pi[0-9]+|cm[0-9]+)\]|[a-z_0-9]+=[^ ]+)$' && fail "config.txt: a line that is none of the firmware's"
    [ "$(grep -v '^#' "$1" | head -n 1 | cut -c1-3)" = '[pi' ] || fail "config.txt: no model's section first"
    [ "$(tail -n 1 "$1")" = '[all]' ] || fail "config.txt: [all] is not its end"
}

# Numbers with a unit of measure. Those of a table in measurements.md have none there, so the number alone is looked for.
check_figures() { # README
    grep -oE '[0-9]+([.][0-9]+)? (ms|MB|pictures/s|images/s)\b' "$1" | sort -u | while read -r number unit; do
        grep -qE "(^|[^0-9.])$number([^0-9.]|[.]?$|[.] )" "$OCELLI_SOURCE/docs/measurements.md" || echo "$number $unit"
    done >"$work/log"
    [ ! -s "$work/log" ] || fail "figures that docs/measurements.md does not have"
    : >"$work/log"
}

boards=$(ls "$installed")
for board in $boards; do
    for file in "$installed/$board/ocelli.ini" "$installed/$board/service.conf" "$OCELLI_SOURCE/boards/$board/README.md"; do
        [ -e "$file" ] || { fail "no $(basename "$file")"; continue 2; }
    done
    grep -Evq '^[a-z0-9]+,[A-Za-z0-9+-]+$' "$installed/$board/compatible" && fail "compatible: a line that is none of a device tree's"
    [ -s "$installed/$board/compatible" ] || [ "$board" = generic ] || fail "no device tree's name of it"
    check_ini "$installed/$board/ocelli.ini"
    check_unit "$installed/$board/service.conf"
    check_serial "$installed/$board/ocelli.ini"
    check_figures "$OCELLI_SOURCE/boards/$board/README.md"
    [ ! -e "$installed/$board/config.txt" ] || check_firmware "$installed/$board/config.txt"
done
board=all
for wanted in generic orin pi4 pi5; do echo "$boards" | grep -qx $wanted || fail "no $wanted"; done
[ ! -s "$installed/generic/compatible" ] || fail "generic names a board"
cat "$installed"/*/compatible | sort | uniq -d >"$work/log"
[ ! -s "$work/log" ] || fail "a device tree's name that two boards have"
[ $failed = 0 ] || exit 1
echo "$(echo "$boards" | wc -l) boards$([ $verify = yes ] || echo ', their drop-ins not verified: no systemd here')"
