#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# libocelli shows the functions of include/ocelli.h, at most 26, and nothing else; docs/examples link with it alone, and
# run. What is installed fits together.
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
library=$OCELLI_BUILD/libocelli.so
grep -oE '\bocelli_[a-z_]+\(' "$OCELLI_SOURCE/include/ocelli.h" | tr -d '(' | sort -u >"$work/named" # also in comments
sed -n 's/^[a-z].*\b\(ocelli_[a-z_]*\)(.*/\1/p' "$OCELLI_SOURCE/include/ocelli.h" | sort >"$work/declared"
nm -D --defined-only "$library" | awk '$2 ~ /[A-Z]/ { print $3 }' | grep -v '^_\|^__\(asan\|odr_asan\)' | sort >"$work/shown"
failed=0
diff "$work/declared" "$work/shown" || { echo "libocelli shows (>) other functions than ocelli.h declares (<)"; failed=1; }
test "$(wc -l <"$work/declared")" -le 26 || { echo "more than 26 public functions"; failed=1; }
comm -23 "$work/named" "$work/declared" | grep . && { echo "ocelli.h speaks of functions that it does not declare"; failed=1; }
fail() { echo "FAILED: $1"; test ! -s "$work/log" || tail -20 "$work/log"; failed=1; }
for example in example tagger search example_cpp; do
    program=$OCELLI_BUILD/tests/$example
    test $example = example_cpp -a ! -e "$program" && continue # no C++ compiler
    readelf -d "$program" | grep -q 'NEEDED.*libocelli' || fail "$example does not use libocelli"
done

# The examples run. A tagger's second run goes on with what the first one learnt.
OCELLI_DEVICE=cpu model=$work/demo.gguf pictures=$OCELLI_SOURCE/tools/demo/pictures
export OCELLI_DEVICE
"$OCELLI_BUILD/ocelli-convert" "$OCELLI_SOURCE/tools/demo/checkpoint" -o "$model" >"$work/log" 2>&1 || fail "convert"
for example in example example_cpp; do
    test -e "$OCELLI_BUILD/tests/$example" || { echo "$example: no C++ compiler"; continue; }
    "$OCELLI_BUILD/tests/$example" "$model" "$pictures/cat.png" "a cat" "a dog" >"$work/log" 2>&1 || fail "$example"
    printf '100.0 %%  a cat\n  0.0 %%  a dog\n' | cmp -s - "$work/log" || fail "$example: other scores"
    "$OCELLI_BUILD/tests/$example" "$model" "$work/none.png" "a cat" >"$work/log" 2>&1 && fail "$example: no picture, no fault"
    grep -q 'none.png' "$work/log" || fail "$example: a missing picture is not named"
done
{
    printf 'template = a photo of a {}.\n[defaults]\nsmooth = 0\nmin_on = 0\nmin_off = 0\non = 0.05\n'
    printf '[tag cat]\ngroup = things\n[tag pizza]\ngroup = things\n[tag boat]\nagainst = cat\n'
} >"$work/tags.ini"
mkdir "$work/frames"
for n in 1 2; do cp "$pictures/cat.png" "$work/frames/$n.png"; done
cp "$pictures/pizza.png" "$work/frames/3.png"
tagger() { "$OCELLI_BUILD/tests/tagger" "$model" "$work/tags.ini" "$work/learnt" "$1" >"$work/log" 2>&1; }
tagger "$work/frames" || fail "tagger"
for line in '      1.0 s  on        cat' '      3.0 s  off       cat' '      3.0 s  on        pizza' 'at the end:'; do
    grep -q "^$line" "$work/log" || fail "tagger: no line '$line'"
done
test "$(sed '/^at the end/,$d' "$work/log" | grep -c ' cat ')" = 2 || fail "tagger: a change where nothing changed"
test -s "$work/learnt" || fail "tagger: nothing saved"
head -c 24576 /dev/zero | tagger 64x64@2 || fail "tagger: frames on standard input"
echo broken >"$work/learnt"
tagger "$work/frames" && fail "tagger: a broken file of what was learnt is taken"
grep -q 'learnt: not what tags have learnt' "$work/log" || fail "tagger: a broken file of what was learnt is not named"

# The example finds what the command finds, with the same scores. found NAME TEXT NOT OPTION...
found() {
    name=$1 text=$2 not=$3
    shift 3
    "$OCELLI_BUILD/ocelli" search -m "$model" --library "$work/pictures.db" -n 5 "$@" >"$work/lines" 2>"$work/log" || fail "ocelli search: $name"
    sed -E 's/^.{19}  //' "$work/lines" >"$work/expected"
    "$OCELLI_BUILD/tests/search" "$model" "$work/pictures.db" "$text" ${not:+"$not"} >"$work/log" 2>&1 || fail "search: $name"
    test "$(wc -l <"$work/log")" = 5 || fail "search: $name: not 5 hits"
    cmp -s "$work/expected" "$work/log" || fail "search: $name: other hits than the command's"
}
if "$OCELLI_BUILD/ocelli" index -m "$model" --library "$work/pictures.db" "$pictures" >"$work/log" 2>&1; then
    found "a text" "a cat" "" "a cat"
    found "less of a text" "a cat and a dog" "a dog" --not "a dog" "a cat and a dog"
    found "a picture" "$pictures/cat.png" "" --like "$pictures/cat.png"
    "$OCELLI_BUILD/tests/search" "$model" "$work/none.db" "a cat" >"$work/log" 2>&1 && fail "search: no library, no fault"
    grep -q 'none.db: cannot open' "$work/log" || fail "search: a missing library is not named"
else
    grep -q 'not built in' "$work/log" || fail "index"
fi
: >"$work/log"

DESTDIR=$work/root cmake --install "$OCELLI_BUILD" >/dev/null || { echo "cannot be installed"; failed=1; }
unit=$(find "$work/root" -path '*/lib/systemd/system/ocelli.service')
binary=$(sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p' "$unit")
test -x "$work/root$binary" || { echo "the unit starts $binary, which is not installed"; failed=1; }
grep -q "^u $(sed -n 's/^User=//p' "$unit") " "${unit%/systemd/*}/sysusers.d/ocelli.conf" || { echo "the unit's user is not made"; failed=1; }
exit $failed
