#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `status` tells what is wrong while it is so, and no longer: a source that does not open, an edit with a fault, a command that cannot be
# run, a history without its folder, a full disk, lines of a file. By lines, by CoAP, and for people. OCELLI_BUILD, OCELLI_SOURCE,
# OCELLI_MODEL as in cli.sh.
set -u
. "$OCELLI_SOURCE/tests/e2e/tools/daemon.sh"
export OCELLI_DEVICE=cpu
port=56915
board=udp://localhost:$port
name="all of them"

# tells JQ: the faults are such, as an array of texts
tells() { "$ocelli" query --json $board status | jq -s -e "[.[].faults[]] | $1" >/dev/null; }
becomes() { until_true "$1" tells "$2" || { fail "$name: not $2"; "$ocelli" query $board status | grep '^fault'; }; }

mkfifo video
write_ini() {
    {
        printf '[run]\nmodel = %s\nstate = disk/state\nmotion = 0\nsave_every = 1\nfaults = list\non_change = %s\n' "$model" "$1"
        printf '[source]\nuri = %s\n[serve]\nudp = %s\ncoap = %s\n[memory]\nfile = none/history\n' "$2" $port $((port + 1))
        printf '[defaults]\nsmooth = 0\nmin_on = 0\nmin_off = 0\n[tag red]\non = 0.01\nprompt = a red circle\n[tag blue]\nprompt = a blue square\n'
    } >new.ini
    mv new.ini ocelli.ini
}
mkdir disk
write_ini no-such-command y4m:video
start
until_true 20 "$ocelli" query $board ping || fail "$name: no daemon"
name="a source that does not open, and a history without a folder"
becomes 20 'any(startswith("source y4m:")) and any(test("none/history.*No such file"))'
tells 'length == 2' || fail "$name: others too"
name="lines of a file"
printf 'first\nsecond\n' >list
becomes 10 '.[0:2] == ["first", "second"]'
rm list
becomes 10 'any(. == "first") | not'
name="the source comes, and the command cannot be run"
write_ini no-such-command test:
becomes 20 'any(startswith("source")) | not'
becomes 20 'any(startswith("on_change: the shell does not find"))'
name="the command can be run"
write_ini true test:
becomes 40 'any(startswith("on_change")) | not'
name="an edit with a fault"
cp ocelli.ini good.ini
echo "nonsense = 1" >>ocelli.ini
becomes 20 'any(test("ocelli.ini: its last edit has a fault"))'
name="for people, and by CoAP"
"$ocelli" query $board status >answer
grep -q '^uptime_s ' answer && grep -q '^fault  *.*its last edit has a fault' answer || fail "$name: not as a table"
"$ocelli" query --json coap://localhost:$((port + 1)) status >answer
jq -en 'inputs | .faults | any(test("its last edit"))' answer >/dev/null || fail "$name: not by CoAP"
cp good.ini ocelli.ini
becomes 20 'any(test("its last edit")) | not'
name="a disk that is full"
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o size=64k none disk 2>/dev/null; then
    head -c 100000 /dev/zero >disk/filler 2>/dev/null
    becomes 20 'any(test("state.*No space left on device"))'
    rm disk/filler
    becomes 20 'any(test("No space")) | not'
fi
stop TERM
test $failures -eq 0 || exit 1
echo ok
