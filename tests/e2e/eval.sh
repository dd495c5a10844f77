#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `ocelli eval` on the demo's pictures: classes from a table, an ini and folders; captions; comparisons; every file it writes; bad input.
# tests/tools/eval_metrics.c holds the numbers themselves against scikit-learn and CLIP_benchmark.
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
eval_() { "$OCELLI_BUILD/ocelli" eval -m demo.gguf --kind f16w "$@" >out 2>err; code=$?; }
# WHAT CODE LINE...: the exit code, and that each line is among those on standard error, and no others.
said() {
    what=$1
    test "$code" = "$2" || fail "$what: exit code $code, not $2"
    shift 2
    for line in "$@"; do printf 'ocelli: %s\n' "$line"; done >want
    cut -c 1-120 err | diff want - >differ || { fail "$what: standard error (< wanted)"; cat differ; }
}

# A table with Windows line ends, in which one picture of four is given a wrong class: it is known what comes out.
printf 'image,label\r\ncat.png,cat\r\npizza.png,pizza\r\nsailboat.png,sailboat\r\ndog-and-balloon.png,cat\r\n' >labels.csv
eval_ --labels labels.csv --template 'a photo of a {}.' --dataset four -o all pictures
said table 0 'warning: pictures: 4 pictures are not in labels.csv: passed over'
grep -q '^top-1  *75.00 %  95 % interval 30.06 to 95.44$' out || fail "top-1"
grep -q '^top-5  *-  with fewer than 5' out || fail "top-5 of three classes"
jq -en 'inputs | . == {dataset: "four", model: "demo", pretrained: "demo.gguf", task: "zeroshot_classification",
    metrics: {acc1: .metrics.acc1, acc5: null, mean_per_class_recall: .metrics.mean_per_class_recall}, language: "en"} and
    .metrics.acc1 == 0.75 and (.metrics.mean_per_class_recall - 2.5 / 3 | fabs) < 1e-9' all/result.json >/dev/null || fail "result.json: $(cat all/result.json)"
jq -en 'inputs | .pictures == 4 and .unread == 0 and (.results | length) == 1 and .results[0].ece > 0.1' all/metrics.json >/dev/null || fail "metrics.json: $(cat all/metrics.json)"
test "$(head -n 1 all/pictures.csv)" = image,label,prediction,rank,score,label_score,cosine || fail "pictures.csv: header"
grep -q '^cat.png,cat,cat,1,' all/pictures.csv && grep -q '^dog-and-balloon.png,cat,pizza,2,' all/pictures.csv || fail "pictures.csv: $(cat all/pictures.csv)"
grep -q '^cat,1,0.5,0.666667,2,1$' all/classes.csv || fail "classes.csv"
test "$(head -n 1 all/confusion.csv)" = label,cat,pizza,sailboat && grep -q '^cat,1,1,0$' all/confusion.csv || fail "confusion.csv: $(cat all/confusion.csv)"
test "$(wc -l <all/reliability.csv)" -eq 16 || fail "reliability.csv: $(cat all/reliability.csv)"
test "$(awk -F, 'NR > 1 { sum += $3 } END { print sum }' all/reliability.csv)" -eq 4 || fail "reliability.csv: not all pictures"
for file in confusion reliability plane; do
    python3 -c 'import sys, xml.dom.minidom as x; x.parse(sys.argv[1])' all/$file.svg 2>err || fail "$file.svg is no XML"
done
grep -q '</html>' all/report.html && ! grep -Eq '(src|href)="?http' all/report.html || fail "report.html"

# To standard output, in place of the summary; names that are markup stay text.
printf 'cat.png,<b>cat & co\npizza.png,pizza\n' >markup.csv
eval_ --labels markup.csv --report - pictures
grep -q '&lt;b&gt;cat &amp; co' out && ! grep -q '<b>cat' out && ! grep -q '^top-1' out || fail "a page on standard output"
eval_ --labels labels.csv --json - pictures
jq -en 'inputs | .dataset == "pictures"' out >/dev/null || fail "JSON on standard output"

# Folders; an ini of classes, one without pictures.
mkdir -p tree/cat tree/hot_pizza tree/none && cp pictures/cat.png tree/cat && cp pictures/pizza.png tree/hot_pizza
eval_ --csv p.csv tree
said folders 0 'warning: class "none" has no picture: it counts only as a wrong answer'
grep -q '^hot_pizza/pizza.png,hot pizza,hot pizza,' p.csv || fail "folders: $(cat p.csv)"
printf '[tag cat]\nprompt = a cat\nprompt = cat face\n[tag hot pizza]\nprompt = pizza\n[tag boat]\n' >classes.ini
eval_ --labels classes.ini tree
said "an ini" 0 'warning: tree/none: this folder is none of the classes: passed over' 'warning: class "boat" has no picture: it counts only as a wrong answer'

# Comparisons: the same model differs in nothing; templates that say nothing of the class are worse.
printf '# for photos\r\na photo of a {c}.\r\n' >photo.txt
printf '{}\n' >plain.txt
eval_ --labels labels.csv --templates photo.txt --templates plain.txt --against demo.gguf -o both pictures
said comparison 0 'warning: pictures: 4 pictures are not in labels.csv: passed over'
jq -en 'inputs | .results | map(.templates) == ["photo.txt", "plain.txt", "photo.txt"] and
    (.[2].acc1_against_first | .difference == 0 and .low == 0 and .high == 0 and .only_first == 0)' both/metrics.json >/dev/null || fail "comparison: $(cat both/metrics.json)"
grep -q '^plain.txt against photo.txt: ' out && grep -q '^demo.gguf against demo.gguf: ' out || fail "comparison: the summary"

# Captions, two of one picture.
printf 'image,caption\ncat.png,cat\ncat.png,"a cat, drawn"\npizza.png,pizza\nsailboat.png,sailboat\npizza.png,pizza\n' >captions.csv
eval_ --pairs captions.csv --against demo.gguf -o pairs pictures
said captions 0 'warning: captions.csv:6: picture "pizza.png" has this caption already: it counts once'
jq -en 'inputs | .task == "zeroshot_retrieval" and .metrics == {"image_retrieval_recall@1": 1, "image_retrieval_recall@5": 1, "image_retrieval_recall@10": 1,
    "text_retrieval_recall@1": 1, "text_retrieval_recall@5": 1, "text_retrieval_recall@10": 1}' pairs/result.json >/dev/null || fail "captions: $(cat pairs/result.json)"
jq -en 'inputs | .captions == 4 and (.results[0].loss | . >= 0 and . < 0.1)' pairs/metrics.json >/dev/null || fail "captions: $(cat pairs/metrics.json)"
test "$(wc -l <pairs/pictures.csv)" -eq 5 && test ! -e pairs/confusion.csv && test -s pairs/report.html || fail "captions: files"

# Bad input: a line each, and the good part goes on.
head -c 300 pictures/cat.png >pictures/broken.png
printf 'cat.png,cat\npizza.png,pizza\nbroken.png,cat\ngone.png,cat\ncat.png,cat\n' >mixed.csv
eval_ --labels mixed.csv pictures
said mixed 1 'warning: mixed.csv:5: picture "cat.png" is there twice: it counts once' 'warning: pictures: 6 pictures are not in mixed.csv: passed over' \
    'pictures/broken.png: cut short: copy it again' 'pictures/gone.png: No such file or directory' '2 of 4 pictures could not be read'
grep -q '^top-1  *100.00 %' out || fail "mixed: the others"
mkdir empty
echo 'nobody.png,cat' >none.csv
printf 'cat.png,cat\ncat.png,dog\n' >twice.csv
printf 'broken.png,cat\n' >broken.csv
echo 'a photo' >slotless.txt
eval_ empty
said "an empty folder" 1 'empty: no picture in the folders in it: name each folder after a class, or give --labels FILE'
latin=$(printf 'latin/stra\337e') # ISO 8859-1
mkdir -p latin/cat "$latin" && cp pictures/cat.png latin/cat && cp pictures/pizza.png "$latin"
eval_ latin
said "a class that is not UTF-8" 1 'latin/stra\xdfe: the name of this folder is a class, and is not UTF-8: rename it'
eval_ --labels none.csv pictures
said "no picture" 1 'none.csv: names no picture in pictures: of its 1 the first is "nobody.png"'
eval_ --labels twice.csv pictures
said "two classes" 1 'twice.csv:2: picture "cat.png" has another class above: leave one'
eval_ --labels labels.csv -T classes.ini pictures
said "an unknown class" 1 'labels.csv:3: class "pizza" is not among those that -T gives'
eval_ --labels labels.csv --templates slotless.txt pictures
said "a template" 1 'warning: pictures: 5 pictures are not in labels.csv: passed over' 'slotless.txt:1: has not {} once, where the class goes'
eval_ --labels labels.csv -o labels.csv pictures
said "no folder" 1 'labels.csv: cannot make this folder: File exists'
eval_ --labels labels.csv --csv labels.csv pictures
said "an input" 1 'labels.csv: is an input: give another name to write to'
eval_ --labels labels.csv --json - --csv - pictures
test $code -eq 2 && grep -q '^ocelli: eval: two outputs to standard output: give each its own file; usage' err && test ! -s out || fail "two outputs: $(cat err)"
eval_ --labels labels.csv --report same --csv same pictures
test $code -eq 2 && test ! -e same || fail "two outputs to one file: $(cat err)"
if test "$(id -u)" = 0 && command -v setpriv >/dev/null; then # root reads every folder
    mkdir -p shut/cat/inner && cp pictures/cat.png shut/cat && chmod 755 "$work" shut shut/cat && chmod 0 shut/cat/inner
    cp "$OCELLI_BUILD/ocelli" shut.bin
    setpriv --reuid 65534 --clear-groups ./shut.bin eval -m demo.gguf --kind f16w shut >out 2>err; code=$?
    said "a folder that cannot be read" 1 'shut/cat/inner: cannot read this folder: Permission denied'
    chmod 755 shut/cat/inner
fi
eval_ --labels broken.csv pictures
said "all broken" 1 'warning: pictures: 8 pictures are not in broken.csv: passed over' 'pictures/broken.png: cut short: copy it again' '1 of 1 pictures could not be read'
test ! -s out || fail "all broken: output"

for arguments in '' 'pictures pictures' '--pairs captions.csv --labels labels.csv pictures' '--pairs captions.csv --template {} pictures' '--labels= pictures'; do
    eval_ $arguments
    test $code -eq 2 && test ! -s out && test "$(wc -l <err)" -eq 1 || fail "usage: \"$arguments\": exit code $code"
done
exit $failed
