#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How `ocelli run` behaves as a service: stops at any time, a service manager, a reader that stalls, a disk that is slow or full.
# OCELLI_BUILD, OCELLI_SOURCE, OCELLI_MODEL as in cli.sh.
set -u
. "$OCELLI_SOURCE/tests/e2e/tools/daemon.sh"
# hear: a service manager's ear, at $NOTIFY_SOCKET of who starts with it
hear() {
    rm -f socket
    "$tools/notified" "$work/socket" >said & ear=$!
    until test -S socket; do sleep 0.05; done
}

# --- asked to stop while it opens model and prompts ---

name="stop while opening"
ini test:160x120@20 state=opening save_every=1
i=0
while test $i -lt 1000; do echo "prompt = thing number $i"; i=$((i + 1)); done >>ocelli.ini
for delay in 0 0.02 0.05 0.1 0.2 0.4 0.8 1.6; do
    start
    held
    sleep $delay
    stop TERM
    # beside other programs what is being opened may not answer in the time that the end has; then that is told
    test -z "$(faults | grep -v 'does not answer: leaving without it')" || fail "$name: after $delay s it said something"
done
rm -rf opening
name="stop in the driver" # each submit takes 5 s: nothing comes back in time
export SLOW_MS=5000
for delay in 0.1 1; do
    start_layered
    held
    sleep $delay
    stop INT
done
unset SLOW_MS
test ! -e opening || fail "$name: something was saved"
name="other signals while opening"
ini test:160x120@20
export SLOW_MS=300
start_layered
held
kill -HUP "$daemon"
kill -USR1 "$daemon"
until_true 20 grep -q '"status"' out || fail "$name: no status once it runs"
stop TERM
unset SLOW_MS

# --- the service manager ---

name="notify"
ini test:160x120@20
hear
NOTIFY_SOCKET=$work/socket WATCHDOG_USEC=900000 "$ocelli" run -c ocelli.ini >out 2>err & daemon=$!
until_true 20 grep -q READY=1 said || fail "$name: no READY"
sleep 2
stop TERM
wait $ear
test "$(grep -c WATCHDOG=1 said)" -ge 3 || fail "$name: no WATCHDOG"
grep -q STOPPING=1 said || fail "$name: no STOPPING"
grep -q STATUS= said || fail "$name: no STATUS"

mkdir seen

# --- a reader of standard output that stalls ---

name="stalled reader"
ini files:seen rate=0 'on_change=cat >>told'
mkfifo pipe
sleep 1000 <pipe & reader=$!
hear
NOTIFY_SOCKET=$work/socket "$ocelli" run -c ocelli.ini >pipe 2>err & daemon=$!
until_true 20 grep -q READY=1 said || fail "$name: no READY"
show cat p1
until_true 20 grep -q '"on".*"cat"' told || fail "$name: no event"
i=0
while test $i -lt 600; do kill -USR1 "$daemon" && sleep 0.01 && i=$((i + 1)); done # 1 KB each: a pipe holds 64, ocelli 256
test "$(grep -c 'its reader stalls' err)" = "$(faults | wc -l)" || fail "$name: said something else"
for i in 1 2 3; do
    show pizza p$i
    until_true 5 grep -q "\"on\".*\"pizza\".*\"frame\":$((2 * i - 1))," told || fail "$name: the pizza $i is not seen"
    show cat p$((i + 1))
    until_true 5 grep -q "\"on\".*\"cat\".*\"frame\":$((2 * i))," told || fail "$name: the cat $i is not seen"
done
{ kill $reader; exec cat; } <pipe >out & late=$!
until_true 10 grep -q '"on".*"cat".*"frame":6,' out || fail "$name: what waited does not come"
stop TERM
wait $late
jq -se 'length>50' out >/dev/null || fail "$name: lines are torn"

# --- a disk that is slow, full, or no folder ---

name="slow disk" # one sync takes 1.5 s, of which a save has two: neither a watchdog of 0.6 s nor who stops it waits
ini test:160x120@20 state=slow save_every=1
hear
NOTIFY_SOCKET=$work/socket WATCHDOG_USEC=600000 ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 SYNC_MS=1500 \
    LD_PRELOAD=$tools/libslow_disk.so "$ocelli" run -c ocelli.ini >out 2>err & daemon=$!
started
before=$(grep -c WATCHDOG=1 said)
sleep 4
test -s slow/learnt || fail "$name: nothing saved"
beats=$(($(grep -c WATCHDOG=1 said) - before))
test "$beats" -ge 12 || fail "$name: $beats heartbeats in 4 s" # each 0.25 s
stop TERM
grep -q 'state: the disk is slow' err && fail "$name: another folder"
grep -q 'slow: the disk is slow' err || fail "$name: not told"
wait $ear
name="full disk"
mkdir disk
if mount -t tmpfs -o size=64k none disk 2>/dev/null; then
    ini test:160x120@20 state=disk/state save_every=0.3
    i=0
    while test $i -lt 30; do printf '[tag thing %d]\n' $i; i=$((i + 1)); done >>ocelli.ini
    start
    started
    sleep 2
    test "$(grep -c 'ocelli: disk/state/learnt: cannot write: No space left on device: make room; nothing was left behind$' err)" -eq 1 \
        -a "$(faults | wc -l)" -eq 1 || fail "$name: not one line"
    test -z "$(ls disk/state)" || fail "$name: something was left behind"
    pictures_before=$(jq -s 'map(select(.event=="status"))|last|.pictures' out)
    wait_status ".pictures>$pictures_before"
    mount -o remount,size=8m disk
    until_true 5 test -s disk/state/learnt || fail "$name: nothing saved once there is room"
    stop TERM
    grep -q '(.* more times*)$' err || fail "$name: not counted"
    umount disk
else
    echo "a full disk is not tested: not allowed to mount"
fi
name="no folder for state"
echo file >full
ini files:seen state=full/state # with a save every 5 minutes: the start tells
start
started
until_true 5 grep -q 'state = full/state: what the daemon learns cannot be saved there' err || fail "$name: not told at the start"
test "$(grep -c 'full/state: what' err)" -eq 1 || fail "$name: not one line"
stop TERM

# --- two daemons, one folder ---

name="two daemons on one state"
mkdir shared
ini test:160x120@20 state=shared save_every=1
start
started
"$ocelli" run -c ocelli.ini --for 20 >out2 2>err2 && fail "$name: the second one ran"
test "$(wc -l <err2)" -eq 1 || fail "$name: not one line: $(cat err2)"
grep -q '^ocelli: shared: another daemon saves there what it learns' err2 || fail "$name: $(cat err2)"
until_true 10 test -s shared/learnt || fail "$name: the first one saves nothing"
kill -9 "$daemon"
wait "$daemon" 2>/dev/null
start # a killed one is not in its way
started
stop TERM
grep -q 'another daemon' err && fail "$name: after a kill"

# --- the system has no watches left (of this user in a namespace of its own: others keep theirs) ---

# limited WHAT COUNT: runs for two seconds so
limited() { timeout 60 unshare -Ur sh -c 'echo '"$2"' >/proc/sys/user/max_inotify_'"$1"' && exec "$1" run -c ocelli.ini --for 2' sh "$ocelli" >out 2>err; }
name="no watches"
rm -rf seen
mkdir -p seen/below
if unshare -Ur sh -c 'echo 100 >/proc/sys/user/max_inotify_watches' 2>/dev/null; then
    ini files:seen
    for what in watches instances; do
        for count in 0 1; do # for the file's folder, and for the source's
            limited $what $count && fail "$name: it ran with $count $what"
            test "$(faults | wc -l)" -eq 1 || fail "$name: not one line with $count $what"
            grep -q "raise fs.inotify.max_user_$what" err || fail "$name: no way out of $count $what is told"
        done
    done
    limited watches 2 || fail "$name: a folder below that is not watched ended it"
    test "$(faults | wc -l)" -eq 1 || fail "$name: not one line of a folder below"
    grep -q 'warning: files:.*below.* is not watched: .* raise fs.inotify.max_user_watches' err || fail "$name: a folder below is not told"
else
    echo "a system without watches is not tested: no namespace of its own, or it has no limits"
fi

test $failures -eq 0 && echo "all as it should be"
test $failures -eq 0
