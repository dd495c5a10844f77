#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `ocelli run` ends in time, whatever it waits for. Each kind of stop meets each transport alone, in pairs and none. Sources, disks,
# logs and commands hang. FIFOs stand in place of files. OCELLI_BUILD, OCELLI_SOURCE, OCELLI_MODEL as in cli.sh.
# Several daemons run at once, each in a folder of its own. A test that would hang for ever gets some seconds,
# as all of them end on the same processors.
set -u
. "$OCELLI_SOURCE/tests/e2e/tools/daemon.sh"
daemons=
trap 'for p in $daemons $daemon; do kill -9 $p; done 2>/dev/null; rm -rf "$work"' EXIT
port=$((20000 + $$ % 2000 * 20))
"$tools/frames" 20 "$pictures/cat.png" 4 "$pictures/pizza.png" 4 >show.y4m || exit 1
(umask 077 && echo "me:00112233445566778899aabbccddeeff" >keys)

# in NAME: a folder of its own
in_folder() { mkdir -p "$work/$1" && cd "$work/$1" && name=$1; }
# begin OPTION...: a daemon in this folder, that is not waited for
begin() {
    "$ocelli" run -c ocelli.ini "$@" >out 2>err &
    daemon=$!
    daemons="$daemons $daemon"
}
ready() { until_true 20 grep -q '^ready' "$work/$1/out"; }
ended() { ! kill -0 "$1" 2>/dev/null; }
# all_end MS: each daemon ends by itself, or was asked to, with exit code 0
all_end() {
    before=$(date +%s%N)
    for p in $daemons; do
        where=$(basename "$(readlink "/proc/$p/cwd")")
        while ! ended "$p" && test $((($(date +%s%N) - before) / 1000000)) -lt "$1"; do sleep 0.05; done
        ended "$p" || { fail "$name: $where does not end" && kill -9 "$p"; }
        wait "$p" || fail "$name: $where: exit code $?"
    done
    daemons='' daemon=
}
# serve NAME...: [serve] with these transports, on ports of its own
serve() {
    echo "[serve]" >>ocelli.ini
    for transport; do
        port=$((port + 1))
        case $transport in
        serial) echo "serial = /dev/ptmx" ;; # a new pseudoterminal each time it is opened
        coaps) printf 'coaps = %s\npsk = %s\n' $port "$work/keys" ;;
        none) ;;
        *) echo "$transport = $port" ;;
        esac
    done >>ocelli.ini
}
transports="none udp coap coaps serial udp,coap udp,coaps udp,serial coap,coaps coap,serial coaps,serial"

# --- each transport alone, all pairs, none ---

name="signals"
for which in $transports; do
    in_folder "$which"
    ini test:160x120@20
    serve $(echo "$which" | tr , ' ')
    begin
done
for p in $daemons; do daemon=$p held; done
signal=TERM
sleep 2
for p in $daemons; do
    kill -$signal "$p"
    case $signal in TERM) signal=INT ;; *) signal=TERM ;; esac
done
all_end 5000
name="--for and the end of a video"
for which in none udp coaps; do
    cd "$work/$which" && begin --for 1
done
for which in coap serial udp,serial; do
    cd "$work/$which" && sed -i 's|^uri = .*|uri = y4m:../show.y4m|' ocelli.ini && begin
done
all_end 60000
for which in coap serial udp,serial; do
    cd "$work/$which" && test "$(grep -c '"on"' out)" -ge 2 || fail "$name: $which: events are missing"
done
for which in $transports; do # where processors are busy a picture may take too long
    said=$(faults "$work/$which/err" | grep -v 'the device does not answer') && fail "$name: $which said: $said"
done

# --- a source that hangs ---

in_folder "FIFO without a writer"
mkfifo video
ini y4m:video save_every=1 state=learnt
start
started
echo '[tag dog]' >>ocelli.ini
wait_status '.edits==1'
sed -i 's/^uri = .*/uri = test:160x120@20/' ocelli.ini
wait_status '.pictures>0'
sed -i 's/^uri = .*/uri = y4m:video/' ocelli.ini
wait_status '.source_open'
stop TERM
test -s learnt/learnt || fail "$name: nothing was saved"
start # and one that comes
started
cat ../show.y4m >video
wait_event on pizza
wait "$daemon" || fail "$name: exit code $? after its writer ended"
daemon=

in_folder "an open that hangs"
ini y4m:stuck.y4m
cp ../show.y4m stuck.y4m
ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 STUCK=stuck.y4m LD_PRELOAD=$tools/libslow_disk.so "$ocelli" run -c ocelli.ini \
    >out 2>err & daemon=$!
held
until_true 20 grep -q 'stuck.y4m: does not open: waiting for it' err || fail "$name: not told"
echo '[tag dog]' >>ocelli.ini
wait_status '.edits==1'
sed -i 's/^uri = .*/uri = test:160x120@20/' ocelli.ini
wait_status '.pictures>0'
stop TERM

# --- FIFOs and devices in place of files ---

in_folder "FIFO in place of a file"
mkfifo fifo learnt.fifo
mkdir learnt && mkfifo learnt/learnt
refuses() { # PATTERN [INI]: at the start
    timeout 20 "$ocelli" run -c "${2:-ocelli.ini}" >out 2>err
    code=$?
    test $code -eq 1 || fail "$name: $1: exit code $code"
    grep -Eq "^ocelli: $1" err || fail "$name: not like $1"
}
refuses 'fifo: not a regular file' fifo
refuses '/dev/zero: not a regular file' /dev/zero
ini test:160x120@20 && sed -i 's/^model = .*/model = fifo/' ocelli.ini
refuses 'fifo: not a regular file'
ini test:160x120@20 && echo 'example = fifo' >>ocelli.ini
refuses "ocelli.ini:[0-9]+: this tag's example cannot be used: fifo: not a regular file"
ini test:160x120@20 && printf '[serve]\ncoaps = %s\npsk = fifo\n' $port >>ocelli.ini
refuses 'fifo: not a regular file'
ini test:160x120@20 thermal=fifo state=learnt save_every=0.2 && sed -i "s|^\[defaults\]|[memory]\nfile = $PWD/fifo\n&|" ocelli.ini
start
started
echo 'example = fifo' >>ocelli.ini
wait_status '.refused==1'
sed -i '$d; s/^uri = .*/uri = files:fifo/' ocelli.ini
wait_status '.edits>=1 and (.source_open|not)'
stop TERM

# --- standard error that nobody reads ---

in_folder "stalled standard error"
mkfifo log
ini test:160x120@20
exec 9<>log
head -c 65536 /dev/zero >&9 # all that a pipe holds
"$ocelli" run -c ocelli.ini >out 2>&9 & daemon=$!
started
sed -i 's/^motion.*/colour = red/' ocelli.ini
wait_status '.refused==1'
sed -i 's/^colour.*/motion = 0/' ocelli.ini && echo '[tag dog]' >>ocelli.ini
wait_status '.edits==1'
stop TERM
"$ocelli" run -c ocelli.ini >out 2>&9 & daemon=$! # it flows again
started
sed -i 's/^motion.*/colour = red/' ocelli.ini
wait_status '.refused==1'
head -c 65536 <&9 >/dev/null
# the first is the line of the start
timeout 10 head -n 2 <&9 | grep -q colour || fail "$name: what waited does not come"
stop TERM
exec 9<&-

# --- commands of on_change ---

in_folder "a command that hangs"
port=$((port + 1))
ini y4m:../show.y4m "on_change=echo \$\$ >command; trap '' TERM; sleep 1000 & echo \$! >child; wait" rate=2
printf '[serve]\nudp = %s\ncoap = %s\n' $port $((port + 1)) >>ocelli.ini
start
until_true 20 test -s child || fail "$name: it does not run"
test -z "$(ls -l "/proc/$(cat command)/fd" "/proc/$(cat child)/fd" | grep socket)" || fail "$name: it has our sockets"
stop TERM
for p in $(cat command child); do
    tries=40
    while kill -0 "$p" 2>/dev/null && test $tries -gt 0; do tries=$((tries - 1)) && sleep 0.05; done
    ended "$p" || fail "$name: process $p goes on"
done

# --- disks ---

in_folder "a disk that hangs" # a save and a change are on their way
port=$((port + 3))
ini test:160x120@20 state=learnt save_every=0.2
printf '[serve]\nudp = %s\n' $port >>ocelli.ini
ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 SYNC_MS=20000 LD_PRELOAD=$tools/libslow_disk.so "$ocelli" run -c ocelli.ini \
    >out 2>err & daemon=$!
held
until_true 20 eval 'test -n "$(ls learnt/*.tmp)"' || fail "$name: nothing is being saved"
"$ocelli" query udp://127.0.0.1:$port add dog >answer 2>&1 & asking=$!
sleep 1
kill -0 $asking || fail "$name: the change was answered: $(cat answer)"
stop TERM
kill $asking 2>/dev/null
wait $asking
test -z "$(find . -name '*.tmp')" || fail "$name: left $(find . -name '*.tmp')"

in_folder "a history that another program holds"
ini test:160x120@20
printf '[memory]\nfile = %s/history.db\nevery = 0\n' "$PWD" >>ocelli.ini
start
started
if python3 -c 'import sqlite3' 2>/dev/null && until_true 20 status_is '.history_kept>0'; then
    python3 - <<'END' & holder=$!
import sqlite3, time
db = sqlite3.connect("history.db", timeout=20, isolation_level=None)
db.execute("BEGIN IMMEDIATE")
open("held", "w").close()
time.sleep(1000)
END
    until_true 20 test -e held || fail "$name: not held"
    stop TERM
    kill -9 $holder
    wait $holder 2>/dev/null
    grep -q 'history.db: another program holds the history' err || fail "$name: not told"
else
    echo "a history that is held is not tested: no history, or no Python"
    stop TERM
fi

test $failures -eq 0 && echo "all as it should be"
test $failures -eq 0
