#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Memory of `ocelli run` over many frames of the test scene on the real device: what is resident once it is warm, and at the end.
# OCELLI_BUILD, OCELLI_SOURCE, OCELLI_MODEL as in tests/e2e/cli.sh. FRAMES: how many (200000). WARM: pictures until it counts as warm
# (2000); as many follow at least. GATE=yes: the motion gate takes one for still until 0.1 s are over, so that most are no pictures.
set -u
. "$OCELLI_SOURCE/tests/e2e/tools/daemon.sh"
frames=${FRAMES:-200000} warm=${WARM:-2000}
name="memory over $frames frames"
case ${GATE:-no} in
yes) ini test:64x64@1000 rate=0 motion=100 look_every=0.1 status_every=5 ;;
*) ini test:64x64@1000 rate=0 motion=0 status_every=5 ;;
esac
start
held
newest() { grep '"event":"status"' out | tail -n 1 | jq -c "$1"; }
# wait_for FIELD COUNT: and shows how it stands now and then
wait_for() {
    while test "$(newest ".$1")" -lt "$2" 2>/dev/null || ! grep -q '"event":"status"' out; do
        kill -0 "$daemon" || { cat err; exit 1; }
        turns=$((${turns:-0} + 1))
        test $((turns % 30)) -ne 0 || newest '[.frames,.pictures,.rss_bytes]'
        sleep 2
    done
}
wait_for pictures "$warm"
first=$(newest .rss_bytes)
newest '{frames,pictures,still,rss_bytes,gpu_bytes}'
wait_for frames "$frames"
wait_for pictures $((2 * warm))
last=$(newest .rss_bytes)
newest '{uptime_s,frames,pictures,still,events,rss_bytes,gpu_bytes,gpu_ms}'
stop TERM
echo "$name: $first bytes resident after $warm pictures, $last at the end: $((last - first)) more"
test $((last - first)) -lt 4000000 || fail "$name: it grows"
test $failures -eq 0
