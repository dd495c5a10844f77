#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The live table of `run --show` and `watch --show` at a pseudo terminal, with the demo model and the test scene: what
# stands on the screen, keys, another size, signals, a terminal that stalls or goes; and plain lines where there is none.
set -u
. "$OCELLI_SOURCE/tests/e2e/tools/daemon.sh"
command -v python3 >/dev/null || skip "no python3"

port=$((20000 + $$ % 6600 * 3))
cat >ocelli.ini <<END
[run]
model = $model
motion = 0
[source]
uri = test:160x120@20
[serve]
udp = $port
coap = $((port + 1))
address = 127.0.0.1
[defaults]
smooth = 0
min_on = 0
min_off = 0
[templates]
template = a photo of a {}.
[tag green]
prompt = a green triangle
group = shapes
on = 0.02
[tag blue]
prompt = a blue square
group = shapes
on = 0.1
[tag 猫]
prompt = cat
on = 0.9
END
grep -q '^COAP_FOUND:INTERNAL=1$' "$OCELLI_BUILD/CMakeCache.txt" || sed -i '/^coap/d' ocelli.ini
python3 "$OCELLI_SOURCE/tests/e2e/tools/show.py" "$ocelli" $port "$tools/frames" "$pictures/cat.png" || fail "the table"
test $failures -eq 0
