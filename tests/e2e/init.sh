#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `ocelli init`: `ocelli check` finds no fault in what it writes, and `ocelli run` comes to an event that the script gets. It writes both
# files or neither, and over nothing. OCELLI_BUILD, OCELLI_SOURCE, OCELLI_MODEL as in cli.sh.
set -u
. "$OCELLI_SOURCE/tests/e2e/tools/daemon.sh"
export OCELLI_DEVICE=cpu
test -e demo.gguf || ln "$model" demo.gguf 2>/dev/null || cp "$model" demo.gguf
port=5697

# good INI: check finds no fault and nothing that surprises
good() {
    "$ocelli" check -c "$1" >out 2>err || fail "$name: check finds faults"
    grep -q warning out && fail "$name: check warns: $(grep warning out)"
    test ! -s err || fail "$name: check says $(cat err)"
}
listing() { find . -path ./out -prune -o -path ./err -prune -o -path ./before -prune -o -path ./after -prune -o -print | sort; }
# unchanged EXIT_CODE PATTERN OPTION...: refused in one line, and nothing is made, changed or left
unchanged() {
    expected=$1 pattern=$2
    shift 2
    listing >before
    "$ocelli" init "$@" >out 2>err
    test $? -eq "$expected" || fail "$name: init $*: not exit code $expected"
    test "$(wc -l <err)" -eq 1 || fail "$name: init $*: not one line"
    grep -q -e "$pattern" err || fail "$name: init $*: does not say $pattern"
    test ! -s out || fail "$name: init $*: printed something"
    listing >after
    cmp -s before after || fail "$name: init $*: $(diff before after)"
}

name="a drawn scene, to an event"
"$ocelli" init -m demo.gguf try --source test:320x240 >out 2>err || fail "$name: init"
test ! -s err || fail "$name: said something"
test "$(sed -n 1p out)" = "wrote try/ocelli.ini: source test:320x240, model $(realpath demo.gguf)" || fail "$name: $(sed -n 1p out)"
test -x try/on_change || fail "$name: the script cannot be run"
grep -q " run -c try/ocelli.ini$" out || fail "$name: no next command"
grep -q '^#' try/ocelli.ini && grep -q '^uri = test:320x240$' try/ocelli.ini || fail "$name: not what was asked for"
cp out said
good try/ocelli.ini
sed -i "s/^udp = .*/udp = $port/; /^coap = /d" try/ocelli.ini
echo 'cat >>"$OCELLI_FOLDER/events.jsonl"' >>try/on_change
"$ocelli" run -c try/ocelli.ini >out 2>err &
daemon=$!
until_true 60 test -s try/events.jsonl || fail "$name: no event in a minute"
until_true 5 grep -q "^2[0-9-]*T.* a .*: on (score 0\.[0-9]*)$" err || fail "$name: the script says nothing"
"$ocelli" query udp://localhost:$port tags | grep -q "a blue square" || fail "$name: does not answer"
stop TERM
jq -se '.[0].event=="on" and .[0].group=="shapes"' try/events.jsonl >/dev/null || fail "$name: not the event"
test -e try/state/learnt || fail "$name: no state"

name="nothing is written over"
unchanged 1 "try/ocelli.ini: is there already, and nothing was written" try -m demo.gguf
mkdir half && echo mine >half/on_change
unchanged 1 "half/on_change: is there already" half -m demo.gguf
rm half/on_change && ln -s /nowhere/at/all half/ocelli.ini
unchanged 1 "half/ocelli.ini: is there already" half -m demo.gguf
echo mine >try/ocelli.ini && echo mine >try/on_change && chmod 600 try/on_change
"$ocelli" init try --force -m demo.gguf >out 2>err || fail "$name: --force"
good try/ocelli.ini
cmp -s try/on_change "$OCELLI_SOURCE/tools/ocelli/init/example/on_change" || fail "$name: the script is not that of tools/ocelli/init/example"
test "$(stat -c %a try/on_change)" = 700 || fail "$name: the permissions of the file that stood there are gone: $(stat -c %a try/on_change)"

name="both or neither"
rm -rf half && mkdir -p half/ocelli.ini
unchanged 1 "half/ocelli.ini: not a regular file" half --force -m demo.gguf
echo file >plain
unchanged 1 "plain/x: cannot make this folder: Not a directory" plain/x -m demo.gguf
ln -s nowhere dangling
unchanged 1 "dangling: is there and no folder: No such file" dangling -m demo.gguf
unchanged 1 "plain: is there and no folder: Not a directory" plain -m demo.gguf
unchanged 2 "cannot stand in an ini" new -m demo.gguf --source "$(printf 'y4m:-\n[tag another]')"
unchanged 2 "cannot stand in an ini" new -m demo.gguf --source "files: pictures "
unchanged 2 "cannot stand in an ini" new -m demo.gguf --source ""
mkdir blank && cp demo.gguf "blank/ x.gguf "
unchanged 1 "cannot stand in an ini: rename it" blank -m "blank/ x.gguf "
unchanged 1 "a/b: cannot make this folder: No such file" a/b -m demo.gguf
unchanged 1 "none.gguf: No such file" new -m none.gguf
unchanged 1 "plain: " new -m plain
if test "$(id -u)" = 0; then
    mkdir closed && chmod 755 closed .
    listing >before
    setpriv --reuid=65534 --clear-groups "$ocelli" init closed -m demo.gguf >out 2>err && fail "$name: in a folder that cannot be written"
    grep -q "closed/on_change: cannot write in the folder closed: Permission denied" err || fail "$name: $(cat err)"
    listing >after
    cmp -s before after || fail "$name: something is left"
fi

name="the model is found"
mkdir garage && cp demo.gguf garage/clip.gguf
echo GGUF >garage/another.gguf
"$ocelli" init garage -t "a car" -t "an open door [of a garage]" >out 2>err || fail "$name: init"
grep -qx 'model = clip.gguf' garage/ocelli.ini || fail "$name: $(grep ^model garage/ocelli.ini)"
good garage/ocelli.ini
grep -qx '\[tag an open door \[of a garage\]\]' garage/ocelli.ini || fail "$name: the tag"
test "$(grep -c '^\[tag ' garage/ocelli.ini)" -eq 2 || fail "$name: other tags too"
mkdir bare && cd bare || exit 1
unchanged 1 "no model: give -m BLOB"
mkdir -p "$work/usr/bin" "$work/usr/share/ocelli/models"
cp "$ocelli" "$work/usr/bin/"
ln -s "$(realpath ../demo.gguf)" "$work/usr/share/ocelli/models/demo.gguf"
"$work/usr/bin/ocelli" init >out 2>err || fail "$name: with a model among what is installed"
grep -q '^model = .*/demo.gguf$' ocelli.ini || fail "$name: not the installed model"
cd ..

name="odd names"
odd="a 'b' \$c \"é\".ini"
"$ocelli" init -m demo.gguf -o "odd folder/$odd" >out 2>err || fail "$name: init"
good "odd folder/$odd"
sed -i "s/^udp = .*/udp = $port/; /^coap = /d" "odd folder/$odd"
"$ocelli" run -c "odd folder/$odd" >out 2>err &
daemon=$!
until_true 60 grep -q "(score 0" err || fail "$name: the script is not found"
stop TERM
"$ocelli" init --force -m demo.gguf -o "odd folder/$odd" >out
sed -n '/^What/{n;p;}' out >typed
sh typed >out 2>err || fail "$name: the next command cannot be typed: $(cat typed)"
newline=$(printf 'a\nb.gguf') && cp demo.gguf "$newline"
unchanged 1 "a name with a control character" new -m "$newline"
unchanged 2 "that is the name of the script" -o new/on_change -m demo.gguf
unchanged 1 'tag "cat" again' new -m demo.gguf -t cat -t cat
unchanged 2 "has a control character" new -m demo.gguf -t "$(printf 'a\nb')"
unchanged 2 "is not UTF-8" new -m demo.gguf -t "$(printf 'a\377')"
unchanged 1 "bytes in a line" new -m demo.gguf -t "$(printf 'x%.0s' $(seq 300))"
unchanged 2 "not a source" new -m demo.gguf --source rtp://x
unchanged 2 "give a folder, or a file with -o, not both" new -o x.ini -m demo.gguf
unchanged 2 "-t is empty" new -t ""
unchanged 2 "one argument too many" new old

name="JSON"
"$ocelli" init json -m demo.gguf --json --source y4m:- >out || fail "$name: init"
jq -en 'inputs | .ini=="json/ocelli.ini" and .on_change=="json/on_change" and .source=="y4m:-"' out >/dev/null || fail "$name: $(cat out)"

# --- one text: the example (install.sh finds it installed) is the one that is compiled in, but for this machine's lines ---

name="one text"
grep -v -e '^model = ' -e '^uri = ' -e '^coap = ' "$OCELLI_SOURCE/tools/ocelli/init/example/ocelli.ini" >expected
grep -v -e '^model = ' -e '^uri = ' -e '^coap = ' -e '^# CoAP is not built in' -e '^#coap' json/ocelli.ini | diff expected - || fail "$name: the ini"
cmp -s json/on_change "$OCELLI_SOURCE/tools/ocelli/init/example/on_change" || fail "$name: the script"

# --- cameras ---

name="cameras"
"$ocelli" info >out 2>err || fail "$name: info"
"$ocelli" info --json >json.out || fail "$name: info --json"
if test -e "${OCELLI_CAMERA_MODULE:-$OCELLI_BUILD/camera.so}"; then
    jq -en 'inputs | (.camera_library|startswith("libcamera")) and (has("camera_fault")|not)' json.out >/dev/null || fail "$name: no library"
    test "$(grep -c 'uri = camera:.' out)" -eq "$(jq '.cameras|length' json.out)" || fail "$name: text and JSON differ"
fi
for module in none.so "$OCELLI_BUILD/tests/camera_other_version.so" "$OCELLI_BUILD/tests/camera_needs_missing.so"; do
    case $module in
    none.so) says='needs the package ocelli-camera: sudo apt install ocelli-camera' ;;
    *version.so) says='camera_other_version.so is of ocelli 0.0.1' ;;
    *) says='libmissing_library.so: .*No such file' ;;
    esac
    OCELLI_CAMERA_MODULE=$module "$ocelli" info >out 2>err || fail "$name: info without $module"
    grep -q "^cameras  *none: camera: .*$says" out && test ! -s err || fail "$name: $module: $(grep ^camera out; cat err)"
    OCELLI_CAMERA_MODULE=$module "$ocelli" info --json >json.out || fail "$name: info --json without $module"
    jq -en --arg says "$says" 'inputs | .camera_library==null and .cameras==[] and (.camera_fault|test($says))' json.out >/dev/null ||
        fail "$name: $module as JSON"
done

test $failures -eq 0
