#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs every fuzz target for some seconds; stops at the first finding. Usage: run.sh FOLDER SECONDS
golden=$(dirname "$0")/../golden
for target in "$1"/fuzz_*; do
    name=$(basename "$target")
    mkdir -p "$1/corpus/$name"
    echo "== $name, $2 s"
    from=
    [ "$name" = fuzz_decode ] && from="$golden/preprocess $golden/pictures" # real pictures: it would not find a decoder's depths by itself
    # shellcheck disable=SC2086
    "$target" -max_total_time="$2" -timeout=25 -rss_limit_mb=4096 -artifact_prefix="$1/" -print_final_stats=1 \
        "$1/corpus/$name" $from >"$1/$name.log" 2>&1 || { tail -40 "$1/$name.log"; exit 1; }
    grep -E 'number_of_executed_units|new_units_added' "$1/$name.log"
done
