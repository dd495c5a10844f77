#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/tutorial.md, typed as it stands there; where it sleeps, the test waits for what has to come.
set -u
. "$OCELLI_SOURCE/tests/e2e/tools/document.sh"
events=$work/build/try/events
steps docs/tutorial.md >typed
# The ini that `ocelli init` writes has the usual ports: this test's instead.
sed -i "/ocelli init /a sed -i -e s/5690/$port/ -e s/5683/$((port + 1))/ build/mine/ocelli.ini" typed
# What each sleep waits for, in order.
cat >waits <<'END'
until_true ask ping
until_true events_are 1
until_true events_are 3
until_true state_is balloon unknown; sleep 1.2 # the same picture is looked at again after 1 s
until_true state_is balloon on
until_true ask ping
until_true test -s build/try/acted
END
test "$(grep -c '^sleep ' typed)" = "$(wc -l <waits)" || { fail "the document sleeps at other places"; exit 1; }
awk '/^sleep / { getline < "waits" } { print }' typed >waiting
type_lines waiting
grep -q '^  1*00.00%   0.5[0-9]*  a cat$' out || fail "the cat is not told"
grep -Eq '^balloon +on ' out || fail "the balloon is not on"
grep -q '^\[tag balloon\]' build/try/ocelli.ini || fail "the tag is not in the file"
grep -q '^cat turned on with score ' build/try/acted || fail "on_change did nothing"
ls build/try/state/* >/dev/null 2>&1 || fail "nothing learnt was kept"
exit $failed
