#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# symbols.sh FILE...: no function of ours is defined twice. The linker says nothing when an archive has a function that another one has
# too: it takes the first, and a caller of the second calls the wrong one.
set -u
command -v nm >/dev/null || { echo "SKIP: no nm: install binutils"; exit 77; }
nm -g --defined-only "$@" 2>/dev/null | awk '
    NF == 3 && $2 ~ /^[TDBR]$/ && $3 !~ /^_/ && $3 != "main" { defined[$3]++; seen++ }
    END {
        for (name in defined) if (defined[name] > 1) { print "FAILED: " name " is defined " defined[name] " times"; bad = 1 }
        if (seen < 100) { print "FAILED: " seen + 0 " symbols seen"; bad = 1 }
        exit bad
    }'
