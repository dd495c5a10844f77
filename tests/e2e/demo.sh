#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The demo checkpoint sees: every demo picture's best tags are the things its file name tells, and
# the documents' example gives the same scores as the command.
pictures=$OCELLI_SOURCE/tools/demo/pictures
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
"$OCELLI_BUILD/ocelli-convert" "$OCELLI_SOURCE/tools/demo/checkpoint" -o "$work/demo.gguf" || exit 1
"$OCELLI_BUILD/ocelli" selftest -m "$work/demo.gguf" || exit 1
failed=0 seen=0
for picture in "$pictures"/*.png; do
    seen=$((seen + 1))
    "$OCELLI_BUILD/ocelli" tag -m "$work/demo.gguf" -T "$OCELLI_SOURCE/tools/demo/tags.ini" --json "$picture" >"$work/out" || exit 1
    # cat-and-umbrella.png: the best tags are cat and umbrella, in any order
    things=$(basename "$picture" .png | sed 's/-and-/\n/g; s/-/ /g' | sort)
    best=$(jq -r ".tags[:$(echo "$things" | wc -l)][].tag" "$work/out" | sed 's/^an* //; s/^the //' | sort)
    test "$things" = "$best" || { echo "$picture: best tags:" $best; failed=1; }
done
test "$seen" -ge 5 || { echo "only $seen demo pictures"; failed=1; }
picture=$(ls "$pictures"/*.png | head -1)
"$OCELLI_BUILD/tests/example" "$work/demo.gguf" "$picture" "a cat" "a dog" >"$work/example" || exit 1
"$OCELLI_BUILD/ocelli" tag -m "$work/demo.gguf" --json -t "a cat" -t "a dog" "$picture" |
    jq -r '.tags | sort_by(.tag)[] | "\(.score * 1000 | round / 10) \(.tag)"' >"$work/command"
awk '{printf "%g %s %s\n", $1, $3, $4}' "$work/example" | diff - "$work/command" || { echo "example and command differ"; failed=1; }
exit $failed
