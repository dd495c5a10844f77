#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/first-steps.md, typed as it stands there: its ```sh blocks, one after another, in a folder that looks like a clone after `make demo`.
# Another port, as others may use the usual one. Then what only a terminal is told.
set -u
work=$(mktemp -d) || exit 1
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0
fail() { echo "FAILED: $1"; for file in out err build/try/events; do test ! -s $file || sed "s|^|    $file: |" $file; done; failed=1; }
mkdir build && ln -s "$OCELLI_BUILD" build/release && ln -s "$OCELLI_SOURCE/tools" tools
build/release/ocelli-convert tools/demo/checkpoint --name ocelli-demo -o build/demo.gguf >out || { fail convert; exit 1; }

port=$((20000 + $$ % 20000))
# Where it waits a fixed time for the daemon, wait as long as it takes.
events_are() { for _ in $(seq 600); do test "$(wc -l <build/try/events)" -ge "$1" && return; sleep 0.1; done; fail "not $1 events"; }
ready() { for _ in $(seq 600); do build/release/ocelli query udp://localhost:$port ping >/dev/null 2>&1 && return; sleep 0.1; done; fail "not ready"; }
is_known() { for _ in $(seq 600); do build/release/ocelli query udp://localhost:$port tags | grep -q "^$1 .* off " && return; sleep 0.1; done; fail "$1 is not in force"; }
on() { build/release/ocelli query udp://localhost:$port tags | grep -Eq "^$1 +on "; }
is_on() { for _ in $(seq 600); do on "$1" && return; sleep 0.1; done; fail "$1 is not on"; }
sed -n '/^```sh$/,/^```$/p' "$OCELLI_SOURCE/docs/first-steps.md" |
    sed -e '/^```/d' -e "s/5690/$port/" -e "s/localhost/localhost:$port/" -e 's/^sleep 5$/ready/' >steps
awk -v n=0 '/^sleep 2$/ { n++; print n == 1 ? "events_are 1" : n == 2 ? "events_are 3" : n == 3 ? "is_known balloon; sleep 1.2 # the same picture is looked at again after 1 s" : "is_on balloon"; next } { print }' steps >waiting
# shellcheck disable=SC1091
. ./waiting >out 2>err || fail "its last command fails"
test ! -s err || fail "something went wrong"
grep -q '^  1*00.00%   0.5[0-9]*  a cat$' out || fail "the cat is not told"
jq -r '.event + " " + .tag' build/try/events | head -3 | sort | tr '\n' , | grep -q '^off cat,on cat,on dog,$' || fail "not the events it tells of"
grep -q '^\[tag balloon\]' build/try/ocelli.ini || fail "the tag is not in the file"

# Somebody who waits at a terminal is told what for; nobody else is.
export OCELLI_CACHE=$work/cache
sed -i 's/^on = .*//' build/try/ocelli.ini
script -qec "build/release/ocelli run -c build/try/ocelli.ini --for 1" /dev/null </dev/null >out 2>err || fail "run at a terminal"
grep -q 'compiling its shaders, which can take minutes\|, .* dot: .* ms' out || fail "the first start is silent"
grep -q 'ocelli.ini: watching for 3 tags; Ctrl-C ends it' out && grep -q '3 of them cannot turn on yet' out || fail "nothing tells that it is ready"
build/release/ocelli run -c build/try/ocelli.ini --for 1 >out 2>err || fail "run without a terminal"
grep -q watching err && fail "a line that is no fault in a log"
exit $failed
