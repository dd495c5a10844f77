#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first start, with a file that has no thresholds: what a person at a terminal reads, and what goes into a log.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0
fail() { echo "FAILED: $1"; for file in out err; do test ! -s $file || sed "s|^|    $file: |" $file; done; failed=1; }
mkdir -p build/try/inbox && ln -s "$OCELLI_BUILD" build/release
build/release/ocelli-convert "$OCELLI_SOURCE/tools/demo/checkpoint" --name ocelli-demo -o build/demo.gguf >out || { fail convert; exit 1; }
port=$((20000 + $$ % 6600 * 3))
printf '[run]\nmodel = ../demo.gguf\n[source]\nuri = files:inbox\n[serve]\nudp = %s\n[tag cat]\n[tag dog]\n[tag balloon]\n' $port >build/try/ocelli.ini

# Somebody who waits at a terminal is told what for. That it runs is told to all, and that what it learns will be lost.
export OCELLI_CACHE=$work/cache
script -qec "build/release/ocelli run -c build/try/ocelli.ini --for 1" /dev/null </dev/null >out 2>err || fail "run at a terminal"
grep -q 'compiling its shaders, which can take minutes\|, .* dot: .* ms' out || fail "the first start is silent"
grep -q 'Ctrl-C ends it; --show draws a table of all tags' out || fail "nothing tells of the table"
build/release/ocelli run -c build/try/ocelli.ini --for 4 >out 2>err || fail "run without a terminal"
runs="build/try/ocelli.ini: runs: source files:build/try/inbox (no picture yet: it waits for the first); model build/try/../demo.gguf on .*; 3 tags (threshold: cat [a-z ]*, dog [a-z ]*, balloon [a-z ]*); no state folder; answers on udp $port"
test "$(grep -c "^ocelli: $runs\$" err)" = 1 || fail "nothing tells that it is ready"
grep -q '^ocelli: warning: build/try/ocelli.ini: no state = FOLDER under .run.' err || fail "nothing warns that what is learnt is lost"
exit $failed
