#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Does what `ocelli draw` draws win among the demo's 100 labels? For each of ten: the picture, then `ocelli tag` with all labels.
# OCELLI (default: build/release/ocelli), STEPS (default: the command's own), JOBS at once (default 1), OUT: folder that keeps the pictures.
# The time is processor time, so that other load does not count; 60 s on two cores are 120 s of it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
ocelli=${OCELLI:-$here/../../build/release/ocelli}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=${OUT:-$work}
mkdir -p "$out"
test -n "${MODEL:-}" || { MODEL=$work/demo.gguf; "$(dirname "$ocelli")/ocelli-convert" "$here/checkpoint" -o "$MODEL" >/dev/null; }
export MODEL ocelli out here STEPS="${STEPS:-}" work

one() { # LABEL
    name=$(echo "$1" | tr ' ' _)
    # shellcheck disable=SC2086 # no steps: no words
    { time -p "$ocelli" draw -q -m "$MODEL" --device cpu --threads 2 ${STEPS:+--steps $STEPS} "$1" -o "$out/$name.png" >"$work/$name.said"; } 2>"$work/$name.time"
    set --
    while IFS="$(printf '\t')" read -r label _; do set -- "$@" -t "$label"; done <"$here/labels.txt"
    best=$("$ocelli" tag -m "$MODEL" --device cpu --top 1 --csv "$@" "$out/$name.png" | sed -n 2p | cut -d , -f 3)
    seconds=$(awk '/^(user|sys)/ { sum += $2 } END { print sum }' "$work/$name.time")
    result=lost
    test "$best" = "$(echo "$name" | tr _ ' ')" && result=won
    echo "$result  $name: best label $best, $seconds s of processor time, $(cat "$work/$name.said")"
}
if [ $# = 1 ]; then one "$1"; exit; fi
printf '%s\n' apple banana cat car fish house sunflower tree umbrella 'alarm clock' |
    xargs -d "\n" -P "${JOBS:-1}" -I {} "$0" {} | tee "$work/all"
echo "$(grep -c '^won' "$work/all") of $(wc -l <"$work/all") win among $(wc -l <"$here/labels.txt") labels"
