#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every subcommand of `ocelli`, and the command line of `ocelli-convert`: output, exit codes, one line on stderr
# for a fault.
# OCELLI_BUILD: folder of the programs. OCELLI_SOURCE: the repository. OCELLI_MODEL: a blob to use
# instead of converting the demo checkpoint. Needs jq; 77: skipped.
set -u
ocelli=$OCELLI_BUILD/ocelli
pictures=$OCELLI_SOURCE/tests/golden/preprocess
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
unset POSIXLY_CORRECT
LC_ALL=C # grep's '.' is any byte, also one that is not UTF-8
export LC_ALL

skip() {
    test "${OCELLI_NEED_GPU:-}" != 1 || { echo "FAILED: $1, but OCELLI_NEED_GPU=1"; exit 1; }
    echo "SKIP: $1"
    exit 77
}
command -v jq >/dev/null || skip "no jq"

failures=0
fail() {
    failures=$((failures + 1))
    echo "FAILED: $1"
    for file in out err; do
        test -s "$file" && head -c 2000 "$file" | sed "s/^/    $file: /"
    done
}

# run CODE LINES ARGUMENT...: `ocelli ARGUMENT...` must exit with CODE and say LINES lines on stderr.
run() { check ocelli "$@"; }
convert() { check ocelli-convert "$@"; }
check() {
    program=$1 code=$2 lines=$3
    shift 3
    name="$program $*"
    "$OCELLI_BUILD/$program" "$@" >out 2>err
    got=$?
    test "$got" -eq "$code" || fail "$name: exit code $got, not $code"
    test "$(wc -l <err)" -eq "$lines" || fail "$name: not $lines lines on stderr"
    test "$(grep -vc "^$program: .." err)" -eq 0 || fail "$name: a line without its program"
    test "$code" -ne 2 -o ! -s out || fail "$name: output beside a usage error"
}
# The last run's output, against a pattern for its lines, a count of lines, and a jq filter for each.
says() { grep -Eq -- "$1" out || fail "$name: no line like $1"; }
complains() { grep -Eq -- "$1" err || fail "$name: stderr is not like $1"; }
lines_are() { test "$(wc -l <out)" -eq "$1" || fail "$name: not $1 lines"; }
holds() { jq -en "inputs | $1" out >result 2>&1 && ! grep -q false result || fail "$name: not $1"; }

# --- a model ---

model=${OCELLI_MODEL:-}
checkpoint=$OCELLI_SOURCE/tools/demo/checkpoint
if test -z "$model"; then
    model=$work/demo.gguf
    "$OCELLI_BUILD/ocelli-convert" "$checkpoint" -o "$model" >out 2>err || { fail "convert"; exit 1; }
fi
photo=$pictures/photo.png wide=$pictures/wide.png jpeg=$pictures/photo420.jpg
for file in "$photo" "$wide" "$jpeg"; do test -r "$file" || { fail "no $file"; exit 1; }; done

# --- help, usage ---

run 0 0 --version
says '^ocelli [0-9]+\.[0-9]+\.[0-9]+$'
run 0 0 --help
for command in tag embed tokenize info selftest bench query watch; do says "^  $command "; done
for command in tag embed tokenize info selftest bench; do
    "$ocelli" "$command" --help >out 2>err || fail "$command --help"
    name="ocelli $command --help"
    says "^Usage: ocelli $command"
    says '^Options:$'
    says '^Examples?:$'
    run 2 1 "$command" --no-such-option
    complains "ocelli: $command: unknown option --no-such-option; usage: ocelli $command"
    run 2 1 "$command" -m
    complains "$command: -m needs a value; usage:"
    run 2 1 "$command" -m "$model" --kind slow
    run 2 1 "$command" --json=yes
    run 2 1 "$command" -m ""
    complains "$command: -m is empty: give the name of a file; usage:"
    test "$command" = info || { run 2 1 "$command"; complains 'no model: give -m BLOB; usage:'; }
done
run 2 1
run 2 1 frobnicate
run 2 1 tag -m "$model" "$photo"
run 2 1 tag -m "$model" -t cat
run 2 1 tag -m "$model" -t "" "$photo"
run 2 1 tag -m "$model" -t cat -t cat "$photo"
complains '"cat" is given twice'
run 2 1 tag -m "$model" -t cat --template "a photo" "$photo"
complains 'template "a photo": write \{\} exactly once'
run 2 1 tag -m "$model" -t cat --top 0 "$photo"
run 2 1 tag -m "$model" -t cat --top 1x "$photo"
run 2 1 tag -m "$model" -t cat "$photo" ""
run 2 1 tag -m "$model" -T "" "$photo"
run 2 1 tag -m "$model" -t "$(printf 'a\377b')" "$photo"
complains 'tag: -t "a.*b" is not UTF-8: '
run 2 1 tag -m "$model" -t cat --template "$(printf '\377 {}')" "$photo"
run 2 1 embed -m "$model"
run 2 1 embed -m "$model" "$photo"
run 2 1 embed -m "$model" --text x --format xml
run 2 1 embed -m "$model" --text x --format npy --json
run 2 1 embed -m "$model" --image "$photo" ""
run 2 1 embed -m "$model" --text x -o ""
run 2 1 tokenize -m "$model"
run 2 1 selftest -m "$model" extra
run 2 1 bench -m "$model" -n 0
run 2 1 "$(printf 'two\nlines')"
run 2 1 query
run 2 1 query udp://127.0.0.1
run 2 1 query udp://127.0.0.1 watch
run 2 1 query udp://127.0.0.1 tags terse
complains 'query: terse is for other clients: .*; usage: ocelli query'
run 2 1 query udp://127.0.0.1 set cat "$(printf 'x\nremove cat\ny')"
complains 'query: REQUEST "x\?remove cat\?y" is not UTF-8, or has a control character; usage:'
run 2 1 watch udp://127.0.0.1 cat

# --- info ---

run 0 0 info
says '^device 0 '
run 0 0 info -m "$model"
says '^embedding +[0-9]+ numbers$'
run 0 0 info -m "$model" --json
lines_are 1
holds '.version and (.devices | length > 0) and .model.embedding_size > 0 and .model.image.blocks > 0'
width=$(jq .model.embedding_size out)
context=$(jq .model.text.tokens out)
softmax=$(jq '.model.score == "softmax"' out)

# --- tokenize ---

run 0 0 tokenize -m "$model" "a photo of a cat" "" "a photo of a dog"
lines_are 3
holds 'length >= 2 and all(. == floor)'
holds '.[-1] != .[0]'
test "$(jq -c '.[0], .[-1]' out | sort -u | wc -l)" -eq 2 || fail "tokenize: start and end marks differ by text"
test "$(sed -n 2p out | jq length)" -eq 2 || fail "tokenize: an empty text is not two marks"
long=$(printf 'word %.0s' $(seq 500))
run 0 0 tokenize -m "$model" "$long"
holds "length == $context"
run 2 1 tokenize -m "$model" "a cat" "$(printf 'a\377b')"
complains 'TEXT "a.*b" is not UTF-8: '

# --- tag ---

run 0 0 tag -m "$model" -t "a cat" -t "a dog" -t "a red truck" --json "$photo" "$wide" "$jpeg"
lines_are 3
number='-?[0-9.]+(e-?[0-9]+)?'
says "^\\{\"image\":\"$photo\",\"tags\":\\[(\\{\"tag\":\"[^\"]*\",\"score\":$number,\"cosine\":$number\\},?){3}\\]\\}\$"
holds '.tags | map(.cosine) | . == (sort | reverse)'
holds '.tags | map(.cosine >= -1 and .cosine <= 1 and .score >= 0 and .score <= 1) | all' 
if test "$softmax" = true; then holds '.tags | map(.score) | add | . > 0.999 and . < 1.001'; fi
test "$(jq -r .image out)" = "$(printf '%s\n' "$photo" "$wide" "$jpeg")" || fail "tag: pictures out of order"
jq -c '.tags | map(.cosine)' out | head -1 >alone

run 0 0 tag -m "$model" -t "a cat" -t "a dog" -t "a red truck" "$photo"
lines_are 4
says '^ +[0-9]+\.[0-9]+% +-?[0-9]\.[0-9]+  a (cat|dog|red truck)$'
run 0 0 tag -m "$model" -t "a cat" -t "a dog" -t "a red truck" --top 2 "$photo"
lines_are 3
run 0 0 tag -m "$model" -t "a cat" -t "a dog" --top 9 --json "$photo"
holds '.tags | length == 2'
kinds=$OCELLI_SOURCE/tests/golden/pictures
run 0 0 tag -m "$model" -t "a cat" --json "$kinds/422.jpg" "$kinds/palette4.png" "$kinds/interlaced.gif" "$kinds/rle8.bmp" \
    "$kinds/16-rle.tga" "$kinds/rgb15.ppm"
lines_are 6
run 0 0 embed -m "$model" --image "$kinds/turn6.png"
mv out upright
run 0 0 embed -m "$model" --orientation exif --image "$kinds/turn6.png"
cmp -s out upright || fail "orientation: exif is not the default"
run 0 0 embed -m "$model" --orientation ignore --image "$kinds/turn6.png"
cmp -s out upright && fail "orientation: not ignored"
run 0 0 tag -m "$model" -t "a cat" --json "$kinds/turn6.png"
mv out upright
run 0 0 tag -m "$model" -t "a cat" --json --orientation ignore "$kinds/turn6.png"
cmp -s out upright && fail "orientation: tag does not ignore it"
run 2 1 tag -m "$model" -t "a cat" --orientation up "$photo"
complains 'neither exif nor ignore'
cp "$model" same.gguf && run 1 1 embed -m same.gguf --text x -o same.gguf
complains 'same.gguf: is an input: give another name to write to$'
cmp -s "$model" same.gguf || fail "embed -o wrote over its model"
run 1 1 tag -m "$model" -t "a cat" "$kinds/no-grey16.png"
complains 'grey PNG of 16 bits.*convert it to 8 bits first$'
lines_are 0

# More pictures than are held at once; the same one must not depend on its neighbours.
set --
for i in 1 2 3 4 5 6 7 8 9 10; do set -- "$@" "$photo" "$wide"; done
run 0 0 tag -m "$model" -t "a cat" -t "a dog" -t "a red truck" --json "$@"
lines_are 20
test "$(jq -r .image out)" = "$(printf '%s\n' "$@")" || fail "tag: 20 pictures out of order"
jq -c 'select(.image | endswith("photo.png")) | .tags | map(.cosine)' out >many
cat alone many | jq -se '.[0] as $first | all(. as $one | [range(3)] | all($one[.] - $first[.] | fabs < 0.002))' \
    >/dev/null || fail "tag: a picture's cosines change with its batch"

# A picture from standard input is the file.
"$ocelli" tag -m "$model" -t "a cat" --json - <"$photo" >out 2>err || fail "tag -"
name="ocelli tag -"
holds '.image == "-" and (.tags | length == 1)'
run 1 1 tag -m "$model" -t "a cat" - </dev/null

# Pictures that cannot be read: a line each, the others answered.
echo "no picture" >text.png
head -c 200 "$photo" >cut.png
: >empty.png
mkdir folder
run 1 6 tag -m "$model" -t "a cat" --json missing.png "$photo" text.png cut.png empty.png "$wide" folder
complains '^ocelli: 4 of 6 pictures could not be read$' # a folder may have many
lines_are 2
complains '^ocelli: missing.png: '
complains '^ocelli: text.png: '
cp "$photo" "$(printf 'a"b\\c\n\377.png')"
run 0 0 tag -m "$model" -t "a cat" --json "$(printf 'a"b\\c\n\377.png')"
lines_are 1
holds '.image | startswith("a\"b\\c\n") and endswith(".png")'

# What a stranger gets wrong: told with what to do.
cp "$photo" ./-dash.png
export XDG_CACHE_HOME=relative HOME="$work"
unset OCELLI_CACHE
run 1 4 tag -m "$model" -t cat --json -- -dash.png folder "$(printf 'caf\351.png')"
lines_are 1
complains '^ocelli: folder: no picture in this folder; -r looks into the folders in it too$'
complains '^ocelli: caf\\xe9\.png: No such file'
complains '^ocelli: warning: XDG_CACHE_HOME=relative does not begin with /, so it is ignored: .*/\.cache/ocelli$'
test ! -e relative/ocelli || fail "a relative XDG_CACHE_HOME was made" # Mesa makes its own
unset XDG_CACHE_HOME
export OCELLI_CACHE=
run 1 1 tag -m folder -t cat "$photo"
complains '^ocelli: folder: a folder: name a file in it$'
run 2 1 tag -m "$model" -t cat -dash.png
complains 'unknown option -dash\.png \(write -- before what begins with - and is no option\)'
run 2 1 tag -m "$model" -t cat -house.png
complains 'unknown option -house\.png \(write --'
printf '[tag a]\rprompt = b\r' >bad.ini
run 1 1 tag -m "$model" -T bad.ini "$photo"
complains '^ocelli: bad.ini:1: lines end with CR alone'

# Templates and tags.ini are another way to say the same prompts.
cosine() { jq -c --arg tag "$1" '.tags[] | select(.tag == $tag) | .cosine' out; }
near() { awk -v a="${1:-x}" -v b="${2:-y}" 'BEGIN { exit !(a + 0 == a && a - b < 0.0005 && b - a < 0.0005) }' || fail "$3: $1 and $2"; }
run 0 0 tag -m "$model" -t "a photo of a cat." -t cat --json "$photo"
full=$(cosine "a photo of a cat.") bare=$(cosine cat)
run 0 0 tag -m "$model" -t cat --template "a photo of a {}." --json "$photo"
near "$(cosine cat)" "$full" "template and text"
run 0 0 tag -m "$model" -t cat --template "a photo of a {}." --template "{}" --json "$photo"
both=$(cosine cat)
cat >tags.ini <<'EOF'
template = a photo of a {}.
[defaults]
false_alarms = 0.5
min_off = 10
[tag cat]
against = a dog
example = cat.jpg
group = animal
on = 0.1
off = 0.05
smooth = 3
min_on = 4
[tag bare]
prompt = cat
template = {}
[tag both]
prompt = a photo of a cat.
prompt = cat
template = {}
EOF
run 0 0 tag -m "$model" -T tags.ini -t dog --json "$photo"
near "$(cosine cat)" "$full" "template of the file"
near "$(cosine bare)" "$bare" "template of the tag"
near "$(cosine both)" "$both" "two prompts and two templates"
holds '.tags | map(.tag) | sort == ["bare", "both", "cat", "dog"]'
run 0 0 tag -m "$model" -T tags.ini --template "{}" --json "$photo"
near "$(cosine cat)" "$bare" "template of the command line"

# The daemon's own file, and margins: against a prompt, against the group, and against nothing.
cat >daemon.ini <<'EOF'
[run]
model = elsewhere.gguf
[source]
uri = camera:
[serve]
udp = 5690
[memory]
file = history.db
[tag cat]
against = a red truck
against = a dog
[tag open]
group = door
[tag shut]
group = door
[tag alone]
EOF
run 0 0 tag -m "$model" -T daemon.ini -t "a dog" -t "a red truck" --json "$photo"
holds '(.tags | map({(.tag): .}) | add) as $t | def near($a): . - $a | fabs < 0.00001;
    ($t.cat.margin | near($t.cat.cosine - ([$t["a dog"].cosine, $t["a red truck"].cosine] | max))) and
    $t.cat.rival == (if $t["a dog"].cosine > $t["a red truck"].cosine then "a dog" else "a red truck" end) and
    ($t.open.margin | near($t.open.cosine - $t.shut.cosine)) and $t.open.rival == "shut" and $t.shut.rival == "open" and
    ($t.alone.margin | near($t.alone.cosine)) and $t.alone.rival == null'
run 0 0 tag -m "$model" -T daemon.ini "$photo"
says '^ +[0-9]+\.[0-9]+% +-?[0-9]\.[0-9]+ +[-+][0-9]\.[0-9]+  (cat|open|shut|alone)$'
printf '[run]\nmodel = x\n' >bad.ini
run 1 1 tag -m "$model" -T bad.ini "$photo"
complains '^ocelli: bad.ini: no tags: write a \[tag NAME\]'
run 2 1 tag -m "$model" -t "$(printf 'caf\303\251')" -t "$(printf 'cafe\314\201')" "$photo"
complains 'given twice'
printf '[tag a]\nprompt = b ; c\n' >bad.ini
run 1 1 tag -m "$model" -T bad.ini "$photo"
complains '^ocelli: bad.ini:2: '
run 1 1 tag -m "$model" -T missing.ini "$photo"
for line in '[tag a\377]' '[tag a]\ntemplate = \377 {}' '[tag a]\nprompt = \377'; do
    printf "; one\n$line\n" >bad.ini
    run 1 1 tag -m "$model" -t x -T bad.ini "$photo"
    complains '^ocelli: bad.ini:2: this tag is not UTF-8: '
done
printf 'template = \377 {}\n[tag a]\n' >bad.ini
run 1 1 tag -m "$model" -T bad.ini "$photo"
complains '^ocelli: bad.ini: a template for all tags is not UTF-8: '
run 2 1 tag -m "$model" -T tags.ini -t cat "$photo"

# --- embed ---

run 0 0 embed -m "$model" --text "a cat" "a dog" --image "$photo" "$wide" --text "a bird" --format json
lines_are 5
holds 'keys_unsorted == ["input", "kind", "embedding"]'
holds ".embedding | length == $width"
holds '.embedding | map(. * .) | add | sqrt | . > 0.99999 and . < 1.00001'
test "$(jq -r .kind out | tr '\n' ' ')" = "text text image image text " || fail "embed: kinds out of order"
test "$(jq -r .input out | head -1)" = "a cat" || fail "embed: inputs out of order"
mv out lines
run 0 0 embed -m "$model" --format npy -o rows.npy --text "a cat" "a dog" --image "$photo" "$wide" --text "a bird"
lines_are 0
test "$(head -c 8 rows.npy | od -An -tx1 | tr -d ' \n')" = 934e554d50590100 || fail "embed: not a .npy"
head -c 128 rows.npy | grep -aq "'descr': '<f4', 'fortran_order': False, 'shape': (5, $width), }" || fail "embed: .npy header"
test "$(wc -c <rows.npy)" -eq $((128 + 5 * width * 4)) || fail "embed: size of .npy"
tail -c +129 rows.npy | od -An -v -w4 -tf4 >npy_numbers
jq '.embedding[]' lines >json_numbers
paste json_numbers npy_numbers | awk -v n=$((5 * width)) '
    { d = $1 - $2; if (NF != 2 || d > 1e-6 || d < -1e-6) bad = 1 } END { exit bad || NR != n }' || fail "embed: .npy and JSON differ"
run 0 0 embed -m "$model" --format npy --image "$photo" "$wide"
test "$(wc -c <out)" -eq $((128 + 2 * width * 4)) || fail "embed: size of .npy on standard output"
run 0 0 embed -m "$model" -o rows.json --image "$photo" -- "$wide"
test "$(jq -r .kind rows.json | grep -c image)" -eq 2 || fail "embed: -o with JSON, operands behind --"
run 1 1 embed -m "$model" --image missing.png "$photo"
lines_are 1
run 1 1 embed -m "$model" --format npy -o absent.npy --image "$photo" missing.png
test -z "$(ls absent.npy* 2>/dev/null)" || fail "embed: left something behind"
run 1 1 embed -m "$model" -o no/such/folder.json --text "a cat"
run 1 1 embed -m "$model" -o . --text "a cat"
mkfifo pipe
run 1 1 embed -m "$model" -o pipe --text "a cat" # a rename would put a file in its place
test -p pipe || fail "embed: what was no file has become one"
run 0 0 embed -m "$model" -o - --text "a cat"
lines_are 1
test ! -e - || fail "embed: -o - is a file"
run 2 1 embed -m "$model" --text "a cat" "$(printf '\377')"
name="ocelli embed, file size limit"
# llvmpipe of newer Mesa keeps its buffers in memory files, which the limit forbids as well.
if (ulimit -f 0 && "$ocelli" selftest -m "$model" 2>&1 | cat >out) && grep -q '^ok' out; then
    (ulimit -f 0 && exec "$ocelli" embed -m "$model" --format npy -o absent.npy --image "$photo" 2>&1) | cat >err
    complains '^ocelli: absent.npy: cannot write: '
    test -z "$(ls absent.npy* 2>/dev/null)" || fail "$name: left something behind"
else
    echo "not tried: $name (the driver itself needs files)"
fi

# --- selftest, bench ---

run 0 0 selftest -m "$model"
says '^ok: worst cosine 0\.[0-9]+, '
run 0 0 selftest -m "$model" --json
holds '.ok and .worst_cosine > 0.98 and .worst_cosine <= 1 and (.device | length > 0) and .kind != "auto"'
run 0 0 selftest -m "$model" --kind f16w --json
holds '.kind == "f16w" and .worst_cosine > 0.999'

run 0 0 bench -m "$model" -n 3
run 0 0 bench -m "$model" -n 3 --json
lines_are 1
holds '.image_ms.median > 0 and .image_ms.p95 >= .image_ms.median and .text_ms.median > 0'
holds '.images_per_s > 0 and .dispatches > 0 and .gpu_bytes > 0 and .peak_rss_bytes > 0 and (.op_ms | type == "object")'
holds '.image_cpu_ms > 0 and .device_limit.gflop_s > 0 and .device_limit.gbyte_s > 0'
holds '(.op_rates | keys) == (.op_ms | keys) and ([.op_rates[].share] | all(. >= 0))'
dispatches=$(jq .dispatches out)
run 0 0 bench -m "$model" --plan --json
holds '(.tower == "image" or .tower == "text") and (.groups | length == 3 and all(. > 0)) and .macs >= 0 and (.shader | length > 0)'
test "$(grep -c '"tower":"image"' out)" -eq "$dispatches" || fail "bench: the plan has other dispatches than the run"
all=$(wc -l <out)
run 0 0 bench -m "$model" --plan
lines_are "$all"
says '^image +[a-z_]+ +[a-z0-9_]+ +groups [0-9]+x[0-9]+x[0-9]+ +macs [0-9]+ +constants [0-9,-]+$'

# --- broken models ---

for command in info tokenize tag embed selftest bench; do
    case $command in
    tokenize) set -- x ;;
    tag) set -- -t x "$photo" ;;
    embed) set -- --text x ;;
    *) set -- ;;
    esac
    run 1 1 "$command" -m missing.gguf "$@"
    run 1 1 "$command" -m "$photo" "$@"
    run 1 1 "$command" -m . "$@"
done
size=$(wc -c <"$model")
for part in 0 1 20 1000 $((size / 2)) $((size - 1)); do
    head -c "$part" "$model" >cut.gguf
    run 1 1 info -m cut.gguf
    run 1 1 selftest -m cut.gguf
done
flip() { # flip OFFSET: broken.gguf is the model with one bit changed there
    cp "$model" broken.gguf
    chmod u+w broken.gguf
    byte=$(od -An -tu1 -j "$1" -N 1 broken.gguf)
    printf "\\$(printf %03o $((byte ^ 1)))" | dd of=broken.gguf bs=1 seek="$1" conv=notrunc 2>/dev/null
}
for at in 8 40 500 $((size / 3)) $((size / 2)) $((size * 2 / 3)) $((size - 20000)) $((size - 1)); do
    flip "$at"
    run 1 1 selftest -m broken.gguf
    run 1 1 info -m broken.gguf
done
flip 500
run 1 1 info -m broken.gguf
run 1 1 tokenize -m broken.gguf "a cat"

# --- no device ---

VK_DRIVER_FILES=/nonexistent VK_ICD_FILENAMES=/nonexistent
export VK_DRIVER_FILES VK_ICD_FILENAMES
run 0 0 info # the processor is always there
says '^device 0  *cpu '
run 0 0 tag -m "$model" -t cat "$photo"
run 0 0 embed -m "$model" --text cat
for device in vulkan gpu; do
    run 1 1 info --device $device
    run 1 1 tag -m "$model" -t cat --device $device "$photo"
    run 1 1 selftest -m "$model" --device $device
    run 0 1 info -m "$model" --device $device --json # says so, and tells of the model all the same
    holds '(.devices | length == 1) and .used == null and .model.embedding_size > 0'
done
run 0 0 tokenize -m "$model" "a cat"
unset VK_DRIVER_FILES VK_ICD_FILENAMES

# --- no libvulkan: the dynamic linker finds an empty file before it, then a library that is not Vulkan's ---

mkdir hidden
: >hidden/libvulkan.so.1
libraries=${LD_LIBRARY_PATH:-}
LD_LIBRARY_PATH=$work/hidden:$libraries
export LD_LIBRARY_PATH
run 0 0 --version
run 0 0 tokenize -m "$model" "a cat"
run 0 0 selftest -m "$model"
OCELLI_DEVICE=vulkan
export OCELLI_DEVICE
for command in info "tag -m $model -t cat $photo" "embed -m $model --text cat" "selftest -m $model" "bench -m $model"; do
    # shellcheck disable=SC2086
    run 1 1 $command
    complains '^ocelli: Vulkan cannot be loaded: .*libvulkan\.so\.1: .*: install its loader and a driver'
done
run 0 1 info -m "$model" --json
holds '(.devices | length == 1) and .model.embedding_size > 0'
ln -sf "$OCELLI_BUILD/tests/liblost_layer.so" hidden/libvulkan.so.1
run 1 1 info
complains ': libvulkan\.so\.1: another library, or too old: no vkAllocateCommandBuffers: '
LD_LIBRARY_PATH=$libraries
test -n "$libraries" || unset LD_LIBRARY_PATH
unset OCELLI_DEVICE

# --- another device ---

run 1 1 tag -m "$model" --device "no such device" -t cat "$photo"
OCELLI_DEVICE="no such device"
export OCELLI_DEVICE
run 1 1 selftest -m "$model"
unset OCELLI_DEVICE
run 0 0 selftest -m "$model" --device 0
run 2 1 selftest -m "$model" --threads 0
run 2 1 selftest -m "$model" --threads 1000
complains 'threads "1000" is not a number from 1 to 256'
for threads in 1 2 256; do run 0 0 selftest -m "$model" --device cpu --threads $threads; done
holds_device() { run 0 0 selftest -m "$model" --json --device "$1"; holds ".device | startswith(\"$2\")"; }
holds_device cpu 'cpu ('
holds_device CPU 'cpu ('
holds_device auto ''
OCELLI_CPU=plain
export OCELLI_CPU
run 0 0 info --device cpu
says '^used  *cpu (.*), plain'
run 0 0 selftest -m "$model" --device cpu
OCELLI_CPU=nonsense
run 0 1 info
complains 'warning: OCELLI_CPU=nonsense: there are no such kernels here'
unset OCELLI_CPU
run 1 1 info --device 99
complains "no device has the number or, in its name, '99'"

# --- ocelli-convert ---

convert 0 0 --help
says '^usage: ocelli-convert CHECKPOINT -o OUT.gguf'
convert 2 1
complains '^ocelli-convert: exactly one CHECKPOINT is needed: see ocelli-convert --help$'
convert 2 1 a b -o x.gguf
convert 2 1 a
convert 2 1 a -o
complains ': -o needs a value: see'
convert 2 1 a -o x.gguf --report
complains ': --report needs a value: see'
convert 2 1 a -o x.gguf --no-such-option
complains ': unknown option --no-such-option: see'
convert 2 1 a -o x.gguf -z
complains ': unknown option -z: see'
convert 2 1 --help=yes
complains ': --help=yes: this option takes no value: see'
convert 2 1 a -o ""
convert 2 1 "" -o x.gguf
convert 2 1 a -o x.gguf --name "$(printf '\377')"
convert 2 1 a -o x.gguf --report x.gguf
convert 1 1 missing -o x.gguf
test ! -e x.gguf || fail "convert: left something behind"
cp -r "$checkpoint" from
(cd from && sha256sum -- *) >before
for out in . pipe no/such/x.gguf from/model.safetensors ./from/config.json; do
    convert 1 1 from -o "$out"
    convert 1 1 from -o x.gguf --report "$out"
done
convert 1 1 from -o x.gguf --report ./x.gguf
convert 1 1 from -o license --license-file license
echo "do what you like" >license
convert 1 1 from -o license --license-file license
test ! -e x.gguf || fail "convert: left something behind"
(cd from && sha256sum -- *) | cmp -s - before || fail "convert: a failure changed the checkpoint"
test -p pipe || fail "convert: what was no file has become one"
mv from "$(printf 'a\377')"
convert 1 1 "$(printf 'a\377')" -o x.gguf
complains 'not be UTF-8: give one with --name$'
mv "$(printf 'a\377')" from
convert 0 0 from -o x.gguf --report x.json --name demo
says '^x.gguf: [0-9.]+ MB; int8 against float: cosine 0\.[0-9]+ image, 0\.[0-9]+ text$'
jq -en 'inputs | .model == "demo" and .blob_bytes > 0 and (.tensors | length > 0)' x.json >/dev/null || fail "convert: report"
echo old >x.gguf
convert 1 1 from -o x.gguf --report no/such/x.json
test "$(cat x.gguf)" = old || fail "convert: a failure took what stood there before"
# Closed standard files: their numbers must not become those of the blob, which messages would then go to.
rm x.gguf
name="ocelli-convert >&- 2>&-"
"$OCELLI_BUILD/ocelli-convert" from -o x.gguf >&- 2>&-
test $? -eq 1 || fail "$name: not exit code 1"
run 0 0 info -m x.gguf

# --- outputs that take nothing ---

# into FILE ARGUMENT...: the output goes there; one line and exit code 1.
into() { refused ocelli "$@"; }
refused() {
    program=$1 file=$2
    shift 2
    name="$program $* >$file"
    : >out
    "$OCELLI_BUILD/$program" "$@" >"$file" 2>err
    test $? -eq 1 || fail "$name: not exit code 1"
    test "$(wc -l <err)" -eq 1 || fail "$name: not one line on stderr"
}
if test -w /dev/full; then
    into /dev/full --help
    into /dev/full --version
    into /dev/full tag --help
    into /dev/full info
    into /dev/full tokenize -m "$model" cat
    into /dev/full tag -m "$model" -t cat --json "$photo"
    into /dev/full embed -m "$model" --text cat
    into /dev/full embed -m "$model" --format npy --text cat
    into /dev/full bench -m "$model" --plan
    into /dev/full selftest -m "$model" --json
    refused ocelli-convert /dev/full --help
fi
name="ocelli tokenize >&-"
"$ocelli" tokenize -m "$model" cat >&- 2>err
test $? -eq 1 || fail "$name: not exit code 1"
test "$(wc -l <err)" -eq 1 || fail "$name: not one line on stderr"

# A reader that goes away after the first byte of more than a pipe holds.
name="ocelli tokenize | head -c 1"
set -- "$long" "$long" "$long" "$long" "$long"
for i in 1 2 3 4 5 6 7; do set -- "$@" "$@"; done # 640 texts
{ "$ocelli" tokenize -m "$model" "$@" 2>err; echo $? >code; } | head -c 1 >/dev/null
test "$(cat code)" -eq 1 || fail "$name: not exit code 1"
test "$(wc -l <err)" -eq 1 || fail "$name: not one line on stderr"

test "$failures" -eq 0 || { echo "$failures failed"; exit 1; }
echo "all passed"
