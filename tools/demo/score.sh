#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Zero-shot top-1 of `ocelli` over labels.txt on render.py's pictures: a JSON line a template, as evaluate.py prints for float32.
# Usage: score.sh OCELLI BLOB FOLDER     FOLDER: the pictures; rendered when there are none
set -eu
ocelli=$1 blob=$2 folder=$3
here=$(cd "$(dirname "$0")" && pwd)
test -d "$folder" || python3 "$here/render.py" "$folder"
set --
while IFS="$(printf '\t')" read -r label _; do set -- "$@" -t "$label"; done <"$here/labels.txt"
while IFS="$(printf '\t')" read -r trained template; do
    "$ocelli" tag -m "$blob" --json "$@" --template "$template" "$folder"/*.png |
        jq -sc --arg template "$template" --arg trained "$trained" '{template: $template, trained: ($trained == "trained"),
            pictures: length,
            top1: ((map(select((.image | split("/")[-1] | split(".")[0]) == .tags[0].tag)) | length) / length * 10000 | round / 10000)}'
done <"$here/templates.txt"
