#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manual pages as they were built: without a warning of mandoc or groff, and with each command, key and option of the documents.
set -u
cd "$OCELLI_BUILD" || exit 1
test -e ocelli.1 || { echo "SKIP: built without manual pages, as there is no lowdown"; exit 77; }
failed=0
fail() { echo "FAILED: $1"; failed=1; }
text=$(mktemp) || exit 1
trap 'rm -f "$text"' EXIT
for page in ocelli.1 ocelli-convert.1 ocelli.ini.5; do
    if command -v mandoc >/dev/null; then
        mandoc -T lint -W warning "$page" || fail "$page: mandoc's warnings"
        mandoc -T utf8 "$page" | sed 's/.\x08//g' >"$text"
    elif command -v groff >/dev/null; then
        groff -man -ww -Tutf8 -K utf8 "$page" 2>&1 >"$text" | grep . && fail "$page: groff's warnings"
        sed -i 's/\x1b\[[0-9;]*m//g; s/.\x08//g' "$text"
    else
        echo "SKIP: neither mandoc nor groff"
        exit 77
    fi
    for title in NAME SYNOPSIS DESCRIPTION 'SEE ALSO'; do grep -qx "$title" "$text" || fail "$page has no $title"; done
    case $page in
    ocelli.1) for word in $(./ocelli --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do grep -q "ocelli $word" "$text" || fail "$page: nothing of ocelli $word"; done ;;
    ocelli-convert.1) for word in --tokenizer --report --license-file; do grep -q -e "$word" "$text" || fail "$page: nothing of $word"; done ;;
    ocelli.ini.5) for word in model state on_change uri udp psk budget 'against = TEXT' 'smooth = T'; do grep -Eq "^ +([a-z_]+, )*$word( |$|,)" "$text" || fail "$page: nothing of $word"; done ;;
    esac
    grep -q '](\|^ *|\|^ *##\|```' "$text" && fail "$page: Markdown is left in it"
done
exit $failed
