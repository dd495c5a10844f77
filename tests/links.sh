#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every relative link of every document leads to a file that is there, and every #anchor to a heading of it. Links in the source of a
# heading become anchors as GitHub makes them: lower case, without punctuation, blanks as dashes, -1 behind the second of a name.
set -u
cd "$OCELLI_SOURCE" || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
find . -name '*.md' -not -path './build/*' -not -path './.git/*' | sed 's|^\./||' >"$work/documents"
test "$(wc -l <"$work/documents")" -gt 10 || { echo "FAILED: no documents in $OCELLI_SOURCE"; exit 1; }

# FILE<tab>anchor of each heading; FILE<tab>line<tab>target of each link. Code is neither.
while read -r document; do
    awk -v document="$document" -v anchors="$work/anchors" -v links="$work/links" '
        /^ *```/ { fenced = !fenced; next }
        fenced { next }
        /^    / && !list { next }
        { list = /^ *([-*]|[0-9]+\.) / || (list && /^ +[^ ]/) }
        /^#+ / {
            title = tolower($0); sub(/^#+ +/, "", title)
            while (match(title, /\]\([^)]*\)/)) title = substr(title, 1, RSTART - 1) substr(title, RSTART + RLENGTH)
            gsub(/[^a-z0-9 _-]/, "", title); gsub(/ /, "-", title)
            print document "\t" title (seen[title]++ ? "-" seen[title] - 1 : "") >>anchors
        }
        {
            line = $0; gsub(/`[^`]*`/, "", line)
            while (match(line, /\]\([^)]*\)/)) {
                print document "\t" NR "\t" substr(line, RSTART + 2, RLENGTH - 3) >>links
                line = substr(line, RSTART + RLENGTH)
            }
        }' "$document"
done <"$work/documents"

tab=$(printf '\t')
: >"$work/broken"
while IFS=$tab read -r document line target; do
    case $target in *://* | mailto:*) continue ;; esac
    file=${target%%#*}
    case $file in '') path=$document ;; *) path=$(realpath -m --relative-to=. "$(dirname "$document")/$file") ;; esac
    test -e "$path" || { echo "FAILED: $document:$line: $target: no such file" >>"$work/broken"; continue; }
    case $target in
    *\#*) grep -qxF "$path$tab${target#*#}" "$work/anchors" || echo "FAILED: $document:$line: $target: no such heading" >>"$work/broken" ;;
    esac
done <"$work/links"
cat "$work/broken"
test ! -s "$work/broken" || exit 1
echo "$(wc -l <"$work/links") links of $(wc -l <"$work/documents") documents"
