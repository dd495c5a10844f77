#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `ocelli score`, its server, and `ocelli draw`. OCELLI_BUILD, OCELLI_SOURCE, OCELLI_MODEL as in cli.sh. Needs jq.
set -u
command -v jq >/dev/null || { echo "SKIP: no jq"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
fail() { echo "FAILED: $1"; failed=1; }
ocelli=$OCELLI_BUILD/ocelli
pictures=$OCELLI_SOURCE/tools/demo/pictures
cd "$work" || exit 1
model=${OCELLI_MODEL:-}
test -n "$model" || { model=$work/demo.gguf; "$OCELLI_BUILD/ocelli-convert" "$OCELLI_SOURCE/tools/demo/checkpoint" -o "$model" >/dev/null || exit 1; }
score() { "$ocelli" score -m "$model" --device cpu --kind f16w "$@"; }

score --json --text cat --text pizza "$pictures" >out || fail "a folder"
jq -se '.[0].text=="cat" and (.[0].images[0].image|endswith("/cat.png")) and (.[1].images[0].image|endswith("/pizza.png"))
    and all(.[].images[]; (.score-([0,100*.cosine]|max)|fabs)<1e-3 and (.clipscore-([0,2.5*.cosine]|max)|fabs)<1e-4)
    and all(.[].images; [.[].cosine]==([.[].cosine]|sort|reverse))' out >/dev/null || fail "the ranking"
score --csv --top 1 --text cat none.png "$pictures/cat.png" "$pictures/pizza.png" >out 2>err
test $? -eq 1 && test "$(wc -l <out)" -eq 2 && grep -q '^cat,1,.*/cat.png,0\.' out && grep -q none.png err || fail "an unreadable picture"
score --text cat >out 2>err; test $? -eq 2 || fail "no picture: exit code"
score --server --csv >out 2>err; test $? -eq 2 || fail "--server --csv: exit code"

printf '%s\nnone.png\n\n{"image":"%s","text":"pizza"}\n{bad\n{"image":7}\n%s' "$pictures/cat.png" "$pictures/pizza.png" "$pictures/cat.png" |
    score --server --text cat --text pizza >out || fail "the server's exit code"
test "$(wc -l <out)" -eq 7 && test "$(grep -c error out)" -eq 4 || fail "a line for each line"
sed -n 1p out | grep -Eqx '0\.[0-9]+ -?0\.[0-9e-]+' && test "$(sed -n 1p out)" = "$(sed -n 7p out)" || fail "plain answers"
sed -n 4p out | jq -en 'inputs | .scores[0].text=="pizza" and .scores[0].cosine>0.2' >/dev/null || fail "an answer in JSON"
sed -n 5p out | jq -en 'inputs | .error' >/dev/null || fail "an error in JSON"

# Texts of lines are kept, the last 32: an answer is the same whether its text is, or went and came again.
i=0
while test $i -lt 40; do
    printf '{"image":"%s","text":"thing %d"}\n{"image":"%s","text":"pizza"}\n' "$pictures/cat.png" $((i % 35)) "$pictures/cat.png"
    i=$((i + 1))
done | score --server >out || fail "kept texts: exit code"
test "$(wc -l <out)" -eq 80 && test "$(grep -c '"text":"pizza"' out)" -eq 40 && test "$(grep '"text":"pizza"' out | sort -u | wc -l)" -eq 1 || fail "kept texts: the same text"
test "$(grep -v '"text":"pizza"' out | sort -u | wc -l)" -eq 35 && test "$(grep -v '"text":"pizza"' out | sed 's/.*cosine/cosine/' | sort -u | wc -l)" -gt 20 || fail "kept texts: others"

draw() { "$ocelli" draw -m "$model" --device cpu --kind f16w "$@"; }
draw apple -o one.svg --steps 2 >out && draw apple -o two.svg --steps 2 >out && cmp one.svg two.svg || fail "the same seed"
draw apple -o three.svg --steps 2 --seed 2 >out && ! cmp -s one.svg three.svg || fail "another seed"
test "$(grep -c '<path' one.svg)" -ge 40 && tail -n 1 one.svg | grep -qx '</svg>' || fail "the SVG"
draw apple -o x.gif >out 2>err; test $? -eq 2 && test "$(wc -l <err)" -eq 1 || fail "another ending"
"$ocelli" draw -m "$model" --device cpu --kind f16w apple -o long.svg --steps 100000 --preview now.svg >out 2>err & pid=$!
i=0
while test ! -s now.svg && test $i -lt 600; do sleep 0.1; i=$((i + 1)); done
kill -TERM $pid
wait $pid || fail "SIGTERM: exit code"
test -s long.svg && test -s now.svg || fail "SIGTERM: no picture"
score --text cat --text cat "$pictures/cat.png" >out 2>err; test $? -eq 2 && grep -qx 'ocelli: text "cat" is given twice: once is enough' err || fail "a text twice: $(cat err)"
exit $failed
