#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `ocelli check` tells all faults of an ini at once, each with its line. It refuses what `ocelli run` refuses, and nothing else: one fault
# at a time, by both. It explains a good file. OCELLI_BUILD, OCELLI_SOURCE, OCELLI_MODEL as in cli.sh.
set -u
. "$OCELLI_SOURCE/tests/e2e/tools/daemon.sh"
export OCELLI_DEVICE=cpu

# check EXIT_CODE [OPTION]...: of ocelli.ini
check() {
    code=$1
    shift
    "$ocelli" check -c ocelli.ini "$@" >out 2>err
    test $? -eq "$code" || fail "$name: not exit code $code"
}
has() { grep -qF -e "$1" out || fail "$name: does not say $1"; }

name="a fault in each section"
mkfifo pipe
echo "not a key" >open.psk && chmod 644 open.psk
echo "no picture" >text.png
cat >ocelli.ini <<END
colour = red
[run]
model = none.gguf
rate = fast
hue = 1
state = pipe/state
device = abacus
[sauce]
mild = yes
[source]
uri = files:nowhere
rotation = 45
[serve]
udp = 5693
coap = 5693
psk = open.psk
reach = mars
serial = tty@x
address = 300.1.1.1
[memory]
budget = 1
file = nowhere/history
[templates]
template = a photo
[defaults]
off = 0.1
[tag cat]
on = 0.1
off = 0.2
example = none.png
example = text.png
[tag cat]
false_alarms = many
END
check 1
cut -d : -f 2 out | tr '\n' ' ' >lines
test "$(cat lines)" = "1 3 4 5 6 7 8 11 11 12 15 16 17 18 19 21 22 24 26 29 30 31 32 33 " || fail "$name: the lines are $(cat lines)"
for words in "none.gguf: No such file" "state = pipe/state: what the daemon learns cannot be saved there (Not a directory)" \
    "in its name, 'abacus'" 'unknown section "sauce"' "files:nowhere: cannot watch this folder: No such file" "port is taken by udp in line 14" \
    "open.psk: others may read or change the keys: chmod 600" "reach = mars: give attached" "a baud rate is a number" \
    '"300.1.1.1" is no IPv4' "file = nowhere/history: no picture is kept" "write {} exactly once" "off without on" "above on = 0.1 in line 28" \
    "none.png: No such file" "text.png" 'tag "cat" again' 'false_alarms = "many"'; do has "$words"; done
test "$(cat err)" = "ocelli: ocelli.ini: 21 faults and 3 warnings: ocelli run would refuse this file" || fail "$name: $(cat err)"
test "$(grep -c ': warning: ' out)" -eq 3 || fail "$name: not three warnings"
check 1 --json
jq -en 'inputs | .file=="ocelli.ini" and .good==false and (.faults|length)==21 and (.warnings|length)==3 and .faults[0]=={"line":1,"text":(.faults[0].text)}
    and (.tags==null)' out >/dev/null || fail "$name: as JSON"
if test "$(id -u)" = 0; then
    as_nobody() { chmod 755 . && setpriv --reuid=65534 --clear-groups "$@"; }
    mkdir closed && chmod 700 closed
    ini test: state=closed
    as_nobody "$ocelli" check -c ocelli.ini >out 2>err || fail "$name: a warning is a fault"
    has "state = closed: what the daemon learns cannot be saved there (Permission denied)"
fi

# --- what check refuses, run refuses, and the other way round ---

name="as run does"
mkdir seen
agree() { # good|bad: of ocelli.ini
    "$ocelli" run -c ocelli.ini --for 1 >/dev/null 2>err </dev/null
    ran=$?
    "$ocelli" check -c ocelli.ini >out 2>/dev/null
    checked=$?
    case $1 in good) expected=0 ;; *) expected=1 ;; esac
    test $checked -eq $expected || fail "$name: check says $checked of: $2"
    test $ran -eq $expected || fail "$name: run says $ran of: $2"
}
try() { # good|bad SOURCE LINE...
    wanted=$1 uri=$2
    shift 2
    ini "$uri"
    for line in "$@"; do echo "$line"; done >>ocelli.ini
    agree "$wanted" "$uri $*"
}
try good test:
try good files:seen
try good test: '[serve]' 'udp = 5693' 'reach = loopback'
try bad test:x
try bad files:none
try bad y4m:none.y4m
try bad raw:2x2:nv99:-
try bad test: '[serve]' 'udp = 5693' 'reach = mars'
try bad test: '[serve]' 'udp = 5693' 'address = 300.1.1.1'
try bad test: '[serve]' 'udp = 5693' 'psk = open.psk'
try good test: '[serve]' 'psk = open.psk' # nobody asks for the keys
try bad test: '[serve]' 'coaps = 5694'
try bad test: '[serve]' 'serial = tty@1'
try bad test: '[tag x]' 'example = none.png'
try bad test: '[tag x]' 'example = text.png'
try bad test: '[tag x]' 'example = seen'
try bad test: '[run]' 'device = abacus'
try bad test: '[run]' 'threads = 1.5'
try bad test: '[tag x]' 'off = 0.1' 'on = 0'
ini test: && sed -i 's/^model = .*/model = text.png/' ocelli.ini && agree bad "a model that is none"
ini test: && head -c 100000 "$model" >cut.gguf && sed -i 's/^model = .*/model = cut.gguf/' ocelli.ini && agree bad "half a model"

# --- a good file is explained ---

name="explained"
cp "$pictures/cat.png" seen/
cat >ocelli.ini <<END
[run]
model = $model
state = state
[source]
uri = test:
[serve]
udp = 5693
serial = /dev/ttyS9@9600
reach = loopback
[memory]
file = history.db
every = 5
[templates]
template = a photo of a {}.
template = {}
[tag cat]
prompt = cat
prompt = kitten
group = pets
on = 0.1
off = 0.05
[tag dog]
group = pets
against = wolf
example = seen
false_alarms = 3
smooth = 0
END
check 0
test ! -s err || fail "$name: on standard error: $(cat err)"
for words in "ocelli.ini: no fault" "udp port 5693, for this machine; serial line /dev/ttyS9@9600" "history.db, 256 MB, a picture each 5 s at most" \
    'looks for  "a photo of a cat.", "a photo of a kitten.", "cat", "kitten"' '"pets": at most one of it is on; rivals "dog"' \
    "fixed: from a margin of 0.1; off below 0.05" 'against    "wolf"' "a threshold learnt from the scene, in an hour at least," "for about 3 false alarms a day; until then by the starter rule" \
    "smoothed over 2 s; on for 2 s at least" "not smoothed;"; do has "$words"; done
check 0 --json
jq -en 'inputs | .good and .faults==[] and .source=="test:" and .state=="state" and .answers.udp==5693 and .answers.reach=="loopback" and .history.every==5 and
    (.tags|length)==2 and .tags[0].prompts==["a photo of a cat.","a photo of a kitten.","cat","kitten"] and .tags[0].threshold=="fixed" and
    .tags[0].on==0.1 and .tags[1].on==null and .tags[1].threshold=="learnt" and .tags[1].false_alarms==3 and .tags[1].against==["wolf"]' out >/dev/null ||
    fail "$name: as JSON"
"$ocelli" check -c ocelli.ini >first && test ! -e state && test ! -e history.db || fail "$name: something was made"

name="texts that are cut"
printf '[tag x]\nprompt = %s\n' "$(printf 'a b c d e f g h i j k l m n o p q r s t u v w x y z %.0s' 1 2)" >>ocelli.ini
check 0
has 'ocelli.ini:28: warning: tag "x": "a photo of a a b c'
has "and this model takes 32: its end is cut"

name="odd files"
printf '[run]\000\n[tag\000\n' >ocelli.ini
check 1
test "$(cat out)" = "ocelli.ini:1: a zero byte: this is not a text file" || fail "$name: zero bytes: $(cat out)"
{ printf '\357\273\277' && printf '[source]\nuri = test:\n[run]\nmodel = %s\n[tag cat]\non = 0.3\n[web]\nport = 1\n[mqtt]\nhost = broker\n' "$model"; } | sed 's/$/\r/' >ocelli.ini
check 0
test "$(head -n 1 out)" = "ocelli.ini: no fault" || fail "$name: a byte order mark and CRLF: $(head -n 3 out)"
"$ocelli" check -c ocelli.ini --json | jq -en 'inputs | .answers.web == 1 and .answers.mqtt == "broker"' >/dev/null || fail "$name: a page and a broker as JSON"
has "answers    web page by HTTP on port 1, for this machine; MQTT broker broker"
printf '[source]\ruri = test:\r' >ocelli.ini
check 1
test "$(wc -l <out)" -eq 1 || fail "$name: CR alone is not one line"
: >ocelli.ini
check 1
has "no source"
has "no model"
rm ocelli.ini
check 1
test "$(cat out)" = "ocelli.ini: No such file or directory" || fail "$name: no file: $(cat out)"
mkdir ocelli.ini
check 1
rmdir ocelli.ini
odd=$(printf 'a\tb: 7: .ini')
printf '[sauce]\n' >"$odd"
"$ocelli" check -c "$odd" --json 2>err >out
jq -en 'inputs | .faults[0].line==null and .faults[2].line==1 and (.faults[2].text|startswith("unknown section"))' out >/dev/null || fail "$name: a name with a tab: $(cat out)"

# Keys of a source that is not there, or is cut short; the sanitizers look on.
name="a source that is half there"
for line in 'user = a' 'password = p' 'ca = c' 'rate = 5' 'uri = y4m' 'uri = files' 'uri = http' 'uri = mjpeg:' 'uri = ://'; do
    printf '[run]\nmodel = %s\n[source]\n%s\n[tag a]\n' "$model" "$line" >ocelli.ini
    check 1
    grep -q '^ocelli.ini:.*\(source\|uri\|http\|mjpeg\|curl\)' out || fail "$name: $line: $(cat out)"
done

name="4096 tags"
ini test:
i=3
while test $i -lt 4096; do
    echo "[tag t$i]"
    i=$((i + 1))
done >>ocelli.ini
check 0
test "$(grep -c '^tag "' out)" -eq 4096 || fail "$name: not all explained"
sed -i 's/^\[tag t4000\]/&\non = x/; s/^\[tag t7\]/&\nsize = 1/' ocelli.ini
echo '[tag more]' >>ocelli.ini
check 1
test "$(grep -vc warning out)" -eq 3 || fail "$name: not three faults: $(grep -v warning out)"

name="usage"
for usage in check "check -c" "check -c a b" "check -c ''"; do
    eval "\"$ocelli\" $usage" >out 2>err
    test $? -eq 2 || fail "$usage: not wrong usage"
done
"$ocelli" check --help | grep -q 'FILE:LINE' || fail "$name: help"

test $failures -eq 0
