#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Learns moderation.ini on half as many pictures as it then judges, all drawn by moderation.py from different seeds, and prints a JSON line for each
# policy: how many of the pictures that do not show it are found, and of those that do. Usage: moderation.sh OCELLI BLOB FOLDER
set -eu
ocelli=$1 blob=$2 folder=$3
here=$(cd "$(dirname "$0")" && pwd)
test -d "$folder/learn" || python3 "$here/moderation.py" "$folder/learn" --each 8 --seed 88001
test -d "$folder/test" || python3 "$here/moderation.py" "$folder/test" --each 16 --seed 88002
cp "$here/moderation.ini" "$folder/moderation.ini"
mkdir -p "$folder/positives"
for policy in weapons alcohol spiders; do ln -sfn "../learn/$policy" "$folder/positives/$policy"; done
"$ocelli" moderate -m "$blob" --policy "$folder/moderation.ini" --learn --positives "$folder/positives" -q "$folder/learn/other"
"$ocelli" moderate -m "$blob" --policy "$folder/moderation.ini" --json -r -q "$folder/test" >"$folder/verdicts" || test $? -eq 3
jq -sc --arg folder "$folder" '
    def share: if length == 0 then null else (map(select(.)) | length) / length * 10000 | round / 100 end;
    map(.shows = (.image | ltrimstr($folder + "/test/") | split("/")[0])) as $all |
    ($all[0].policies | map(.policy))[] as $policy |
    ($all | map({shows: (.shows == $policy), found: (.policies[] | select(.policy == $policy).found)})) as $judged |
    {policy: $policy, ordinary: ($judged | map(select(.shows | not)) | length), false_alarms_percent: ($judged | map(select(.shows | not).found) | share),
     showing: ($judged | map(select(.shows)) | length), found_percent: ($judged | map(select(.shows).found) | share)},
    if $policy == ($all[-1].policies[-1].policy)
    then {any: "of ordinary pictures", flagged_percent: ($all | map(select(.shows == "other").verdict | IN("flag", "blur", "drop")) | share),
          abstained_percent: ($all | map(.likeness <= .abstain) | share)}
    else empty end' "$folder/verdicts"
