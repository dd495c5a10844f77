#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Many tags in one group, edited all the time: a ping is answered meanwhile. tests/e2e/tools/stall.py measures it for docs/run.md too.
set -u
. "$OCELLI_SOURCE/tests/e2e/tools/daemon.sh"
command -v python3 >/dev/null || skip "no python3"

# Two seconds are for a machine that is busy: while each pair of a group was hashed, these tags took several.
port=$((20000 + $$ % 12000))
python3 "$OCELLI_SOURCE/tests/e2e/tools/stall.py" "$ocelli" "$model" $port 700 things 3 >out 2>err || fail "the daemon: $(cat out)"
longest=$(awk '{print int($5)}' out)
test "${longest:-9999}" -lt 2000 || fail "a ping waited $longest ms: $(cat out)"
exit $((failures > 0))
