#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A board at a real broker: states, events, pictures, discovery and commands; a broker that goes and comes, that refuses, and one that
# hangs. ROUNDS=50: the broker is killed and started so often (make soak-mqtt).
set -u
. "$OCELLI_SOURCE/tests/e2e/tools/daemon.sh"
PATH=$PATH:/usr/sbin
command -v mosquitto >/dev/null && command -v mosquitto_sub >/dev/null || skip "no mosquitto, or no mosquitto-clients"
port=$((20000 + $$ % 12000))
mkdir seen
broker= listener=
trap 'kill -9 $broker $listener $daemon 2>/dev/null; rm -rf "$work"' EXIT

broker_start() {
    printf 'user root\nlistener %d 127.0.0.1\n%s\n' $port "${1:-allow_anonymous true}" >broker.conf
    mosquitto -c broker.conf >>broker.log 2>&1 & broker=$!
    tries=200
    until mosquitto_pub -p $port ${login:-} -t up -m 1 2>/dev/null; do
        tries=$((tries - 1))
        test $tries -gt 0 || { echo "FAILED: the broker does not start: $(cat broker.log)"; exit 1; }
        sleep 0.05
    done
}
broker_end() { kill -9 $broker; wait $broker 2>/dev/null; broker=; }
listen() { mosquitto_sub -p $port -t 'try/#' -t 'homeassistant/#' -T try/image -v >heard 2>/dev/null & listener=$!; }
# kept TOPIC: what the broker keeps there
kept() { timeout 1 mosquitto_sub -p $port -t "$1" --retained-only -C 1 2>/dev/null; }
kept_is() { test "$(kept "$1")" = "$2"; }
heard() { grep -q -e "$1" heard; }
say() { mosquitto_pub -p $port -t "try/$1" -m "$2"; }

cat >ocelli.ini <<INI
template = a photo of a {}.
[run]
model = $model
rate = 0
motion = 0
[source]
uri = files:seen
[mqtt]
host = 127.0.0.1
port = $port
prefix = try
every = 1
[defaults]
on = 0.3
smooth = 0
min_on = 0
min_off = 0
[tag cat]
[tag sailboat]
[tag Ä/+# "b"]
prompt = a pizza
INI

name="the broker is not there at the start"
start
until_true 20 grep -q "MQTT broker 127.0.0.1:$port: Connection refused; it is tried again" err || fail "$name: not told"

name="states, an event and its picture"
broker_start
listen
until_true 20 heard '^try/availability online$' || fail "$name: not online"
show cat 1
until_true 20 kept_is try/tag/cat/state ON || fail "$name: the cat is not on: $(kept try/tag/cat/state)"
until_true 10 kept_is try/tag/sailboat/state OFF || fail "$name: the sailboat is not off"
until_true 10 heard '^try/event {"event_type":"on",.*"tag":"cat"' || fail "$name: no event"
kept try/tag/cat/values | jq -en 'inputs | .tag == "cat" and .state == "on" and .margin > 0.05' >/dev/null || fail "$name: its values"
mosquitto_sub -p $port -t try/image --retained-only -C 1 -W 5 -N >picture.jpg
head -c 3 picture.jpg | od -An -tx1 | grep -q 'ff d8 ff' || fail "$name: no picture"
board_good() { kept try/board | jq -en 'inputs | .pictures >= 1 and .paused == "no" and (.faults | length == 0)'; }
until_true 10 board_good || fail "$name: the board: $(kept try/board)"

name="the discovery"
topic=$(sed -n 's/^\(homeassistant[^ ]*\) .*/\1/p' heard | head -n 1)
kept "$topic" >found.json
jq -en 'inputs | .cmps.tag_cat.p == "binary_sensor" and .cmps.tag_cat.stat_t == "try/tag/cat/state" and .avty_t == "try/availability" and .o.name' \
    found.json >/dev/null || fail "$name: $(cut -c 1-300 found.json)"
jq -en 'inputs | [.cmps[] | .uniq_id] | length == (unique | length)' found.json >/dev/null || fail "$name: two of one name"
odd=$(jq -r '.cmps | keys[] | select(startswith("tag_")) | ltrimstr("tag_")' found.json | grep -v -e '^cat$' -e '^sailboat$')
echo "$odd" | grep -qx '[A-Za-z0-9_-]*' || fail "$name: the odd tag's id: $odd"

name="commands"
say "set/tag/$odd/prompt" 'a "pizza"'
until_true 20 kept_is "try/tag/$odd/prompt" 'a "pizza"' || fail "$name: the odd tag's prompt: $(kept "try/tag/$odd/prompt")"
grep -qx 'prompt = a "pizza"' ocelli.ini || fail "$name: not in the file"
say set/tag/cat/on 0.9
until_true 20 grep -qx 'on = 0.9' ocelli.ini || fail "$name: a threshold is not in the file"
shown=1
cat_is_off() { show cat $((shown = shown + 1)); sleep 0.5; kept_is try/tag/cat/state OFF; }
until_true 1 cat_is_off || fail "$name: a threshold"
say set/pause ON
until_true 20 heard '^try/board .*"paused":"yes"' || fail "$name: pause"
say set/pause OFF
say set/tag/cat/on 0.3
say request '#a7 tags terse'
until_true 20 heard '^try/answer #a7 TAGS ' || fail "$name: a line"
say set/add '"a red ball"'
until_true 20 kept_is try/tag/a_red_ball/state None || fail "$name: add"
show cat $((shown = shown + 1))
until_true 20 kept_is try/tag/a_red_ball/state OFF || fail "$name: add, and a picture"
say set/remove '"a red ball"'
gone() { test -z "$(kept try/tag/a_red_ball/state)" && ! kept "$topic" | grep -q red_ball; }
until_true 20 gone || fail "$name: the tag that was removed is still there"
grep "^$topic " heard | grep -q '"tag_a_red_ball":{"p":"binary_sensor"}' || fail "$name: its entities are not removed"
for line in 'set/tag/none/on 1' 'set/nonsense 1' 'set/pause perhaps' 'set/tag/cat/colour red' 'request tell me' 'set/tag/cat/on much'; do
    before=$(grep -c '^try/answer .*"ok":false' heard)
    say "${line%% *}" "${line#* }"
    refused() { test "$(grep -c '^try/answer .*"ok":false' heard)" -gt "$before"; }
    until_true 20 refused || fail "$name: $line is not refused"
done
mosquitto_pub -p $port -t try/request -n # an empty line has no answer
for empty in set/add set/set set/remove set/pause set/tag/cat/prompt; do
    before=$(grep -c '^try/answer .*"ok":false' heard)
    mosquitto_pub -p $port -t "try/$empty" -n
    refused() { test "$(grep -c '^try/answer .*"ok":false' heard)" -gt "$before"; }
    until_true 20 refused || fail "$name: $empty without a word is not refused"
done
mosquitto_pub -p $port -t try/set/pause -m ON -r # is given to nobody who is there as kept; but to who comes later
until_true 20 heard '^try/board .*"paused":"yes"' || fail "$name: kept, as it comes"
say set/pause OFF

name="Home Assistant begins anew"
before=$(grep -c "^$topic " heard)
mosquitto_pub -p $port -t homeassistant/status -m online
again() { test "$(grep -c "^$topic " heard)" -gt "$before"; }
until_true 20 again || fail "$name: no discovery"

name="the broker goes and comes"
round=0
while [ $round -lt "${ROUNDS:-2}" ]; do
    round=$((round + 1))
    was=$(kept try/tag/cat/state)
    broker_end
    case $was in ON) picture=sailboat now=OFF ;; *) picture=cat now=ON ;; esac
    show $picture round-$round
    broker_start
    until_true 90 kept_is try/tag/cat/state $now || fail "$name, $round: the cat's state is $(kept try/tag/cat/state), not $now"
    kept_is try/availability online || fail "$name, $round: $(kept try/availability)"
    grep -q "MQTT broker 127.0.0.1:$port: connected again, after [0-9]* s" err || fail "$name, $round: that it is back is not told: $(cat err)"
done
kill $listener
listen
told=$(grep -c 'it is tried again' err)
test "$told" -ge 2 && test "$told" -le $((${ROUNDS:-2} + 1)) || fail "$name: told $told times" # the same line again is held back

name="what the broker keeps is no command"
mosquitto_pub -p $port -t try/set/pause -m ON -r
until_true 20 heard '^try/board .*"paused":"yes"' || fail "$name"
say set/pause OFF
kill -9 $daemon; wait $daemon 2>/dev/null
until_true() { # without a daemon
    tries=$(($1 * 60)); shift
    until "$@" >/dev/null 2>&1; do tries=$((tries - 1)); test $tries -gt 0 || return 1; sleep 0.05; done
}
until_true 20 kept_is try/availability offline || fail "its last will is $(kept try/availability)"
sed -i 's/^\[tag sailboat\]/[tag boat]/' ocelli.ini
start
until_true 20 grep -q "try/set/pause: a command that the broker keeps is not carried out" err || fail "$name: not told"
until_true 20 kept_is try/tag/boat/state None || fail "$name: the new tag, before the first picture"
kept try/tag/boat/values | jq -en 'inputs | .state == "unknown"' >/dev/null || fail "$name: values of the new tag, before the first picture: $(kept try/tag/boat/values)"
show cat first
until_true 20 kept_is try/tag/boat/state OFF || fail "$name: the new tag"
name="a tag that went while the daemon was not there"
left() { kept "$topic" | grep -q sailboat || test -n "$(kept try/tag/sailboat/state)"; }
until_true 20 sh -c "! timeout 2 mosquitto_sub -p $port -t '$topic' --retained-only -C 1 | grep -q sailboat" || fail "$name: it is still in the discovery"
left && fail "$name: it is still there"
stop TERM
kept_is try/availability offline || fail "after SIGTERM it is $(kept try/availability)"

name="a broker that hangs"
start
until_true 20 kept_is try/availability online || fail "$name: not online"
kill -STOP $broker
stop TERM
kill -CONT $broker

name="a user and a password"
broker_end
mosquitto_passwd -b -c passwords board secret 2>/dev/null
login="-u board -P secret"
broker_start "allow_anonymous false
password_file $work/passwords"
sed -i 's/^prefix = try/prefix = try\nuser = board\npassword = key/' ocelli.ini
echo wrong >key; chmod 644 key
"$ocelli" run -c ocelli.ini --for 1 >out 2>err && fail "$name: a password that all can read is taken"
grep -q "key: others may read or change the password: chmod 600" err || fail "$name: $(cat err)"
chmod 600 key
start
until_true 20 grep -q "MQTT broker 127.0.0.1:$port: Connection Refused" err || fail "$name: a wrong one: $(cat err)"
echo secret >key
stop TERM
start
until_true 20 grep -q "MQTT broker 127.0.0.1:$port: connected" err || fail "$name: the right one: $(cat err)"
stop TERM

# Each fault is one line, and the board goes on; a CA of the test's own.
name="TLS"
broker_end
make_tls() {
    for ca in ca wrong; do openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $ca.key -out $ca.pem -days 2 -subj /CN=$ca || return; done
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -subj /CN=localhost || return
    echo subjectAltName=DNS:localhost >san
    for days in 2 -1; do openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days $days -extfile san -out server$days.pem || return; done
}
make_tls 2>tls.log || fail "$name: no certificates: $(cat tls.log)"
sed -i '/^user = board/d; /^password = key/d' ocelli.ini
tls_broker() { login="--cafile ca.pem --insecure" broker_start "allow_anonymous true
cafile $work/ca.pem
certfile $work/$1
keyfile $work/server.key"; }
# tls HOST CA WORDS: what is told of the broker
tls() {
    sed "s/^host = .*/host = $1\ntls = yes\nca = $2/" ocelli.ini >tls.ini
    start tls.ini
    until_true 20 grep -q "MQTT broker $1:$port: $3" err || fail "$name: $1 with $2: not \"$3\": $(cat err)"
    stop TERM
    test "$(grep -c "MQTT broker $1" err)" -le 2 || fail "$name: $1 with $2: told again and again" # the start's line names it too
}
tls_broker server2.pem
tls localhost ca.pem 'connected'
tls localhost wrong.pem 'TLS: its certificate is of another CA, or out of date; it is tried again'
tls 127.0.0.1 ca.pem 'TLS: its certificate is for another host name; it is tried again'
tls localhost ocelli.ini 'TLS: the file of ca holds no certificate in PEM; it is tried again'
broker_end
sed -i 's/server2.pem/server-1.pem/' broker.conf # mosquitto_pub would not believe it either
mosquitto -c broker.conf >>broker.log 2>&1 & broker=$!
tls localhost ca.pem 'TLS: its certificate is of another CA, or out of date; it is tried again'

name="what the ini may say"
refuses() {
    sed "s|^prefix = try|$1|" ocelli.ini >bad.ini
    "$ocelli" run -c bad.ini --for 1 >out 2>err && fail "$name: $1 is taken"
    grep -q "$2" err || fail "$name: $1: $(cat err)"
    "$ocelli" check -c bad.ini >out 2>err && fail "$name: check takes $1"
    grep -q "$2" out || fail "$name: check, $1: $(cat out)"
}
refuses 'prefix = a/+/b' 'prefix = a/+/b: give 1 to 128 bytes without'
refuses 'prefix = a/' 'and no / at its ends'
refuses 'ca = none.pem' 'ca: it is for tls = yes'
refuses 'every = 0' 'every = "0": expected a number from 0.1'
sed '/^host = /d' ocelli.ini >bad.ini
"$ocelli" check -c bad.ini >out 2>&1 && fail "$name: no host"
grep -q "\[mqtt\] has no broker: write host = NAME too" out || fail "$name: no host: $(cat out)"
exit $failures
