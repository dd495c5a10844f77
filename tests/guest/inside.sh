#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What tests/guest/run.sh checks, in the guest, as root: the installed service under systemd, and a USB camera that comes and goes.
# Times are of an emulated machine.
set -u
replugs=$(sed -n 's/.*replugs=\([0-9]*\).*/\1/p' /proc/cmdline)
exec 3<>/dev/virtio-ports/camera
board=udp://127.0.0.1
failures=0
fail() {
    failures=$((failures + 1))
    echo "FAILED: $1"
    journalctl -u ocelli -o cat --no-pager -n 8 | cut -c 1-300 | sed 's/^/    journal: /'
}
# camera LINE: what it is told (camera/main.c)
camera() {
    echo "$*" >&3
    read -r answer <&3
    test "$answer" = ok || fail "the camera does not: $*"
}
ms() { echo $(($(date +%s%N) / 1000000)); }
seconds() { echo "$(($1 / 1000)).$(($1 / 100 % 10)) s"; }
unit() { systemctl show -P "$1" ocelli; }
ask() { ocelli query --json $board "$@" 2>/dev/null; }
status_is() { ask status | jq -en "inputs | $1" >/dev/null; }
tag_is() { ask tags | jq -en "inputs | .tags | any(.tag == \"$1\" and .state == \"$2\")" >/dev/null; }
said() { journalctl -u ocelli -o cat --no-pager | grep -c "$1"; }
said_times() { test "$(said "$2")" -eq "$1" || fail "$name: not $1 times: $2"; }
# until_true SECONDS COMMAND...
until_true() {
    end=$(($(ms) + $1 * 1000))
    shift
    while ! "$@"; do
        test "$(ms)" -lt $end || return 1
        sleep 0.1
    done
}
# within SECONDS WHAT COMMAND...: how long it took is told
within() {
    limit=$1 what=$2 before=$(ms)
    shift 2
    until_true "$limit" "$@" || { fail "$name: not within $limit s: $what"; return; }
    echo "$name: $what after $(seconds $(($(ms) - before)))"
}
# figures FILTER: of the daemon's own status line
figures() {
    systemctl kill -s USR1 --kill-whom=main ocelli
    sleep 2
    journalctl -u ocelli -o cat --no-pager | grep '"event":"status"' | tail -n 1 | jq -c "$1"
}
is_active() { test "$(unit ActiveState)" = active; }
restarted() { test "$(unit NRestarts)" -ge "$1" && is_active; }
shows() { camera show "$1" && within 90 "$1" tag_is "$1" on; }

name="the unit"
test -z "$(systemd-analyze verify ocelli.service 2>&1)" || fail "$name: $(systemd-analyze verify ocelli.service 2>&1)"
systemd-analyze security --no-pager ocelli 2>/dev/null | sed -n 's/.*\(exposure level for ocelli.service: [0-9.]* [A-Z]*\).*/the unit: \1/p'
test "$(systemctl --failed --no-legend | wc -l)" -eq 0 || fail "$name: failed units: $(systemctl --failed --no-legend)"

# --- boot without a camera; its first plug brings the drivers ---

name="without a camera"
is_active || fail "$name: $(unit ActiveState) $(unit Result)"
test "$(unit NRestarts) $(unit WatchdogUSec) $(unit StatusText | grep -c 'waiting for the source')" = "0 1min 1" ||
    fail "$name: $(unit NRestarts) restarts, watchdog $(unit WatchdogUSec), $(unit StatusText)"
test "$(ps -o user= -p "$(unit MainPID)")" = ocelli || fail "$name: not its own user"
said_times 1 "no camera found"
echo "$name: ready after $(($(systemctl show -P ActiveEnterTimestampMonotonic ocelli) / 1000000 - $(systemctl show -P ExecMainStartTimestampMonotonic ocelli) / 1000000)) s"
test -e /dev/video0 && fail "$name: there is a camera"
camera plug
name="the first plug"
within 90 "cat" tag_is cat on
cam -l 2>/dev/null | sed -n 's/^1: /the camera: /p'
echo "the camera: buffers: $(grep -c dmabuf /proc/"$(unit MainPID)"/maps) mappings of dma-bufs, $(v4l2-ctl --get-fmt-video | sed -n 's/.*Pixel Format *: //p')"

# --- pictures ---

name="yuyv"
shows pizza
shows sailboat
echo "$name: dma-bufs read without a copy: $(figures .dma_bufs); ms: $(figures '{frame_cpu_ms,gpu_ms,beyond_gpu_ms}')"
name="mjpeg"
sed -i 's/^uri = camera:/&\nformat = mjpeg/' /etc/ocelli/ocelli.ini
mjpeg() { v4l2-ctl --get-fmt-video | grep -q MJPG; }
within 90 "the format" mjpeg
shows pizza
shows cat
sed -i '/^format/d' /etc/ocelli/ocelli.ini
within 90 "yuyv again" eval '! mjpeg'

# --- changes: over UDP, kept in the ini; systemctl reload ---

name="change"
ask add dog >/dev/null || fail "$name: refused"
until_true 30 grep -q '^\[tag dog\]' /etc/ocelli/ocelli.ini || fail "$name: not in the ini"
within 90 "a fourth tag" status_is '.tags == 4'

# --- over a serial line ---

name="serial"
exec 4<>/dev/virtio-ports/wire
printf '\r\n#7 ping\r\n' >&4
answer=$(timeout 10 head -n 1 <&4)
echo "$answer" | jq -en 'inputs | .id == "7" and .pong == "ocelli"' >/dev/null || fail "$name: $answer"

name="reload"
# Through a link, so that nothing but the signal tells of the edit.
mkdir /etc/ocelli/real && mv /etc/ocelli/ocelli.ini /etc/ocelli/real && ln -s real/ocelli.ini /etc/ocelli/ocelli.ini
sed -i 's/^\[tag dog\]/[tag bicycle]/' /etc/ocelli/real/ocelli.ini
sleep 3
tag_is dog on || tag_is dog off || fail "$name: read before it was asked to"
systemctl reload ocelli || fail "$name: exit code $?"
within 90 "another tag" tag_is bicycle off

# --- stop and start ---

name="stop"
rm -f /var/lib/ocelli/learnt
systemctl stop ocelli
took=$((($(unit InactiveEnterTimestampMonotonic) - $(unit ActiveExitTimestampMonotonic)) / 1000))
echo "$name: $took ms"
test $took -lt 4000 || fail "$name: $took ms"
test "$(unit ActiveState) $(unit Result) $(unit ExecMainStatus)" = "inactive success 0" || fail "$name: $(unit Result) $(unit ExecMainStatus)"
test -s /var/lib/ocelli/learnt || fail "$name: no state saved"
name="start"
before=$(ms)
systemctl start ocelli || fail "$name: exit code $?"
echo "$name: ready after $(seconds $(($(ms) - before)))"
within 90 "cat" tag_is cat on

# --- a hang ---

name="watchdog"
mkdir -p /run/systemd/system/ocelli.service.d
printf '[Service]\nWatchdogSec=10\n' >/run/systemd/system/ocelli.service.d/watchdog.conf
systemctl daemon-reload
systemctl restart ocelli
sleep 15 # longer than the watchdog waits
test "$(unit NRestarts)" = 0 || fail "$name: restarted though it runs"
kill -STOP "$(unit MainPID)"
within 180 "restarted" restarted 1
journalctl -u ocelli --no-pager | grep -q 'Watchdog timeout' || fail "$name: not by the watchdog"
within 90 "cat" tag_is cat on

# --- the plug pulled, again and again ---

name="replug"
pid=$(unit MainPID)
files() { ls "/proc/$pid/fd" | wc -l; }
resident() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status"; }
let_go() { ! ls -l "/proc/$pid/fd" 2>/dev/null | grep -q /dev/video; }
told() { grep -c "\"event\":\"on\",\"tag\":\"$1\"" /run/events; }
is_told() { test "$(told $picture)" -gt "$before_told"; }
journalctl -u ocelli -o cat -f -n 0 >/run/events & reader=$! # cheaper than to ask again and again
threads() { ls "/proc/$pid/task" | wc -l; }
files=1000 threads=1000 buffers=1000 i=0
while test $i -lt "$replugs"; do
    i=$((i + 1))
    case $((i % 2)) in 0) picture=cat ;; 1) picture=pizza ;; esac
    camera unplug
    camera show $picture
    # Of three one at once, one after it was noticed, one in between.
    case $((i % 3)) in 0) ;; 1) until_true 60 let_go || fail "$name $i: not noticed" ;; 2) sleep 0.$((i % 10)) ;; esac
    before_told=$(told $picture)
    camera plug
    before=$(ms)
    until_true 90 is_told || { fail "$name $i: no pictures"; break; }
    echo $(($(ms) - before)) >>/run/times
    # What is kept of cameras before (imported buffers, a few) is full by then.
    case $i in 10) buffers=$(figures .dma_bufs) files=$(files) threads=$(threads) ;; esac
    case $i in 1 | 10 | 20 | 50 | 100) echo "$name: $i times, resident $(resident) kB, files $(files)" ;; esac
done
kill $reader
sort -n /run/times | sed -n "$(((i + 1) / 2))s/.*/$name: $i times, an event again after & ms (median)/p; \$s/.*/$name: at worst after & ms/p"
echo "$name: /dev: $(echo /dev/video*)"
test "$(unit MainPID) $(unit NRestarts)" = "$pid 1" || fail "$name: it was restarted"
test "$(files)" -le "$files" || fail "$name: files stay open: $files, then $(files)"
test "$(figures .dma_bufs)" -le "$buffers" || fail "$name: dma-bufs stay imported: $buffers, then $(figures .dma_bufs)"
test "$(threads)" -le "$threads" || fail "$name: threads stay"

# --- plugged in, and silent ---

name="silent"
silent=$(said 'no frame for 15 s')
noticed() { test "$(said 'no frame for 15 s')" -gt "$silent"; }
camera stall
within 90 "noticed" noticed
camera go
camera show sailboat
within 90 "sailboat" tag_is sailboat on

name="the end"
systemctl stop ocelli
test "$(unit Result)" = success || fail "$name: $(unit Result)"
journalctl -u ocelli -o cat --no-pager | sed -n 's/^ocelli: \(.*more times*)\)$/the end: \1/p'
test $failures -ne 0 || echo "all as it should be"
