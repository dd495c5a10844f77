#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `ocelli run` and `ocelli learn` with the demo model and real frames. Events are equal to what the frames show. Then come edits,
# signals, files that stay, and devices and sources that are lost and come back.
# OCELLI_BUILD, OCELLI_SOURCE, OCELLI_MODEL as in cli.sh. How often the ini is rewritten (3 times each), the device
# lost, the source removed: REWRITES (30), LOSSES (1), REMOVALS (1); `make soak` has more.
set -u
. "$OCELLI_SOURCE/tests/e2e/tools/daemon.sh"

# --- frames with known answers; the end of the source ends it ---

name="known answers"
"$tools/frames" 30 "$pictures/cat.png" 5 "$pictures/pizza.png" 5 "$pictures/sailboat.png" 5 >show.y4m || exit 1
printf 'on cat 0\noff cat 5\non pizza 5\noff pizza 10\non sailboat 10\n' >expected
for from in "y4m:show.y4m" "y4m:-"; do
    ini "$from" rate=0
    "$ocelli" run -c ocelli.ini <show.y4m >out 2>err || fail "$name of $from: exit code $?"
    changes | diff expected - >differ || fail "$name of $from: $(cat differ)"
    test -z "$(faults)" || fail "$name of $from: said something"
    test "$(grep -c "^ocelli: ocelli.ini: runs: source $from 192x192; model $model on .*; 3 tags (threshold: cat fixed, pizza fixed, sailboat fixed); no state folder; answers no requests" err)" = 1 ||
        fail "$name of $from: the start is not told in one line"
done
jq -se 'all(.[]; (.time|test("^2[0-9]{3}-[0-9-]+T[0-9:]+\\.[0-9]{3}Z$")) and .group=="things" and .reason=="picture" and .model!="" and .version>0
    and (.monotonic_ms|type)=="number" and .percentile==null and (.runner_up|type)=="string" and .margin<=2) and
    all(.[]; .event!="on" or (.score>0.5 and .margin>=.on))' out >/dev/null || fail "$name: fields"
head -c 300000 show.y4m >cut.y4m
ini y4m:cut.y4m rate=0
"$ocelli" run -c ocelli.ini >out 2>err && fail "$name: a broken stream is no fault"
test "$(faults | wc -l)" -eq 1 || fail "$name: a broken stream is not one line"

# --- faults of the ini: one line with its place, exit code 1 ---

refuses() { # LINE PATTERN
    "$ocelli" run -c ocelli.ini >out 2>err && fail "refused: $2: exit code 0"
    test "$(wc -l <err)" -eq 1 || fail "refused: $2: not one line"
    grep -Eq "^ocelli: ocelli.ini:?$1: .*$2" err || fail "refused: not like $2"
}
ini test: colour=red
refuses 9 'unknown key "colour": model, device, .* known in \[run\]'
ini test: rate=fast
refuses 9 'expected a number from 0 to 1000'
ini test: rate=1 rate=2
refuses 10 'rate again, first in line 9'
ini test: && sed -i s/every.*/every=maybe/ ocelli.ini
refuses 5 'expected yes or no'
ini test: && sed -i s/^uri.*// ocelli.ini
refuses '' 'no source'
ini test: && sed -i s/^model.*// ocelli.ini
refuses '' 'no model'
ini test: && sed -i 's/^\[run\]/[walk]/' ocelli.ini
refuses 6 'unknown section "walk"'
ini test: && printf '[tag dog]\nexample = none.png\n' >>ocelli.ini
refuses 21 'example none.png: No such file'
ini rtp://x
refuses 4 'uri = rtp://x: not a source: give one of camera:'
# Waiting for a camera would not help there.
ini camera:
OCELLI_CAMERA_MODULE=none.so
export OCELLI_CAMERA_MODULE
refuses 4 'uri = camera: needs the package ocelli-camera: sudo apt install ocelli-camera'
for usage in run learn "run -c" "run -c a b" "run -c a --for 0"; do
    "$ocelli" $usage >out 2>err
    test $? -eq 2 || fail "$usage: not wrong usage"
done

# --- edits while it runs, SIGHUP, on_change, state, SIGTERM ---

name="edits"
mkdir seen real
ini files:seen rate=0 'on_change=echo "$OCELLI_EVENT $OCELLI_TAG $OCELLI_GROUP" >>vars; cat >>lines' state=state save_every=1
mv ocelli.ini real/ && sed -i s/pizza/bicycle/ real/ocelli.ini && cp real/ocelli.ini .
start
started
show pizza 1
wait_status '.pictures==1'
changes | grep -q pizza && fail "$name: a tag that is not there"
sed s/bicycle/pizza/ real/ocelli.ini >new && cp new ocelli.ini
wait_status '.edits==1 and .embedding==false'
show pizza 2
wait_event on pizza
echo '[tag cat]' >>ocelli.ini
wait_status '.refused==1'
test "$(grep -c 'ocelli.ini:24: tag "cat" again' err)" -eq 1 -a "$(faults | wc -l)" -eq 1 || fail "$name: not one line for a broken edit"
show cat 1
wait_event on cat
cp new ocelli.ini
wait_status '.edits==2'
until_true 5 test -s state/learnt || fail "$name: no state saved"
until_true 5 grep -q '^on cat things$' vars || fail "$name: on_change has no variables"
until_true 5 jq -se 'any(.[]; .event=="on" and .tag=="cat")' lines || fail "$name: on_change has no JSON"
show pizza 3
wait_event on pizza
sed s/pizza/bicycle/ new >ocelli.ini # the one that is on
until_true 10 jq -se 'any(.[]; .event=="off" and .tag=="pizza" and .reason=="edit") and (map(select(.event!="status"))|last|
    .event=="unknown" and .tag==null and .group=="things" and .reason=="edit" and .version!=0)' out || fail "$name: a removed tag stays on"
cp new ocelli.ini
wait_status '.edits==4'
rm state/learnt
stop TERM
test -s state/learnt || fail "$name: no state saved at the end"
name="SIGHUP"
mv ocelli.ini real/ && ln -s real/ocelli.ini ocelli.ini
start
started
grep -q 'state/learnt: 3 tags go on learning' err || fail "$name: state not restored"
sed -i s/pizza/bicycle/ real/ocelli.ini
kill -HUP "$daemon"
wait_status '.edits==1'
stop INT
rm ocelli.ini

# --- an ini that is written in pieces, and another source in it ---

name="written in pieces"
ini files:seen rate=0
cp ocelli.ini whole
start
started
: >ocelli.ini # the editor empties it first
sleep 0.6
cat whole >>ocelli.ini
sleep 0.3
test -z "$(faults)" || fail "$name: an empty file is said"
sed s/sailboat/bicycle/ whole >other-tags
{ head -c 200 other-tags; sleep 0.6; tail -c +201 other-tags; } >ocelli.ini # not closed in between
wait_status '.edits==1 and .refused==0'
test -z "$(faults)" || fail "$name: half a file is said, though it is not closed"
head -c 150 whole >ocelli.ini # "every = yes|", and then nothing for a while
sleep 0.6
tail -c +151 whole >>ocelli.ini
wait_status '.edits>=2 and .embedding==false and .tags==3'
test "$(faults | wc -l)" -le 1 || fail "$name: more than one line"
name="another source"
mkdir seen2
sed s/files:seen/files:seen2/ whole >ocelli.ini
wait_status '.edits>=3 and .source_reopened==1'
cp "$pictures/pizza.png" landing && mv landing seen2/pizza-1.png
wait_event on pizza
before=$(jq -s 'map(select(.event=="status"))|last|.pictures' out)
show cat gone1 # nobody looks there any more
sed s/files:seen/test:160x120@20/ whole >ocelli.ini
wait_status ".pictures>$before+5 and .source_open"
event_is on cat >/dev/null && jq -se 'any(.[]; .event=="on" and .tag=="cat" and .frame<3)' out >/dev/null && fail "$name: the old one is watched"
sed s/files:seen/files:none/ whole >ocelli.ini # not there: it is waited for
wait_status '.source_open==false'
before=$(jq -s 'map(select(.event=="status"))|last|.source_reopened' out)
sed s/files:seen/files:seen2/ whole >ocelli.ini
wait_status ".source_open and .source_reopened>$before"
refused=$(jq -s 'map(select(.event=="status"))|last|.refused' out)
sed s/files:seen/rtp:x/ whole >ocelli.ini # no such kind: nothing changes
wait_status ".refused==$refused+1 and .source_open"
grep -q 'ocelli.ini:4: uri = rtp:x: not a source: give one of' err || fail "$name: not told"
sed s/files:seen/y4m:whole/ whole >ocelli.ini # no video: it is waited for, as a folder that is not there
wait_status '.source_open==false'
sed s/files:seen/rtp:x/ whole >ocelli.ini # again, after a file that was good
wait_status ".refused==$refused+2"
test "$(grep -c 'uri = rtp:x: not a source' err)" = 2 || fail "$name: the same fault again is not told again"
sed s/files:seen/files:seen2/ whole >ocelli.ini
wait_status '.source_open'
cp "$pictures/sailboat.png" landing && mv landing seen2/sailboat-1.png
wait_event on sailboat
stop TERM

# --- a program that hangs holds nothing up ---

name="a slow program"
ini files:seen rate=0 'on_change=echo $$ >pid; exec sleep 100'
start
started
for i in 1 2 3; do show cat s$i && wait_status ".pictures==$((2 * i - 1))" && show pizza s$i && wait_status ".pictures==$((2 * i))"; done
wait_status ".events>=11 and .programs_ran==1" || fail "$name: not one at a time"
stop TERM
kill "$(cat pid)" 2>/dev/null # if the end has not

# --- rate, heat, motion ---

# counts SECONDS LEAST MOST FIELD: of what a run of that time tells at its end, after the first
counts() {
    fresh
    "$ocelli" run -c ocelli.ini --for "$1" >out 2>err & daemon=$!
    started
    sleep "$(($1 - 1))"
    status_is true >/dev/null
    got=$(jq -s "map(select(.event==\"status\"))|last|(.$4-1)/.uptime_s*1000|floor" out)
    wait "$daemon"
    daemon=
    test "$got" -ge $(($2 / ${SLOWER:-1})) -a "$got" -le "$3" || fail "$name: $got $4 in 1000 s, not $2 to $3"
}
name="rate"
ini test:160x120@100 rate=5
sed -i s/every.*// ocelli.ini
counts 5 2500 5300 pictures
name="heat"
mkdir -p thermal/thermal_zone0 thermal/thermal_zone1
echo 45000 >thermal/thermal_zone0/temp
echo 90500 >thermal/thermal_zone1/temp
ini test:160x120@100 rate=16 hot=70 thermal=thermal
sed -i s/every.*// ocelli.ini
counts 6 300 1700 pictures
jq -se 'map(select(.event=="status"))|last|.celsius==90.5 and .slowdown==16' out >/dev/null || fail "$name: status"
name="motion"
"$tools/frames" 20 "$pictures/cat.png" 100 >still.y4m
ini y4m:still.y4m rate=20 motion=0.5 look_every=2 status_every=1
sed -i 's/^every = yes//' ocelli.ini
"$ocelli" run -c ocelli.ini >out 2>err || fail "$name: exit code"
jq -se 'map(select(.event=="status"))|last|.pictures>=2 and .pictures<=4 and .still>30' out >/dev/null || fail "$name: not 2 to 4 looks"

# --- lost and found: the device, the source ---

newest_on() { jq -se "map(select(.event==\"on\"))|last|.tag==\"$1\"" out; }
# back N: the picture that comes N-th is told within 5 s
back() {
    case $(($1 % 2)) in 0) thing=cat ;; *) thing=pizza ;; esac
    before=$(date +%s%N)
    show $thing "$name$1"
    until_true 5 newest_on $thing || fail "$name: no event after the ${1}th"
    took=$((($(date +%s%N) - before) / 1000000))
    test $took -le $worst || worst=$took
}
name="lost device"
ini files:seen rate=0
export LOST_FILE=$work/lose
start_layered
started
show cat l0
wait_event on cat
n=0 worst=0
while test $n -lt "${LOSSES:-1}"; do
    n=$((n + 1))
    touch lose
    back $n
    test ! -e lose || fail "$name: the layer saw no submit"
done
wait_status ".device_reopened==$n and .device_open"
test "$(grep -c 'device was lost' err)" -eq 1 || fail "$name: not one line"
echo "$name $n times: told again after $worst ms at most"
name="lost source"
worst=0 first=$n
while test $((n - first)) -lt "${REMOVALS:-1}"; do
    n=$((n + 1))
    mv seen gone
    wait_status '.source_open==false'
    mkdir seen
    rm -rf gone
    wait_status ".source_reopened==$((n - first)) and .source_open"
    back $n
done
echo "$name $((n - first)) times: told again after $worst ms at most"
stop TERM
name="hung device"
ini files:seen rate=0 state=state
export HANG_FILE=$work/hang
start_layered
started
show cat h1
wait_event on cat
touch hang
show pizza h1
until_true 10 test -e hang.seen || fail "$name: the layer saw no submit"
sleep 3 # only what takes longer than a second, and than a picture takes here, is told
rm -f state/learnt
stop TERM
rm hang
grep -q 'the device does not answer' err || fail "$name: the end says nothing"
test -s state/learnt || fail "$name: no state saved at the end"

# --- many edits ---

name="rewrites"
mkdir other
ini test:160x120@20 rate=20
cp ocelli.ini other/a
sed s/pizza/banana/ ocelli.ini >other/b
echo broken >other/c
start
started
i=0
while test $i -lt "${REWRITES:-30}"; do
    for f in a b c; do
        case $((i % 2)) in 0) cp other/$f ocelli.ini ;; *) cp other/$f new && mv new ocelli.ini ;; esac
        sleep 0.0$((i % 10))
    done
    i=$((i + 1))
done
cp other/b ocelli.ini
wait_status '.edits>=1 and .embedding==false and .tags==3'
before=$(jq -s 'map(select(.event=="status"))|last|.pictures' out)
wait_status ".pictures>$before"
stop TERM
jq -s 'map(select(.event=="status"))|last|{edits,refused,pictures,rss_bytes}' -c out

# --- learn ---

name="learn"
ini test:160x120@20 state=state
sed -i 's/^on = .*/false_alarms = 2/' ocelli.ini
"$ocelli" learn -c ocelli.ini --for 2 >out 2>err || fail "$name: exit code"
test "$(grep -c 'still learning' out)" -eq 3 || fail "$name: three tags"
"$ocelli" learn -c ocelli.ini --for 2 --json >out 2>err || fail "$name: exit code"
jq -se 'length==3 and all(.[]; .learning and .on==null and .learnt_days>0)' out >/dev/null || fail "$name: JSON"

test $failures -eq 0 && echo "all as it should be"
test $failures -eq 0
