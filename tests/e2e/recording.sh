#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Recordings: an hour of video teaches an hour in seconds, and `ocelli run` goes on with it. Events carry the recording's own
# time and the names of picture files. OCELLI_BUILD, OCELLI_SOURCE, OCELLI_MODEL as in cli.sh.
set -u
. "$OCELLI_SOURCE/tests/e2e/tools/daemon.sh"

# video SECONDS-A-FRAME PICTURE COUNT [PICTURE COUNT]...: y4m on standard output
video() {
    period=$1
    shift
    "$tools/frames" 1 "$pictures/$1.png" 1 | head -n 1 | sed "s/ F1:1 / F1:$period /"
    while test $# -gt 0; do
        test -e "$1.frame" || "$tools/frames" 1 "$pictures/$1.png" 1 | tail -n +2 >"$1.frame"
        cat "$1.frame"
        shift
    done
}
# scene FRAMES: names of pictures without a cat and a pizza, in an order without a pattern
scene() {
    awk -v n="$1" 'BEGIN { split("banana-and-carrot car-and-tree dog-and-balloon guitar-and-cactus sailboat umbrella-and-duck", name, " ")
        for (x = 1; n > 0; n--) { x = x * 16807 % 2147483647; print name[1 + int(x / 1000) % 6] } }'
}
# Two tags without thresholds of their own, and a camera's rate, which does not count for a recording.
tags() {
    printf 'template = a photo of a {}.\n[source]\nuri = %s\n%s\n[run]\nmodel = %s\nstate = state\n' "$1" "${2:-}" "$model"
    printf '[defaults]\nsmooth = 0\nmin_on = 0\nmin_off = 0\n[tag cat]\nagainst = a wall\n[tag pizza]\nagainst = a wall\n'
}

# --- an hour teaches in seconds; run goes on with it ---

name="an hour of video"
tags test: rate=5 >ocelli.ini
before=$(date +%s)
video 10 $(scene 365) |
    "$ocelli" learn -c ocelli.ini --recording y4m:- --json >out 2>err || fail "$name: exit code $?"
took=$(($(date +%s) - before))
test "$(grep -vc ': runs: source\|: learning is complete' err)" -eq 0 || fail "$name: said something"
test $took -lt 600 || fail "$name: took $took s" # 3640 s of video; the last threshold before the end comes at 3330 s
jq -se 'length==2 and all(.[]; .learning==false and .on!=null and .learnt_days*24>1 and .learnt_days*24<1.2)' out >/dev/null ||
    fail "$name: not learnt"
cp out learnt
name="what it taught counts"
video 10 sailboat sailboat sailboat cat cat cat car-and-tree sailboat >after.y4m
"$ocelli" run -c ocelli.ini --recording y4m:after.y4m >out 2>err || fail "$name: exit code $?"
on=$(jq -r 'select(.tag=="cat")|.on' learnt)
jq -se --argjson on "$on" '.[0]|.event=="on" and .tag=="cat" and .frame==3 and .position_ms==30000 and .file==null and
    (.on-$on|fabs)<0.0001' out >/dev/null || fail "$name: the first event"
jq -se 'map(select(.tag=="cat"))|length==2 and .[1].event=="off" and .[1].position_ms==60000 and .[1].monotonic_ms-.[0].monotonic_ms==30000 and
    (.[1].time|sub("\\.[0-9]+Z$";"Z")|fromdate)-(.[0].time|sub("\\.[0-9]+Z$";"Z")|fromdate)==30' out >/dev/null || fail "$name: times"

# --- as the file says it; `rate` of [run] counts in the recording's time ---

name="clock = recording"
{ tags y4m:after.y4m 'clock = recording' | sed 's/^model/motion = 0\nrate = 0.05\nstatus_every = 0.01\nmodel/'; } >clock.ini
"$ocelli" run -c clock.ini --for 60 >out 2>err || fail "$name: exit code $?"
jq -se 'map(select(.tag=="cat"))|map([.event,.frame,.position_ms])==[["on",4,40000],["off",6,60000]]' out >/dev/null ||
    fail "$name: not each second frame" # 0 and 1, then every 20 s
name="a history"
{ cat clock.ini; printf '[memory]\nfile = history.db\n'; } >history.ini
"$ocelli" run -c history.ini >out 2>err || fail "$name: exit code $?"
grep -q 'the history is not written' err && test ! -e history.db || fail "$name: written, or not told"
for fault in 'clock = sundial' 'clock = recording' 'clock=recording\nevery = no'; do
    case $fault in *every*) from=y4m:after.y4m ;; *) from=test: ;; esac
    tags $from "$(printf '%b' "$fault")" >fault.ini
    "$ocelli" run -c fault.ini >out 2>err && fail "$fault: exit code 0"
    test "$(wc -l <err)" -eq 1 || fail "$fault: not one line"
    grep -Eq '^ocelli: fault.ini:[45]: (clock|every) = ' err || fail "$fault: no place"
done
for wrong in camera: test: nothing ""; do
    "$ocelli" learn -c ocelli.ini --recording "$wrong" >out 2>err
    test $? -eq 2 || fail "--recording $wrong: not wrong usage"
done
sed s/^state.*// ocelli.ini >fresh.ini
"$ocelli" learn -c fresh.ini --recording y4m:none.y4m >out 2>err && fail "no such file: exit code 0"
test "$(wc -l <err)" -eq 1 || fail "no such file: not one line"
head -c 150000 after.y4m >cut.y4m
"$ocelli" run -c ocelli.ini --recording y4m:cut.y4m >out 2>err && fail "cut short: exit code 0"

# --- a folder: in the order of time, then the end; events name the files ---

name="a folder as a recording"
mkdir -p day/b day/.hidden
cp "$pictures/cat.png" "day/z first.png"
cp "$pictures/pizza.png" day/b/second.png
cp "$pictures/car-and-tree.png" day/a-third.png
cp "$pictures/cat.png" day/.hidden/not.png
printf rubbish >day/broken.jpg
touch -d '2020-02-03T04:05:06Z' "day/z first.png"
touch -d '2020-02-03T04:05:16Z' day/b/second.png
touch -d '2020-02-03T04:05:17Z' day/broken.jpg
touch -d '2020-02-03T04:06:06.5Z' day/a-third.png
"$ocelli" run -c ocelli.ini --recording files:day >out 2>err || fail "$name: exit code $?"
grep -v " go on learning$" err >said
test "$(grep -c "day/broken.jpg" said)" -eq 1 || fail "$name: the broken picture"
cat >expected <<'EOF'
on cat day/z first.png 0 2020-02-03T04:05:06.000Z
off cat day/b/second.png 10000 2020-02-03T04:05:16.000Z
on pizza day/b/second.png 10000 2020-02-03T04:05:16.000Z
off pizza day/a-third.png 60500 2020-02-03T04:06:06.500Z
EOF
jq -r '"\(.event) \(.tag) \(.file) \(.position_ms) \(.time)"' out | sort -s -k 5,5 -k 2,2 >got
sort -s -k 5,5 -k 2,2 expected | diff - got >differ || fail "$name: $(cat differ)"
name="a folder with a rate"
tags files:day "$(printf 'clock = recording\nrate = 2')" >clock.ini
"$ocelli" run -c clock.ini >out 2>err || fail "$name: exit code $?"
jq -se 'map(select(.event=="on"))|map([.tag,.file,.position_ms])==[["pizza","day/b/second.png",500],["cat","day/z first.png",1500]]' out >/dev/null ||
    fail "$name: order"

# --- a folder that is watched: events name the file, on_change gets the name ---

name="watched"
mkdir seen
ini files:seen rate=0 'on_change=echo "$OCELLI_FILE|$OCELLI_POSITION_MS" >>names'
start
started
show cat 1
wait_event on cat
until_true 10 grep -q '^seen/cat-1.png|$' names || fail "$name: OCELLI_FILE"
stop TERM
jq -se 'map(select(.event=="on"))|.[0].file=="seen/cat-1.png" and .[0].position_ms==null' out >/dev/null || fail "$name: file"

exit $((failures > 0))
