#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A board whole: `ocelli run` watches a folder and is asked, over UDP and CoAP, what it sees; tags are added from outside, and the
# ini keeps what people wrote.
set -u
. "$OCELLI_SOURCE/tests/e2e/tools/daemon.sh"
mkdir seen

# Ports that are free, as far as this process can tell: below those that the system gives out.
port=$((20000 + $$ % 12000))
cat >ocelli.ini <<INI
; what people wrote
[run]
model = $model
rate = 0
[source]
uri = files:seen
[serve]
udp = $port
coap = $((port + 1))
[templates]
template = a photo of a {}.
[defaults]
on = 0.05
smooth = 0
min_on = 0
min_off = 0
; the animals
[tag cat]
[tag dog]
INI
cp ocelli.ini before.ini
start
board=udp://127.0.0.1:$port
ask() { "$ocelli" query --json "$board" "$@" 2>>err; }
is() { ask tags | jq -en "inputs | .tags | any(.tag == \"$1\" and .state == \"$2\")"; }

until_true 10 ask ping || fail "it does not answer"
"$ocelli" watch --json "$board" >watched 2>/dev/null & watcher=$!
is cat unknown >/dev/null || fail "no tag cat, unknown before the first picture"
show cat 1
until_true 10 is cat on || fail "the cat is not seen"
ask status | jq -en 'inputs | .pictures == 1' >/dev/null || fail "status"
until_true 10 grep -q '"cat"' watched || fail "who watches was not told"
kill $watcher

version=$(ask add sailboat | jq .version)
in_force() { test "$(ask tags | jq .version)" = "$version"; }
until_true 10 in_force || fail "add: version $version is not that of $(ask tags)"
version=$(ask set sailboat "against=cat" | jq .version)
until_true 10 in_force || fail "set: version $version is not that of $(ask tags)"
is sailboat unknown >/dev/null || fail "the new tag is not there"
show sailboat 1
until_true 10 is sailboat on || fail "the sailboat is not seen"
"$ocelli" query "$board" set dog on=1 off=1.5 2>fault && fail "thresholds the wrong way round are taken"
grep -q ': off = 1.5 is above on = 1 in line' fault || fail "why a change was refused: $(cat fault)"
grep -q 'is above' err && fail "a change that was refused is in the log"
grep -q '^off' ocelli.ini && fail "a refused change is in the file"
cp ocelli.ini good.ini
echo nonsense >>ocelli.ini # as somebody edits it
cp ocelli.ini edited.ini
ask add bird >/dev/null && fail "a change of a file that is not good is taken"
diff ocelli.ini edited.ini || fail "a change made away with what somebody edits"
cp good.ini ocelli.ini
ask remove sailboat >/dev/null || fail "remove"
until_true 10 sh -c "! grep -q sailboat ocelli.ini" || fail "the tag is still in the file"
gone() { ask tags | jq -en 'inputs | .tags | all(.tag != "sailboat")'; }
until_true 10 gone || fail "the tag is still answered"
diff ocelli.ini before.ini || fail "the file is not what it was"

if "$ocelli" query --json "coap://127.0.0.1:$((port + 1))" tags >answer 2>fault; then
    jq -en 'inputs | .tags | length == 2' answer >/dev/null || fail "CoAP: $(cat answer)"
    if command -v coap-client-openssl >/dev/null; then # the picture itself, block by block: ocelli still sees a sailboat in it
        timeout 20 coap-client-openssl -o frame.jpg "coap://127.0.0.1:$((port + 1))/frame"
        "$ocelli" tag -m "$model" --template "a photo of a {}." -t cat -t sailboat --json frame.jpg |
            jq -en 'inputs | .tags[0].tag == "sailboat"' >/dev/null || fail "CoAP: /frame is no picture of it"
    fi
else
    grep -q "not built in" fault || fail "CoAP: $(cat fault)"
fi
kill -TERM $daemon
wait $daemon || fail "exit code $?"
daemon=
test $failures -eq 0
