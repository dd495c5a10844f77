#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Changes of the ini over UDP beside people who edit it: what is private stays so, links stay links, no save is lost, what was
# acknowledged is on the disk, and nobody waits for the disk but who asked for the change.
# SAVES, PAUSE_MS, SYNC_MS: how often the ini is saved by hand (150), how fast (10), on how slow a disk (0).
set -u
. "$OCELLI_SOURCE/tests/e2e/tools/daemon.sh"
command -v python3 >/dev/null || skip "no python3"

port=$((20000 + $$ % 12000))
board=udp://127.0.0.1:$port
ask() { "$ocelli" query --json "$board" "$@" 2>>asked; }
kill_it() {
    kill -9 "$daemon"
    wait "$daemon" 2>/dev/null
    daemon=
}
# start_slow MS: on a disk that takes so long to sync
start_slow() {
    fresh
    ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 SYNC_MS=$1 LD_PRELOAD=$tools/libslow_disk.so \
        "$ocelli" run -c ocelli.ini >out 2>err & daemon=$!
}
left_over() { ls -a . real | grep '\.tmp$'; }

name="a private file behind a link"
mkdir real
ini test:160x120@5 rate=1
printf '[serve]\nudp = %d\ncoap = %d\nrequests = 0\n' $port $((port + 1)) >>ocelli.ini
mv ocelli.ini real/it.ini
chmod 600 real/it.ini
ln -s real/it.ini ocelli.ini
start_slow "${SYNC_MS:-0}"
started
ask set cat "a red cat" >/dev/null || fail "$name: set"
test -L ocelli.ini || fail "$name: it is no link any more"
grep -q 'a red cat' real/it.ini || fail "$name: the change is not there"
test "$(stat -c %a real/it.ini)" = 600 || fail "$name: $(stat -c %a real/it.ini)"
wait_status '.edits==1'
sed 's/a red cat/a blue cat/' real/it.ini >real/new && cp real/new real/it.ini # the link's target, written by hand
wait_status '.edits==2 and .embedding==false'
ask prompts cat | jq -en 'inputs | .values | any(. == "a blue cat")' >/dev/null || fail "$name: prompts do not tell what was edited"

name="saves by hand"
python3 "$OCELLI_SOURCE/tests/e2e/tools/saves.py" ocelli.ini $port "${SAVES:-150}" "${PAUSE_MS:-10}" >saves ||
    fail "$name: $(cat saves)"
cat saves
test -z "$(left_over)" || fail "$name: left $(left_over)"
kill_it

name="acknowledged and killed"
n=0
while test $n -lt 3; do
    n=$((n + 1))
    start_slow 5
    started
    (i=0; while ask set dog "number $n $i" >/dev/null; do echo "number $n $i" >acknowledged; i=$((i + 1)); done) & asking=$!
    until_true 10 grep -q "number $n" acknowledged || fail "$name: no change"
    sleep 0.$((n * 3 % 7))
    kill_it
    wait $asking # ends when its last request is not answered; left alone, that request would reach the next daemon
    last=$(cut -d' ' -f3 acknowledged)
    now=$(sed -n "s/^prompt = number $n //p" ocelli.ini) # an editor that renames has replaced the link
    test "$now" -ge "$last" || fail "$name: \"$last\" was acknowledged, the file has \"$now\""
done

name="slow disk"
start_slow 3000
started
test -z "$(left_over)" || fail "$name: a kill left $(left_over)"
ask set dog "a slow dog" >/dev/null & setting=$!
sleep 0.3
i=0
while test $i -lt 5; do
    i=$((i + 1))
    asked=$(date +%s%N)
    ask ping >/dev/null || fail "$name: no answer"
    took=$((($(date +%s%N) - asked) / 1000000))
    test $took -lt 2000 || fail "$name: a ping waits $took ms for another client's change"
done
kill -TERM $daemon # while the change is under way
wait $daemon || fail "$name: exit code $?"
daemon=
kill $setting 2>/dev/null
test -z "$(left_over)" || fail "$name: a stop leaves $(left_over)"

test $failures -eq 0 && echo "all as it should be"
test $failures -eq 0
