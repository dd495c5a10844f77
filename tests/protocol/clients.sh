#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/clients as they lie there, against a board that sees a cat every other 0.7 s: the MicroPython file over UDP and a serial line, by
# micropython (Debian 13's package) or else python3; the Arduino sketch over the serial line, compiled for this machine.
set -u
here=$(cd "$(dirname "$0")" && pwd)
: "${OCELLI_BUILD:?}"
clients=$here/../../docs/clients
work=$(mktemp -d) || exit 1
pids=
trap 'for pid in $pids; do kill "$pid" 2>/dev/null; done; rm -rf "$work"' EXIT
failed=0
fail() { echo "FAILED: $1"; for file in fault said sketch; do test ! -s "$work/$file" || tail -n 5 "$work/$file"; done; failed=1; }
# until_true COMMAND...: 20 s, as others may use the processors
until_true() { for _ in $(seq 200); do "$@" >/dev/null 2>&1 && return; sleep 0.1; done; return 1; }

cat >"$work/wire.py" <<'PY'
import os, pty, select, sys, tty
ends = [pty.openpty(), pty.openpty()]
for (master, slave), name in zip(ends, sys.argv[1:]):
    tty.setraw(slave)
    os.symlink(os.ttyname(slave), name)
while True:
    for master in select.select([ends[0][0], ends[1][0]], [], [])[0]:
        os.write(ends[1][0] if master == ends[0][0] else ends[0][0], os.read(master, 4096))
PY
python3 "$work/wire.py" "$work/board" "$work/client" & pids=$!
until_true test -e "$work/client" || { fail "no wire"; exit 1; }
mkfifo "$work/in"
"$OCELLI_BUILD/tests/protocol_server" --serial "$work/board" --change 700 <"$work/in" >"$work/ports" 2>"$work/said" & pids="$pids $!"
exec 3>"$work/in"
until_true test -s "$work/ports" || { fail "no server"; exit 1; }
read -r _ udp _ <"$work/ports"

python=$(command -v micropython) || python=python3
echo "ocelli_micropython.py by $python"
ask() { PYTHONUNBUFFERED=1 "$python" "$clients/ocelli_micropython.py" "$@" 2>"$work/fault" 3>&-; }
for uri in "udp://127.0.0.1:$udp" "$work/client"; do
    ask "$uri" >"$work/tags" || fail "$uri tags"
    grep -Eqx '(cat|dog) (100|[5-9][0-9])' "$work/tags" || fail "$uri sees no animal: $(cat "$work/tags")"
    test "$(wc -l <"$work/tags")" = 4 || fail "$uri does not list 4 tags: $(cat "$work/tags")"
    ask "$uri" status | grep -q '"protocol":1' || fail "$uri status"
    : >"$work/changes"
    PYTHONUNBUFFERED=1 "$python" "$clients/ocelli_micropython.py" "$uri" watch >"$work/changes" 3>&- & watcher=$!
    pids="$pids $watcher"
    both() { grep -qx 'cat True' "$work/changes" && grep -qx 'cat False' "$work/changes"; }
    until_true both || fail "$uri watch: $(cat "$work/changes")"
    kill $watcher
done

cxx=${CXX:-c++}
if command -v "$cxx" >/dev/null; then
    "$cxx" -std=gnu++11 -Wall -Wextra -Wconversion -Wshadow -Werror -I"$clients" -include "$here/arduino.h" -x c++ "$clients/ocelli_lamp.ino" \
        -o "$work/lamp" 2>"$work/sketch" || { fail "the sketch does not compile"; exit 1; }
    "$work/lamp" "$work/client" 60000 >"$work/lamps" & pids="$pids $!"
    blinks() { test "$(grep -c 'lamp on' "$work/lamps")" -ge 2 && grep -q 'lamp off' "$work/lamps"; }
    until_true blinks || fail "the lamp does not follow the cat: $(cat "$work/lamps")"
else
    echo "SKIP: the sketch: no C++ compiler"
fi
exit $failed
