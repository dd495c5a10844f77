#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `ocelli prompts` lists what tags expand to; with --tune it tries templates on the demo's pictures. tests/tools/tune_choice.c holds the choice itself.
set -u
command -v jq >/dev/null || { echo "SKIP: no jq"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0
fail() { echo "FAILED: $1"; for file in out err; do test ! -s $file || sed "s|^|    $file: |" $file | tail -8 | cut -c 1-160; done; failed=1; }
export OCELLI_DEVICE=cpu OCELLI_CACHE=
prompts() { "$OCELLI_BUILD/ocelli" prompts "$@" >out 2>err; code=$?; }

printf '[templates]\ntemplate = a photo of {}.\n[tag cat]\nprompt = a cat\nprompt = a kitten\nagainst = a dog\n[tag boat]\ntemplate = {}!\n' >tags.ini
prompts -T tags.ini -t tree
printf 'tree\n  tree\ncat\n  a photo of a cat.\n  a photo of a kitten.\n  against: a dog\nboat\n  boat!\n' | diff - out >differ && test $code -eq 0 || { fail "the list"; cat differ; }
prompts -T tags.ini --json
jq -se '.[0] == {tag: "cat", prompts: ["a photo of a cat.", "a photo of a kitten."], against: ["a dog"]} and .[1].prompts == ["boat!"]' out >/dev/null || fail "the list as JSON"

"$OCELLI_BUILD/ocelli-convert" "$OCELLI_SOURCE/tools/demo/checkpoint" --name demo -o demo.gguf >out 2>err || { fail convert; exit 1; }
pictures=$OCELLI_SOURCE/tools/demo/pictures
for class in cat pizza sailboat; do # each picture twice
    mkdir -p "tree/$class" && cp "$pictures/$class.png" "tree/$class/a.png" && cp "$pictures/$class.png" "tree/$class/b.png"
done
printf '# the last says nothing of the class\na photo of a {}.\na drawing of a {c}\n' >templates.txt
tune() { prompts --tune -m demo.gguf --kind f16w "$@"; }
tune --templates templates.txt --adjective blurry --held-out 50 --json -o won.ini tree
jq -en 'inputs | .pictures == 6 and .classes == 3 and .against == "{}" and (.ways | length) == 7 and (.winner.held_out.pictures + .winner.chosen_on.pictures) == 6
    and ([.ways[] | select(.kind == "single") | .templates[0]] | sort) == (["{}", "a photo of a {}.", "a drawing of a {}", "a blurry photo of a {}.", "a photo of a blurry {}."] | sort)
    and (.ways[] | select(.templates == ["{}"]) | .held_out | .difference == 0 and .low == 0 and .high == 0) and all(.ways[]; .held_out.acc1 <= 1 and .chosen_on.nll >= 0)' out >/dev/null && test $code -eq 0 || fail "tune: JSON"
# What it wrote is taken as tags are, and expands to the winner's templates.
jq -r '.winner.templates[]' out | sed 's/^/  /; s/{}/cat/' >want
printf '[tag cat]\n' >>won.ini
prompts -T won.ini
sed 1d out | diff want - >differ || { fail "the winner's ini (< wanted)"; cat differ; }
tune --templates templates.txt tree
grep -q '<- chosen$' out && grep -q '^\[templates\]$' out && grep -q '^chosen: ' out || fail "tune: the table"

# Bad input: a line, and nothing is written.
said() { # WHAT CODE LINE
    test "$code" -eq "$2" && test ! -s out && test "$(cut -c 1-100 err)" = "ocelli: $3" || fail "$1: exit code $code"
}
mkdir -p one/cat && cp "$pictures/cat.png" one/cat
tune one; said "one class" 1 'one: has one class: there is nothing to tell apart'
printf '{}\n' >same.txt
tune --templates same.txt tree; said "nothing to try" 2 'no template but "{}" to try: give others'
printf 'nobody.png,cat\n' >none.csv
tune --labels none.csv -o never.ini tree; said "no picture" 1 'none.csv: names no picture in tree: of its 1 the first is "nobody.png"'
test ! -e never.ini || fail "an ini of nothing"
mkdir -p few/cat few/dog && cp "$pictures/cat.png" few/cat
tune --held-out 1 few; test $code -eq 1 && grep -q 'picture to choose on and 0 to measure on: label more pictures$' err || fail "too few"
for arguments in '' '-T' '--labels none.csv' '-T tags.ini tree' '--tune tree' '--tune -m demo.gguf' '--tune -m demo.gguf tree tree' '--tune -m demo.gguf -t cat tree' '--tune -m demo.gguf --held-out 100 tree'; do
    prompts $arguments
    test $code -eq 2 && test ! -s out && test "$(wc -l <err)" -eq 1 || fail "usage: \"$arguments\": exit code $code"
done

# Prompts that CLIP's model card rules out: one line in tag, check and run, no other exit code, and it can be silenced.
want='takes a look for a feeling: CLIP.s model card rules that out; so it is with 1 more (docs/tags.md, "Prompts that warn"; OCELLI_PROMPT_LINT=off silences this)'
printf '[run]\nmodel = demo.gguf\n[source]\nuri = files:%s\n[tag cat]\n[tag angry]\nprompt = an angry man\n[tag thing]\nprompt = eine Katze\n' "$pictures" >lint.ini
"$OCELLI_BUILD/ocelli" tag -m demo.gguf --kind f16w -t cat -t 'an angry man' -t 'eine Katze' "$pictures/cat.png" >out 2>err && test "$(wc -l <err)" -eq 1 &&
    grep -q "^ocelli: warning: prompt \"an angry man\" $want\$" err || fail "lint: tag"
OCELLI_PROMPT_LINT=off "$OCELLI_BUILD/ocelli" tag -m demo.gguf --kind f16w -t 'an angry man' "$pictures/cat.png" >out 2>err && test ! -s err || fail "lint: tag, silenced"
"$OCELLI_BUILD/ocelli" check -c lint.ini >out 2>err || fail "lint: check's exit code"
test "$(cat out err | grep -c "prompt \"an angry man\" $want")" -eq 1 || fail "lint: check"
OCELLI_PROMPT_LINT=off "$OCELLI_BUILD/ocelli" check -c lint.ini >out 2>err && ! grep -q 'model card' out err || fail "lint: check, silenced"
"$OCELLI_BUILD/ocelli" run -c lint.ini --recording "files:$pictures" --kind f16w >out 2>err || fail "lint: run's exit code"
test "$(grep -c "^ocelli: warning: lint.ini: prompt \"an angry man\" $want" err)" -eq 1 || fail "lint: run"
exit $failed
