#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `ocelli audit` on the demo's pictures: pairs of words, groups, every file it writes, bad input. tests/tools/audit_groups.c holds the numbers against Fairlearn's.
set -u
command -v jq >/dev/null || { echo "SKIP: no jq"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0
fail() { echo "FAILED: $1"; for file in out err; do test ! -s $file || sed "s|^|    $file: |" $file | tail -8 | cut -c 1-160; done; failed=1; }
export OCELLI_DEVICE=cpu OCELLI_CACHE=
"$OCELLI_BUILD/ocelli-convert" "$OCELLI_SOURCE/tools/demo/checkpoint" --name demo -o demo.gguf >out 2>err || { fail convert; exit 1; }
cp -r "$OCELLI_SOURCE/tools/demo/pictures" pictures
audit() { "$OCELLI_BUILD/ocelli" audit -m demo.gguf --kind f16w "$@" >out 2>err; code=$?; }
# WHAT CODE LINE...: the exit code, and that each line is among those on standard error, and no others.
said() {
    what=$1
    test "$code" = "$2" || fail "$what: exit code $code, not $2"
    shift 2
    for line in "$@"; do printf 'ocelli: %s\n' "$line"; done >want
    cut -c 1-120 err | diff want - >differ || { fail "$what: standard error (< wanted)"; cat differ; }
}

# Four pictures, two groups, known answers: cat and pizza are found, a dog with a balloon is called pizza.
printf 'image,label,group\ncat.png,cat,indoors\npizza.png,pizza,indoors\nsailboat.png,sailboat,outdoors\ndog-and-balloon.png,cat,outdoors\n' >labels.csv
printf 'photo,drawing\nhe,she\ncat,dog\ndrawing,photo\n' >pairs.csv
audit --labels labels.csv --pairs pairs.csv --template 'a photo of a {}.' -o all pictures
said table 0 'warning: pictures: 4 pictures are not in labels.csv: passed over' 'warning: pairs.csv:4: the pair "drawing", "photo" is there twice: it counts once' \
    'warning: pairs.csv: neither "he" nor "she" is a word of a prompt'
jq -en 'inputs | .pictures == 4 and .selects == "best" and (.pairs | map([.first, (.prompts | length)]) == [["photo", 3], ["he", 0], ["cat", 1]]) and
    .pairs[2].prompts[0].swapped == "a photo of a dog." and .pairs[2].prompts[0].selection_rate == 0.25 and
    (.groups | map(.accuracy) == [1, 0.5]) and ([.tags[] | select(.tag == "pizza").groups[] | .selection_rate] == [0.5, 0.5]) and
    ([.tags[] | select(.tag == "cat") | .groups[] | .fnr] == [0, 1]) and ([.tags[] | select(.tag == "cat") | .equalized_odds_difference.value] == [1]) and
    all(.tags[]; .demographic_parity_difference | .low <= .value and .value <= .high)' all/audit.json >/dev/null || fail "audit.json: $(cat all/audit.json)"
test "$(head -n 1 all/pictures.csv)" = image,group,label,tag,cosine,score,selected && test "$(wc -l <all/pictures.csv)" -eq 13 || fail pictures.csv
test "$(awk -F, 'NR > 1 { sum += $7 } END { print sum }' all/pictures.csv)" -eq 4 || fail "pictures.csv: one tag of each is selected"
grep -q '^cat,outdoors,2,0,1,0,1$' all/groups.csv && test "$(wc -l <all/groups.csv)" -eq 7 || fail "groups.csv: $(cat all/groups.csv)"
test "$(wc -l <all/pairs.csv)" -eq 5 || fail "pairs.csv: $(cat all/pairs.csv)"
grep -q '</html>' all/report.html && ! grep -Eq '(src|href)="?http' all/report.html || fail report.html
grep -q '^photo / drawing: another selection for [0-4] of 4' out && grep -q 'equalized odds difference *1.0000' out || fail "the summary"

# Without labels: groups alone; tags of the command line; a threshold; eval's own table has groups too.
printf 'image,group\ncat.png,<b>in & out\npizza.png,y\nsailboat.png,\n' >groups.csv
audit --labels groups.csv -t cat -t pizza --threshold 0.2 --report - pictures
said groups 0 'warning: pictures: 5 pictures are not in groups.csv: passed over' 'warning: group "<b>in & out" has one picture: its rates say nothing' \
    'warning: group "y" has one picture: its rates say nothing' 'warning: group "(none)" has one picture: its rates say nothing'
grep -q '&lt;b&gt;in &amp; out' out && ! grep -q '<b>in' out && ! grep -q FPR out || fail "a page without labels"
"$OCELLI_BUILD/ocelli" eval -m demo.gguf --kind f16w --labels labels.csv --csv eval.csv pictures >out 2>err
grep -q '^cat.png,cat,.*,indoors$' eval.csv || fail "eval's table has no group"
audit --labels eval.csv -t cat -t pizza -t sailboat --json - pictures
jq -en 'inputs | .groups | length == 2' out >/dev/null || fail "eval's table as labels"
# Folders and all pictures.
mkdir -p tree/cat tree/pizza && cp pictures/cat.png tree/cat && cp pictures/pizza.png tree/pizza
printf 'cat,dog\n' >cat.csv
audit --pairs cat.csv --json - tree
jq -en 'inputs | .pictures == 2 and .pairs[0].prompts[0].prompt == "cat" and (has("groups") | not)' out >/dev/null && test $code -eq 0 || fail folders
audit --pairs cat.csv -t 'a cat' --threshold 0.1 --json - tree
jq -en 'inputs | .pictures == 2 and .threshold == 0.1 and .pairs[0].prompts[0].swapped == "a dog"' out >/dev/null || fail "one tag and a threshold"

# Bad input.
echo 'nobody.png,cat' >none.csv
printf 'image,group\ncat.png,a\npizza.png,a\n' >one.csv
printf 'image,label,group\ncat.png,cat,a\ncat.png,cat,b\n' >two.csv
printf 'image,label,group\ncat.png,cat,a\npizza.png,fish,b\nbroken.png,cat,c\n' >other.csv
printf 'he,she\n' >he.csv
printf 'cat.png,cat\npizza.png,pizza\n' >plain.csv
head -c 300 pictures/cat.png >pictures/broken.png
audit --labels none.csv pictures; said "no picture" 1 'none.csv: names no picture in pictures: of its 1 the first is "nobody.png"'
audit --labels one.csv -t cat -t dog pictures; said "one group" 1 'warning: pictures: 7 pictures are not in one.csv: passed over' 'one.csv: all pictures are of one group, "a": there is nothing to compare'
audit --labels two.csv pictures; said "two groups" 1 'two.csv:3: picture "cat.png" has another group above: leave one'
audit --labels one.csv pictures; said "no tags" 1 'warning: pictures: 7 pictures are not in one.csv: passed over' 'one.csv: has no classes: tell what to look for with -t or -T'
audit --pairs he.csv -t cat -t dog pictures
said "no word" 1 'warning: he.csv: neither "he" nor "she" is a word of a prompt' 'he.csv: no prompt has a word of a pair: there is nothing to swap'
audit --labels other.csv -t cat -t pizza pictures
said others 1 'warning: pictures: 6 pictures are not in other.csv: passed over' 'pictures/broken.png: cut short: copy it again' '1 of 3 pictures could not be read' \
    'warning: group "a" has one picture: its rates say nothing' 'warning: group "b" has one picture: its rates say nothing' \
    'warning: group "c" has no picture that can be read: its rates say nothing' 'warning: 1 picture has a label that is no tag: for each tag it is wrong to select' \
    'warning: 1 tag has no picture, the first is "pizza": there is no false negative rate'
audit --pairs cat.csv -t cat pictures; said "one tag" 2 'one tag is always the best one: give more tags, or --threshold'
audit --labels plain.csv pictures; said "no groups" 2 'warning: pictures: 7 pictures are not in plain.csv: passed over' 'plain.csv: has no column "group": name one in its first line, or give --pairs'
audit --labels labels.csv --csv labels.csv pictures; said "an input" 1 'labels.csv: is an input: give another name to write to'
"$OCELLI_BUILD/ocelli" eval -m demo.gguf --labels groups.csv pictures >out 2>err
code=$?; said "eval without labels" 1 'groups.csv: has groups but no texts: name that column "label" or "caption" in the first line'
for arguments in '' 'pictures' '--pairs pairs.csv' '--pairs pairs.csv pictures pictures' '--pairs pairs.csv --threshold 2 pictures' '--pairs= pictures'; do
    audit $arguments
    test $code -eq 2 && test ! -s out && test "$(wc -l <err)" -eq 1 || fail "usage: \"$arguments\": exit code $code"
done
exit $failed
