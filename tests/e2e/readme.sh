#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# README.md's commands, typed as they stand there: at most five from the clone to the first tag. Its video runs three times as fast, and
# again and again until all was seen.
set -u
. "$OCELLI_SOURCE/tests/e2e/tools/document.sh"
events=out
sed -n '/^```sh$/,/^```$/p' "$OCELLI_SOURCE/README.md" | sed -n '/^git clone/,/^```$/p' | sed '/^```$/,$d' >quick
test "$(wc -l <quick)" -le 5 || fail "more than five commands to the first tag"

steps README.md >typed
command -v ffmpeg >/dev/null || { echo "SKIP: no ffmpeg"; exit 77; }
# The daemon reads the one it is given: the same file with this test's port.
sed "s/5690/$port/; s|../../build/demo.gguf|demo.gguf|" tools/demo/watch.ini >build/watch.ini
sed -i -e 's|tools/demo/watch.ini|build/watch.ini|' -e 's|-framerate 1/3|-framerate 1|' typed
# While the video runs it is asked from another terminal.
sed -i -e '/^ffmpeg.* run /s/$/ \&\nuntil_true ask tags/' typed
sed -i 's/-re -i build/-re -stream_loop -1 -i build/' typed
was_on() { grep -q "\"event\":\"on\",\"tag\":\"$1\"" out || grep -Eq "on +$1 " out; }
all_were_on() { for tag in banana cat pizza sailboat; do was_on $tag || return 1; done; }
printf 'until_true all_were_on\nkill $!\nwait\n' >>typed
type_lines typed
grep -Eq '^cat +(on|off|learning) ' out || fail "no answer to tags"
exit $failed
