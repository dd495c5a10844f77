#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Models with SigLIP's score rule by every command that makes or uses scores, on small models of random weights: each gives the score
# of `ocelli tag`, sigmoid(scale * cosine + bias), and what eval makes of scores is what SigLIP's loss makes of the same vectors.
# OCELLI_BUILD, OCELLI_SOURCE as in cli.sh. Needs jq.
set -u
mkdir -p "${TMPDIR:-/tmp}" && made=$(mktemp -d) || exit 1
export OCELLI_DEVICE=cpu OCELLI_CACHE=
mkdir "$made/from"
"$OCELLI_BUILD/tests/checkpoint" siglip "$made/from" >"$made/log" 2>&1 &&
    "$OCELLI_BUILD/ocelli-convert" "$made/from" -o "$made/model.gguf" --name tiny --no-calibrate >"$made/log" 2>&1 ||
    { cat "$made/log"; rm -rf "$made"; echo "FAILED: no model"; exit 1; }
export OCELLI_MODEL=$made/model.gguf
. "$OCELLI_SOURCE/tests/e2e/tools/daemon.sh"
trap 'test -z "$daemon" || kill -9 "$daemon" 2>/dev/null; rm -rf "$work" "$made"' EXIT
run() { command=$1; shift; "$ocelli" "$command" -m "$model" --kind f16w "$@" >out 2>err; }
mkdir pics && for p in cat pizza sailboat; do cp "$pictures/$p.png" pics; done

name=tag
run tag --json -t cat -t pizza -t sailboat pics/cat.png pics/pizza.png pics/sailboat.png || fail "$name"
cp out tag.json
run info --json || fail "$name: info"
jq -en 'inputs | .model.score == "sigmoid" and .model.logit_bias != 0' out >/dev/null || fail "$name: no sigmoid model"
jq '.model | {scale: .logit_scale, bias: .logit_bias}' out >rule.json
cat >rule.jq <<'END'
def sigmoid: 1 / (1 + (-. | exp));
def near($a; $b): ($a - $b) | fabs < 2e-5;
def softplus: (if . > 0 then . else 0 end) + (1 + (-(. | fabs) | exp) | log);
END
jq -se --slurpfile r rule.json "$(cat rule.jq)"' length == 3 and all(.[].tags[]; near(.score; ($r[0].scale * .cosine + $r[0].bias) | sigmoid))
    and any(.[]; .tags | map(.score) | add | . < 0.98 or . > 1.02)' tag.json >/dev/null || fail "$name: not its scores"
# score CSV COLUMN: names, and scores that are those of tag
same_scores() {
    jq -Rse --slurpfile t tag.json "$(cat rule.jq)"' ($t | map({key: .image | split("/")[-1], value: .tags}) | from_entries) as $all
        | split("\n") | map(split(",")) | .[1:] | map(select(length > 1)) | length > 0 and all(.[]; . as $l | $all[$l[0]]
        | '"$1"')' "$2" >/dev/null || fail "$name: other scores than tag"
}

name="eval"
printf 'image,label\ncat.png,cat\npizza.png,pizza\nsailboat.png,sailboat\n' >labels.csv
run eval --labels labels.csv -o all pics || fail "$name"
same_scores '.[0].tag == $l[2] and near(.[0].score; $l[4] | tonumber) and near((.[] | select(.tag == $l[1]).score); $l[5] | tonumber)' all/pictures.csv
jq -s --slurpfile m all/metrics.json --slurpfile r rule.json "$(cat rule.jq)"' (map(. as $p | .tags[] | . as $t
    | ($p.image | endswith("/" + $t.tag + ".png")) as $own | ($r[0].scale * $t.cosine + $r[0].bias) * (if $own then -1 else 1 end) | softplus) | add / 3) as $nll
    | {nll: $nll, ours: $m[0].results[0].nll}' tag.json >nll.json
jq -en "inputs | $(cat rule.jq)"' ((.nll - .ours) | fabs) < 1e-3 * (1 + .nll)' nll.json >/dev/null || fail "$name: nll: $(cat nll.json)"
printf 'image,caption\ncat.png,cat\npizza.png,pizza\nsailboat.png,sailboat\n' >captions.csv
run eval --pairs captions.csv -o pairs pics || fail "$name --pairs"
grep -q '^loss .* of the sigmoid of each pair; guessing is 1.9095$' out || fail "$name --pairs: the summary"
jq -en --slurpfile n nll.json 'inputs | .results[0] | ((.loss - $n[0].nll) | fabs) < 1e-3 * (1 + .loss) and .loss == .loss_text' pairs/metrics.json >/dev/null ||
    fail "$name: the loss: $(cat pairs/metrics.json)"

name=audit
printf 'cat,pizza\n' >words.csv
run audit --labels labels.csv --pairs words.csv --csv audit.csv pics || fail "$name"
test "$(head -1 audit.csv)" = image,group,label,tag,cosine,score,selected && test "$(wc -l <audit.csv)" -eq 10 || fail "$name: its table"
same_scores '.[] | select(.tag == $l[3]) | near(.score; $l[5] | tonumber)' audit.csv

name="prompts --tune"
for i in 1 2 3; do for p in cat pizza; do mkdir -p tree/$p && cp pics/$p.png tree/$p/$i.png; done; done
echo 'a photo of a {}.' >photo.txt
run prompts --tune --template '{}' --templates photo.txt -o tuned.ini tree || fail "$name"
grep -q '^template = ' tuned.ini || fail "$name: no template"

name=score
run score --json --text cat --text pizza pics || fail "$name"
jq -se --slurpfile t tag.json "$(cat rule.jq)"' ($t | map({key: .image | split("/")[-1], value: .tags}) | from_entries) as $all
    | all(.[]; .text as $text | all(.images[]; . as $i | $all[.image | split("/")[-1]] | .[] | select(.tag == $text) | near(.cosine; $i.cosine)))' out >/dev/null ||
    fail "$name: other cosines than tag"

name="index and search"
run index --library l.db pics || fail "$name: index"
run search --library l.db --json cat || fail "$name"
jq -se --slurpfile t tag.json 'map(.path | split("/")[-1]) == ($t | sort_by(-(.tags[] | select(.tag == "cat").cosine)) | map(.image | split("/")[-1]))' out >/dev/null ||
    fail "$name: another order than tag's cosines"

name=draw
run draw --steps 3 cat -o cat.png || fail "$name"
test -s cat.png || fail "$name: no picture"

name=moderate
printf '[policy pets]\nprompt = cat\nthreshold = 0.01\naction = blur\n' >pets.ini
run moderate --policy pets.ini --json pics
code=$?
test $code -eq 0 || test $code -eq 3 || fail "$name: exit code $code"
jq -se --slurpfile r rule.json "$(cat rule.jq)"' length == 3 and all(.[].policies[]; near(.score; $r[0].scale * (.margin - .threshold) | sigmoid)
    and .found == (.margin >= .threshold))' out >/dev/null || fail "$name: JSON"

name=run
ini test:
start
started
wait_status '.tags | length == 3'
stop TERM

test $failures -eq 0
