#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The history whole. `ocelli run` keeps what it saw. Searches go over UDP, over CoAP and into the file: while the daemon runs,
# after it was killed, and when the file is of no use.
set -u
. "$OCELLI_SOURCE/tests/e2e/tools/daemon.sh"
mkdir seen
: >fault

port=$((20000 + ($$ + 7000) % 12000))
cat >ocelli.ini <<INI
[run]
model = $model
rate = 0
[source]
uri = files:seen
[serve]
udp = $port
coap = $((port + 1))
[memory]
file = history.db
every = 0
budget = 8
[templates]
template = a photo of a {}.
[defaults]
on = 0.3
off = 0.2
smooth = 0
min_on = 0
min_off = 0
[tag cat]
[tag pizza]
[tag sailboat]
INI
ask() { "$ocelli" query --json "udp://127.0.0.1:$port" "$@" 2>>fault; }
like() { picture=$1; shift; "$ocelli" query --json "coap://127.0.0.1:$((port + 1))" search --like "$picture" "$@" 2>>fault; }
start() { "$ocelli" run -c ocelli.ini >>out 2>>err & daemon=$!; until_true 20 ask ping || fail "it does not answer"; }
is_on() { ask tags | jq -en "inputs | .tags | any(.tag == \"$1\" and .state == \"on\")"; }
show() {
    cp "$pictures/$1.png" landing && mv landing "seen/$1-$2.png"
    until_true 20 is_on "$1" || fail "$1 is not seen"
}
kept() { ask status | jq -en "inputs | .history_kept == $1"; }
first() { ask_search "$1" | jq -en "inputs | .hits[0].tags == \"$2\" and .hits[0].score > 0.35"; }
local_search() { "$ocelli" search -m "$model" --history history.db --template "a photo of a {}." "$@" 2>>fault; }

going_on() { ! ask search "another text" && tail -n 1 fault | grep -q "busy: another text"; }

# A slow machine may need longer than the board waits for its model.
ask_search() {
    for again in 1 2 3 4 5; do
        ask search "$@" && return 0
        tail -n 1 fault | grep -q "ask again" || return 1
        sleep 1
    done
    return 1
}

start
if grep -q "not built in" err; then
    ask search cat >answer
    grep -q absent fault || fail "without SQLite: $(cat answer fault)"
    kill -TERM $daemon && wait $daemon || fail "without SQLite: exit code $?"
    daemon=
    test $failures -eq 0 || exit 1
    echo "SKIP: built without SQLite"
    exit 77
fi
ask_search cat | jq -en 'inputs | .hits == [] and .since == null' >/dev/null || fail "an empty history"
began=$(date +%s)
show cat 1
sleep 1.2
show pizza 1
sleep 1.2
show sailboat 1
until_true 20 kept 3 || fail "three pictures are not kept: $(ask status)"

# The right picture first, whatever was asked; the three lie within a minute, so there is one hit.
for thing in cat pizza sailboat; do
    first "$thing" "$thing" >/dev/null || fail "search $thing: $(ask search $thing)"
    ask_search "$thing" | jq -en "inputs | .hits | length == 1" >/dev/null || fail "search $thing: more than one of a minute"
    ask_search "$thing" | jq -en "inputs | .since >= $began - 1 and .since <= $began + 20 and .hits[0].time >= .since" >/dev/null ||
        fail "search $thing: times: $(ask search $thing)"
done
"$ocelli" query "udp://127.0.0.1:$port" search cat | grep -Eq '^20[0-9-]+ [0-9:]+ +0\.[0-9]+ cat' || fail "the table of a search"
if "$ocelli" query --json "coap://127.0.0.1:$((port + 1))" search pizza >answer 2>>fault; then
    jq -en 'inputs | .hits[0].tags == "pizza"' answer >/dev/null || fail "CoAP: $(cat answer)"
else
    grep -q "CoAP is not built in" fault || fail "CoAP: $(tail -n 1 fault)"
fi
# By a picture, which comes in blocks; with words; and a picture that is none. A line has no room for one.
if grep -q "CoAP is not built in" fault; then
    :
else
    for thing in cat sailboat; do
        like "$pictures/$thing.png" >answer || fail "search --like $thing: $(tail -n 1 fault)"
        jq -en "inputs | .hits[0].tags == \"$thing\" and .hits[0].score > 0.9" answer >/dev/null || fail "search --like $thing: $(cat answer)"
    done
    like "$pictures/pizza.png" a pizza >answer || fail "search --like with words: $(tail -n 1 fault)"
    jq -en 'inputs | .hits[0].tags == "pizza"' answer >/dev/null || fail "search --like with words: $(cat answer)"
    like ocelli.ini >answer && fail "an ini is searched for: $(cat answer)"
    tail -n 1 fault | grep -q "4.00 the picture: not a picture" || fail "no picture: $(tail -n 1 fault)"
    printf 'P6 16000 16000 255\n' >bomb
    like bomb >answer && fail "a bomb is searched for"
    tail -n 1 fault | grep -q "4\.[01][03] the picture:" || fail "a bomb: $(tail -n 1 fault)"
fi
"$ocelli" query "udp://127.0.0.1:$port" search --like "$pictures/cat.png" 2>said && fail "a picture in a line"
grep -q "a picture does not fit a line" said || fail "a picture in a line: $(cat said)"
ask search --like >answer && fail "--like without a picture"

# The last hour with other rules: nothing of the file changes.
cp ocelli.ini before.ini
ask replay cat >answer || fail "replay: $(tail -n 1 fault)"
jq -en 'inputs | .pictures == 3 and .turned_on == 1 and .state == "off" and .threshold == "fixed" and .on_s > 0.5 and (.changes | length == 2)' answer >/dev/null || fail "replay cat: $(cat answer)"
"$ocelli" query "udp://127.0.0.1:$port" replay cat >answer || fail "replay for people"
for line in 'tag  *cat' 'pictures  *3' 'since  *20[0-9-]* [0-9:]*' 'state  *off' 'threshold  *fixed' 'on_s  *[0-9]*' 'turned_on  *1' \
    'change  *20[0-9-]* [0-9:]* on  *[0-9.]*  *[0-9.]*' 'change  *20[0-9-]* [0-9:]* off  *[0-9.]*  *[0-9.-]*'; do
    grep -q "^$line\$" answer || fail "replay for people, $line: $(cat answer)"
done
test "$(wc -l <answer)" -eq 13 || fail "replay for people: $(cat answer)"
ask replay cat on=0.99 off=0.98 >answer || fail "replay with a rule: $(tail -n 1 fault)"
jq -en 'inputs | .pictures == 3 and .turned_on == 0 and .on_s == 0 and .changes == []' answer >/dev/null || fail "replay with a rule: $(cat answer)"
ask replay "a boat" "a sailboat" >answer || fail "replay of a new tag: $(tail -n 1 fault)"
jq -en 'inputs | .turned_on == 1 and .state == "on"' answer >/dev/null || fail "replay of a new tag: $(cat answer)"
ask replay cat without "no such prompt" >answer && fail "replay without what is not there"
ask replay cat smoth=0 >answer && fail "replay of an unknown key"
cmp -s ocelli.ini before.ini || fail "replay changed the file"
ask search "" >answer && fail "an empty text is searched: $(cat answer)"

# The file, beside the daemon: all three when a second apart is enough, the right one first.
local_search --apart 1 --json cat >answer || fail "ocelli search"
jq -es 'length == 3 and .[0].tags == "cat" and .[0].score > .[1].score and .[1].score >= .[2].score' answer >/dev/null ||
    fail "ocelli search: $(cat answer)"
local_search pizza | grep -Eq '^20[0-9-]+ [0-9:]+   0\.[0-9]+  pizza$' || fail "ocelli search for people: $(local_search pizza)"
local_search -n 1 --apart 1 --json cat | jq -es 'length == 1' >/dev/null || fail "ocelli search -n 1"
"$OCELLI_BUILD/ocelli-convert" "$OCELLI_SOURCE/tools/demo/checkpoint" --name other -o other.gguf >/dev/null
"$ocelli" search -m other.gguf --history history.db cat >answer 2>said || fail "another model: exit code"
test ! -s answer || fail "another model's pictures are compared"
grep -q "no picture of this model" said || fail "another model is not told"

# Killed: what was written is there, and it goes on.
kill -9 $daemon
wait $daemon 2>/dev/null
export VK_LAYER_PATH="$OCELLI_BUILD/tests${VK_LAYER_PATH:+:$VK_LAYER_PATH}" VK_INSTANCE_LAYERS=VK_LAYER_OCELLI_lost LOST_FILE="$work/lose" OCELLI_DEVICE=vulkan
start
first pizza pizza >/dev/null || fail "after a kill: $(ask search pizza)"

# The device is lost under a search: told, and the next one is answered.
touch lose
ask search "lost with the device" >answer && fail "a lost device answers: $(cat answer)"
tail -n 1 fault | grep -q "ask again" || fail "a lost device: $(tail -n 1 fault)"
test ! -e lose || fail "a lost device: the layer saw no submit"
until_true 20 first pizza pizza || fail "after a lost device: $(ask search pizza)"
grep -q "device was lost" err || fail "a lost device is not told: $(cat err)"
show cat 2
kill -TERM $daemon
wait $daemon || fail "exit code $?"
daemon=

# While a search waits for a slow device others are answered.
export SLOW_MS=700
start
ask_search "slow to find" >answer & searcher=$!
until_true 10 going_on || fail "no search goes on"
ask ping >/dev/null || fail "no answer while a search goes on"
test ! -s answer || fail "a search holds up other answers: it ended first"
wait $searcher || fail "a slow search: $(tail -n 1 fault)"
jq -en 'inputs | .hits[0].score' answer >/dev/null || fail "a slow search: $(cat answer)"
kill -TERM $daemon
wait $daemon || fail "slow: exit code $?"
daemon=
unset VK_INSTANCE_LAYERS SLOW_MS OCELLI_DEVICE
local_search --apart 1 --json cat | jq -es '[.[] | select(.tags == "cat")] | length == 2' >/dev/null ||
    fail "what waited is not written at the end"
faults | grep -v "device was lost" >rest && fail "said: $(cat rest)"
: >err

# A file of no use: a line, and the daemon does the rest.
echo "no database, of no use, but longer than a header of a hundred bytes: ................................................" >history.db
start
show sailboat 2
ask search cat >answer && fail "a broken history answers: $(cat answer)"
grep -q 'failed' fault || fail "a broken history: $(tail -n 1 fault)"
kill -TERM $daemon
wait $daemon || fail "a broken history: exit code $?"
daemon=
grep -q 'history.db: cannot read the history: file is not a database: move it away' err || fail "a broken history is not told: $(cat err)"
grep -q 'history.db: the last 1 picture could not be kept' err || fail "a broken history: what it lost is not told: $(cat err)"
test "$(faults | sort -u | wc -l)" -le 3 || fail "a broken history: $(cat err)"
local_search cat >answer && fail "a broken history is searched"
test ! -s answer || fail "a broken history: output"

# Wrong usage.
for arguments in "cat" "-m $model cat" "-m $model --history history.db" "-m $model --history history.db -n 0 cat"; do
    "$ocelli" search $arguments >answer 2>said
    code=$?
    test $code -eq 2 && test "$(wc -l <said)" -eq 1 && test ! -s answer || fail "search $arguments: exit code $code"
done
"$ocelli" search -m "$model" --history none.db cat >answer 2>said
test $? -eq 1 && grep -q 'none.db: cannot open the history: No such file or directory: give the file that \[memory\]' said || fail "no history: $(cat said)"
test ! -e none.db || fail "a history was made by reading it"
test $failures -eq 0
