#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A plain ini, tags without `on` and no state folder: the first event comes within a minute of the start, by the starter rule, and all
# that tells of the tag says so. OCELLI_BUILD, OCELLI_SOURCE, OCELLI_MODEL as in cli.sh.
set -u
. "$OCELLI_SOURCE/tests/e2e/tools/daemon.sh"

name="a plain ini"
"$tools/frames" 10 "$pictures/cat.png" 100 "$pictures/pizza.png" 100 "$pictures/sailboat.png" 400 >show.y4m || exit 1
cat >ocelli.ini <<END
[run]
model = $model
on_change = echo "\$OCELLI_EVENT \$OCELLI_TAG \$OCELLI_THRESHOLD" >>told
[source]
uri = y4m:show.y4m
[templates]
template = a photo of a {}.
[tag cat]
[tag pizza]
[tag dog]
group = pets
[tag duck]
group = pets
END
start
until_true 60 grep -q '"event":"on"' out || fail "$name: no event within a minute"
jq -se '.[0] | .event=="on" and .tag=="cat" and .threshold=="starter" and .score>=0.5 and .margin>=.on and .on>.off and (.runner_up|type)=="string"
    and .percentile==null' out >/dev/null || fail "$name: the first event"
until_true 60 grep -q '"tag":"pizza"' out || fail "$name: no pizza"
until_true 10 grep -qx 'on cat starter' told || fail "$name: on_change"
stop TERM
jq -se 'all(.[]; .tag!="dog" and .tag!="duck")' out >/dev/null || fail "$name: a pizza is no dog, though its only rival is a duck"

name="its answers"
sed -i 's/^uri.*/uri = test:160x120@10/; s/^\[source\]/[serve]\nudp = 25691\naddress = 127.0.0.1\n[source]/; s/^\[tag pizza\]/&\non = 0.3/' ocelli.ini
start
until_true 30 sh -c "'$ocelli' query --json udp://127.0.0.1:25691 tags | jq -en 'inputs | .seq>0'" || fail "$name: none"
"$ocelli" query --json udp://127.0.0.1:25691 tags >answer
jq -se '.[0].tags | map({(.tag): [.threshold, .state]}) | add | .cat==["starter","off"] and .pizza==["fixed","off"]' answer >/dev/null || fail "$name: $(cat answer)"
"$ocelli" query udp://127.0.0.1:25691 tags >answer
grep -Eq '^cat .* - +starter *$' answer || fail "$name: $(cat answer)"
"$ocelli" query --json udp://127.0.0.1:25691 status | jq -en 'inputs | .tags_learning==3 and .tags_drifted==0 and has("drift") and .drift==null' >/dev/null || fail "$name: the status"
stop TERM

# The daemon keeps the everyday things' vectors. The next start finds a damaged file, and makes it anew without a word.
name="the next start"
export OCELLI_CACHE=$PWD/cache
sed -i 's|^uri.*|uri = y4m:show.y4m|; /^on = /d' ocelli.ini
first_event() {
    start
    until_true 60 grep -q '"event":"on"' out || fail "$name: no event within a minute"
    stop TERM
    jq -sc '.[0] | [.tag, .threshold, .cosine, .runner_up, .runner_up_cosine]' out >"$1"
    grep -q everyday err && fail "$name: it says $(grep everyday err)"
}
first_event event1
kept=$(echo cache/everyday-*.bin)
test -s "$kept" || fail "$name: nothing is kept: $(ls cache)"
cp "$kept" whole
printf 'x' | dd of="$kept" bs=1 seek=500 conv=notrunc 2>/dev/null
cmp -s "$kept" whole && fail "$name: not damaged"
first_event event2
cmp -s "$kept" whole || fail "$name: the damaged file was not made anew"
cmp event1 event2 || fail "$name: $(cat event1 event2)"
export OCELLI_CACHE=

test $failures -eq 0 && echo "all as it should be"
test $failures -eq 0
