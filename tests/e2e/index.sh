#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `ocelli index`, `search --library` and `duplicates`. OCELLI_BUILD, OCELLI_SOURCE, OCELLI_MODEL as in cli.sh. Needs jq.
set -u
command -v jq >/dev/null || { echo "SKIP: no jq"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
fail() { echo "FAILED: $1"; failed=1; }
ocelli=$OCELLI_BUILD/ocelli
cd "$work" || exit 1
work=$(pwd -P)
model=${OCELLI_MODEL:-}
test -n "$model" || { model=$work/demo.gguf; "$OCELLI_BUILD/ocelli-convert" "$OCELLI_SOURCE/tools/demo/checkpoint" -o "$model" >/dev/null || exit 1; }
run() { command=$1; shift; "$ocelli" "$command" -m "$model" --device cpu --kind f16w --threads 1 "$@"; }
index() { run index --library l.db --json "$@" >out 2>err; }
is() { jq -en "inputs | $1" out >/dev/null || fail "$2: $(cat out err)"; }
search() { run search --library l.db --json "$@" >out 2>err || fail "search $*: $(cat err)"; }
first() { jq -se ".[0].path | endswith(\"/$1\")" out >/dev/null || fail "$2: $(cat out err)"; }

mkdir -p photos/2023 photos/2024
cp "$OCELLI_SOURCE"/tools/demo/pictures/*.png photos/2024
cp photos/2024/cat.png photos/2023/copy.png
cp "$OCELLI_SOURCE"/tests/golden/pictures/420.jpg photos/2023
ln -s ../.. photos/2023/loop
ln -s nowhere photos/2023/nowhere.jpg # as a picture that vanishes behind the walk's back
touch -d '2023-03-04 05:06:07' photos/2023/copy.png

index photos || {
    grep -q "not built in" err && { echo "SKIP: built without SQLite"; exit 77; }
    fail "index: $(cat err)"
}
is '.indexed == 10 and .pictures == 10 and .unchanged == 0 and .vanished == 1' "the first run" # the links lead in a circle
grep -q 'nowhere.jpg: vanished' err || fail "a picture that vanishes: $(cat err)"
index photos photos/2024 && is '.indexed == 0 and .unchanged == 10 and .removed == 0' "again"

search cat
jq -se 'length == 10 and (.[:2] | map(.path | split("/")[-1]) | sort == ["cat.png", "copy.png"]) and .[0].score == .[1].score and ([.[].score] == ([.[].score] | sort | reverse))' out >/dev/null || fail "the order: $(cat out)"
search --path photos/2024 -n 2 cat && first cat.png "a path" && is '.path | contains("/2024/")' "a path"
search --path "$work/photos/2024/pi" cat && first pizza.png "the beginning of a name" && jq -se 'length == 1' out >/dev/null || fail "the beginning of a name"
search --like "$OCELLI_SOURCE/tools/demo/pictures/pizza.png" && first pizza.png "like a picture"
jq -se '.[0].score > 0.99' out >/dev/null || fail "like the same picture: $(cat out)"
search --like photos/2024/dog-and-balloon.png --not "a balloon" a dog && first dog-and-balloon.png "mixed"
search --since 1d cat && jq -se 'length == 9' out >/dev/null || fail "--since: $(cat out)"
search --since 2023-03-04 cat && jq -se 'length == 10' out >/dev/null || fail "--since a day: $(cat out)"
run search --library l.db cat -n 1 | grep -Eq "^20[0-9-]+ [0-9:]+   0\.[0-9]+  $work/photos/202[34]/c[a-z]*\.png$" || fail "a line"
run search --library l.db --html sheet.html -n 3 'cat <b>' && grep -q 'cat &lt;b&gt;' sheet.html && test "$(grep -c 'data:image/jpeg;base64,/9j/' sheet.html)" -eq 3 ||
    fail "the contact sheet"
run duplicates --library l.db --json >out || fail duplicates
jq -en 'inputs | length == 2 and (map(.path | split("/")[-1]) | sort == ["cat.png", "copy.png"]) and .[1].cosine > 0.99' out >/dev/null || fail "duplicates: $(cat out)"

# What was changed is embedded anew, what is gone is removed; a broken file leaves what there was.
cp photos/2024/pizza.png photos/2023/copy.png
rm photos/2024/sailboat.png
echo broken >photos/2024/cat.png
index photos
test $? -eq 1 && grep -q 'cat.png: not a picture' err || fail "a broken picture: $(cat err)"
is '.indexed == 1 and .removed == 1 and .unread == 1 and .pictures == 9' "changes"
search --path photos/2023/copy pizza && is '.score > 0.3' "a changed picture"
search --path photos/2024/sail cat && test ! -s out || fail "a removed picture is found"
search --path photos/2024/cat cat && first cat.png "a broken picture's vector"
rm photos/2024/cat.png

# A folder that is empty all at once may be a disk that is not mounted.
mv photos away && mkdir photos
index photos && is '.removed == 0 and .pictures == 9' "an empty folder" && grep -q 'is a disk not mounted' err || fail "an empty folder: $(cat err)"
index --emptied photos && is '.removed == 9 and .pictures == 0' "--emptied"
rmdir photos && mv away photos
index photos none
test $? -eq 1 && grep -q '^ocelli: none: No such file' err && is '.indexed == 8 and .unread_folders == 1' "a folder that is not there"

# Gone between the listing and the reading, while the clock jumps back at each look: told, and the rest is indexed. One that the library
# had is removed from it.
preload() { ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 LD_PRELOAD=$OCELLI_BUILD/tests/libslow_disk.so "$@"; }
for n in 1 2 3; do cp photos/2024/pizza.png photos/2024/new$n.png; done
CLOCK_BACK=1 VANISHES=new2.png preload index photos || fail "a picture that vanishes: $(cat err)"
is '.indexed == 2 and .vanished == 2 and .unread == 0 and .removed == 0 and .pictures == 10' "a picture that vanishes"
grep -qx "ocelli: warning: $work/photos/2024/new2.png: vanished before it was read" err && test ! -e photos/2024/new2.png || fail "which one vanished: $(cat err)"
touch photos/2024/new1.png
VANISHES=new1.png preload index photos && is '.indexed == 0 and .vanished == 2 and .removed == 1 and .pictures == 9' "a known picture that vanishes"
# All of them at once, as of a disk that is taken out meanwhile: they stay.
mkdir disk && cp photos/2024/pizza.png disk && index disk || fail "one more folder"
touch disk/pizza.png
VANISHES=disk/pizza.png preload index disk && is '.vanished == 1 and .removed == 0 and .pictures == 10' "a disk that is taken out"
grep -q 'is a disk not mounted' err || fail "a disk that is taken out: $(cat err)"
index --emptied disk && is '.removed == 1 and .pictures == 9' "it stays away"
# Written after the clock went back: the time of change is an earlier one, the size the same.
cat >dots.py <<'EOF'
import sys
sys.stdout.buffer.write(b"P6 16 16 255\n" + bytes([int(sys.argv[1])] * 768))
EOF
python3 dots.py 0 >photos/dots.ppm && touch -d 2030-01-01 photos/dots.ppm && index photos && is '.indexed == 1' "a time in the future"
python3 dots.py 255 >photos/dots.ppm && touch -d 2020-01-01 photos/dots.ppm && index photos && is '.indexed == 1' "an earlier time of change"
rm -r photos/dots.ppm photos/2024/new3.png disk && index photos && is '.removed == 2 and .pictures == 8' "cleared"

# A limit of a file's size is told as such, and nothing is lost.
(ulimit -f 256 && run index --library limit.db --json photos >out 2>err)
test $? -eq 1 && test "$(grep -vc vanished err)" -eq 1 && grep -q '^ocelli: limit.db: cannot write the library: File too large: it is over the limit of a file.s size (ulimit -f)' err || fail "ulimit -f: $(cat err)"
run index --library limit.db --json photos >out 2>err && is '.indexed + .unchanged == 8' "after ulimit -f"

# Killed in the middle: what was written is there, and the next run does the rest.
mkdir many
for i in $(seq 150); do ln photos/2023/420.jpg many/$i.jpg; done
"$ocelli" index -m "$model" --device cpu --kind f16w --library k.db many >out 2>err & indexer=$!
sleep 1
kill -9 $indexer 2>/dev/null
wait $indexer 2>/dev/null
run index --library k.db --json --thumbnails many >out 2>err || fail "after a kill: $(cat err)"
is '.indexed + .unchanged == 150 and .pictures == 150' "after a kill"
rm -r many
run search --library k.db --html gone.html -n 2 cat 2>err || fail "thumbnails of pictures that are gone: $(cat err)"

# Two writers, another model, wrong usage: a line each.
"$OCELLI_BUILD/ocelli-convert" "$OCELLI_SOURCE/tools/demo/checkpoint" --name other -o other.gguf >/dev/null
"$ocelli" index -m other.gguf --device cpu --library l.db photos >out 2>err
test $? -eq 1 && test "$(wc -l <err)" -eq 1 && grep -q 'of another model' err || fail "another model: $(cat err)"
"$ocelli" search -m other.gguf --device cpu --library l.db cat >out 2>err
test $? -eq 1 && grep -q 'of another model' err || fail "search by another model: $(cat err)"
run search --history l.db -n 1 --like photos/2024/pizza.png --json | jq -en 'inputs | .score > 0.99' >/dev/null || fail "a library as a history"
for arguments in "search --library l.db" "search --library l.db --history h.db cat" "search --library l.db --since never cat" \
    "search --library l.db --since 2024-02-30 cat" "search --library l.db --since 3 cat" \
    "search --library l.db --json --html x.html cat" "search --library l.db --not cat --not dog" "index photos" "index --library l.db" \
    "duplicates" "duplicates --library l.db --above 2" "export --library l.db" "search --history l.db --path x cat"; do
    # shellcheck disable=SC2086 # words
    run $arguments >out 2>err
    code=$?
    test $code -eq 2 && test "$(wc -l <err)" -eq 1 && test ! -s out || fail "$arguments: exit code $code: $(cat err)"
done

# A page over what it is made of; names that are empty; a library that is not there, and what is none.
cp l.db before.db
run search --library l.db --html l.db cat >out 2>err
test $? -eq 1 && grep -qx 'ocelli: l.db: is an input: give another name to write to' err && cmp -s l.db before.db || fail "a page over the library: $(cat err)"
run export --library l.db --postgres x --board '' >out 2>err
test $? -eq 2 && grep -q -- '--board is empty: give the name of a board' err || fail "an empty board: $(cat err)"
run search --library none.db cat >out 2>err
test $? -eq 1 && grep -qx 'ocelli: none.db: cannot open the library: No such file or directory: give the file that `ocelli index` made' err || fail "no library: $(cat err)"
run search --library sheet.html cat >out 2>err
test $? -eq 1 && grep -qx 'ocelli: sheet.html: cannot read the library: file is not a database: move it away, and index anew' err || fail "what is no library: $(cat err)"

run search --library l.db --not cat cat >out 2>err
test $? -eq 2 && grep -q 'are the same' err || fail "nothing is left of it: $(cat err)"
exit $failed
