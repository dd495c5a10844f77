#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A model without a text tower, by the commands: made with a daemon's ini, used without tags and with them; a text it does not know is one
# line. OCELLI_BUILD, OCELLI_SOURCE, OCELLI_MODEL as in cli.sh.
set -u
. "$OCELLI_SOURCE/tests/e2e/tools/daemon.sh"
export OCELLI_DEVICE=cpu
convert() { "$OCELLI_BUILD/ocelli-convert" "$OCELLI_SOURCE/tools/demo/checkpoint" -o own.gguf --no-calibrate "$@" >out 2>err; }
# refuses CODE WORDS COMMAND...: with this exit code, and one line on standard error that has the words
refuses() {
    code=$1 words=$2
    shift 2
    "$@" >out 2>err
    got=$?
    test $got -eq "$code" || fail "$name: $1 $2: exit code $got"
    test "$(wc -l <err)" -eq 1 && grep -qF -e "$words" err || fail "$name: not one line with: $words"
}

name="one option alone"
refuses 2 "needs --prompts" convert --no-text
refuses 2 "goes with --no-text" convert --prompts tags.ini
name="an empty FILE"
refuses 2 "is empty" convert --no-text --prompts ""
name="no such FILE"
refuses 1 "none.ini" convert --no-text --prompts none.ini
test ! -e own.gguf || fail "$name: a file is left"

name="made"
ini test: "state = kept"
convert --no-text --prompts ocelli.ini || fail "$name: not converted"
test "$(wc -c <own.gguf)" -lt "$(wc -c <"$model")" || fail "$name: no smaller than with a text tower"
"$ocelli" info -m own.gguf --json >out 2>err || fail "$name: info"
jq -en 'inputs | .model|.own_tags|map(.tag)==["cat","pizza","sailboat"]' out >/dev/null || fail "$name: not its tags"
jq -en 'inputs | .model|has("text") or has("vocabulary")|not' out >/dev/null || fail "$name: a text tower"
"$ocelli" info -m own.gguf >out 2>err
grep -q "^text tower *none: vectors of" out || fail "$name: info does not say that there is no text tower"
refuses 1 "no text tower" "$ocelli" tokenize -m own.gguf cat
refuses 1 "no text tower" "$OCELLI_BUILD/ocelli-convert" own.gguf -o again.gguf
"$ocelli" selftest -m own.gguf >out 2>err || fail "$name: self-test"
"$OCELLI_BUILD/ocelli-convert" --compare "$model" own.gguf >out 2>err
test $? -eq 1 || fail "$name: --compare"
grep -q "prompts.text_embd: only in the second" out || fail "$name: --compare does not tell"

name="tag"
"$ocelli" tag -m own.gguf --json "$pictures/cat.png" >out 2>err || fail "$name: without -t and -T"
jq -en 'inputs | .tags|length==3 and .[0].tag=="cat"' out >/dev/null || fail "$name: not the cat"
"$ocelli" tag -m own.gguf -T ocelli.ini --json "$pictures/cat.png" >with 2>err || fail "$name: with -T"
cmp -s with out || fail "$name: -T gives other scores"
"$ocelli" tag -m own.gguf -t cat -t pizza "$pictures/cat.png" >out 2>err || fail "$name: with -t"
refuses 1 "\"walrus\"" "$ocelli" tag -m own.gguf -t walrus "$pictures/cat.png"
refuses 1 "\"walrus\"" "$ocelli" embed -m own.gguf --text walrus
refuses 2 "no tags" "$ocelli" tag -m "$model" "$pictures/cat.png"

name="run"
sed 's/^\[tag pizza\]/[tag walrus]/' ocelli.ini >other.ini
refuses 1 "tag \"walrus\": no text tower" "$ocelli" run -m own.gguf -c other.ini --for 1
"$ocelli" check -m own.gguf -c other.ini >out 2>err && fail "$name: check finds no fault"
grep -q "tag \"walrus\": no text tower" out || fail "$name: check does not tell"
grep -v '^\[tag\|^group\|^template' ocelli.ini >none.ini
"$ocelli" check -m own.gguf -c none.ini >out 2>err || fail "$name: check of an ini without tags"
grep -q "the model's own" out || fail "$name: check does not tell whose tags"
"$ocelli" run -m own.gguf -c none.ini --for 1 >out 2>err || fail "$name: an ini without tags"
grep -q "3 tags" err || fail "$name: not the model's tags"
grep -q "no tags" err && fail "$name: a warning that is untrue"

test $failures -eq 0
