#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The conformance test and the clients against our own server: UDP, CoAP, DTLS, and a pair of ptys for the UART.
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 1
trap 'kill $pids 2>/dev/null; rm -rf "$work"' EXIT
failed=0
fail() { echo "FAIL $*"; failed=1; }

# Two ptys as the two ends of a wire.
cat >"$work/wire.py" <<'PY'
import os, pty, select, sys, tty
ends = [pty.openpty() for _ in range(2)]
junk, last = bytes.fromhex(sys.argv[3] if len(sys.argv) > 3 else ""), {}  # a half-duplex line gives it before each line
for (master, slave), link in zip(ends, sys.argv[1:]):
    tty.setraw(slave)
    os.symlink(os.ttyname(slave), link)
while True:
    for master in select.select([ends[0][0], ends[1][0]], [], [])[0]:
        data = os.read(master, 4096)
        if last.get(master, 10) in b"\r\n\xc0":
            data = junk + data
        last[master] = data[-1]
        os.write(ends[1][0] if master == ends[0][0] else ends[0][0], data)
PY
python3 "$work/wire.py" "$work/board" "$work/client" &
pids=$!
while [ ! -e "$work/client" ]; do sleep 0.05; done
(umask 077; echo "me:736573616d65736573616d6573657361" >"$work/psk"; head -c 20000 /dev/urandom >"$work/frame.jpg")
mkfifo "$work/in"
"$OCELLI_BUILD/tests/protocol_server" --serial "$work/board" --jpeg "$work/frame.jpg" --change 3000 \
    $(grep -q '^COAP_FOUND.*=1' "$OCELLI_BUILD/CMakeCache.txt" && echo --psk "$work/psk") <"$work/in" >"$work/ports" 2>"$work/said" &
server=$!
exec 3>"$work/in"
for i in $(seq 600); do [ -s "$work/ports" ] && break; sleep 0.1; done
read -r _ udp _ coap _ coaps <"$work/ports" || { cat "$work/said"; exit 1; }
ocelli=$OCELLI_BUILD/ocelli
client=$here/../../docs/clients/ocelli.py
wire=serial:$work/client

# More boards, which end with the test.
another() { # NAME ARGUMENT...: its ports are then in $work/NAME
    name=$1
    shift
    [ -p "$work/open" ] || { mkfifo "$work/open"; exec 4<>"$work/open"; }
    : >"$work/$name"
    "$OCELLI_BUILD/tests/protocol_server" "$@" <"$work/open" >"$work/$name" 2>/dev/null 3>&- 4>&- & pids="$pids $!"
    for i in $(seq 600); do [ -s "$work/$name" ] && break; sleep 0.1; done
}

# A board that is started anew while it is watched: how it went on is looked at in the end.
if [ "$coap" != 0 ]; then
    : >"$work/anew"
    another first --change 100
    first=$!
    read -r _ _ _ new _ <"$work/first"
    "$ocelli" watch --json "coap://127.0.0.1:$new" >"$work/anew" 2>"$work/anew.said" 3>&- 4>&- & pids="$pids $!"
    for i in $(seq 600); do [ "$(wc -l <"$work/anew")" -ge 30 ] && break; sleep 0.1; done
    kill $first
    wait $first 2>/dev/null
    another second --coap "$new" --change 3000
    before=$(wc -l <"$work/anew")
    restarted=$(date +%s)
fi

test "$coap" != 0 && more=coap://127.0.0.1:$coap
python3 "$here/conformance.py" --change "udp://127.0.0.1:$udp" "$wire" $more || failed=1

# A board that moderates: its events have verdicts, and its policies have events.
another judged --change 300 --verdicts 1
judge=$!
read -r _ judged _ judged_coap _ <"$work/judged"
sleep 1
also=
test "$judged_coap" = 0 || also=coap://127.0.0.1:$judged_coap
python3 "$here/conformance.py" "udp://127.0.0.1:$judged" $also || failed=1
timeout 3 "$ocelli" watch --json "udp://127.0.0.1:$judged" >"$work/watched" 2>/dev/null
jq -es 'map(select(.policy == "no dogs")) | length >= 2 and all(.action == "blur" and (.verdict == "blur") == (.state == "on"))
    and (map(.state) | unique) == ["off", "on"]' "$work/watched" >/dev/null || fail "policies: $(tail -n 4 "$work/watched")"
jq -es 'map(select(.tag)) | length >= 2 and all(.verdict == "blur" or .verdict == "clean")' "$work/watched" >/dev/null || fail "verdicts: $(tail -n 4 "$work/watched")"
kill $judge

# The clients give the same tags by every way.
ask() { "$@" 2>"$work/fault" || fail "$*: $(cat "$work/fault")"; }
want="dog"
for uri in "udp://127.0.0.1:$udp" "udp:localhost:$udp" "$wire" $more ${coaps:+$([ "$coaps" = 0 ] || echo "coaps://127.0.0.1:$coaps")}; do
    ask "$ocelli" query --psk "$work/psk" "$uri" tags | grep -q "^$want " || fail "query $uri tags"
    ask "$ocelli" query --psk "$work/psk" --json "$uri" tags | jq -en 'inputs | .tags | length == 4' >/dev/null || fail "query --json $uri"
    ask "$ocelli" query --psk "$work/psk" "$uri" set bird "a \"bird\" \\ here" "against=a wall" >/dev/null
    ask "$ocelli" query --psk "$work/psk" "$uri" prompts bird | grep -qxF 'a "bird" \ here' || fail "prompts by $uri"
    ask "$ocelli" query --psk "$work/psk" "$uri" remove bird >/dev/null
    "$ocelli" query --psk "$work/psk" "$uri" remove bird 2>/dev/null && fail "remove twice by $uri"
    timeout 5 "$ocelli" watch --psk "$work/psk" --json "$uri" >"$work/watched"
    jq -es 'map(select(.push == "change")) | length >= 1 and all(.n > 0 and .seq > 0)' "$work/watched" >/dev/null || fail "watch $uri: $(cat "$work/watched")"
done
python3 "$client" "$wire" tags | jq -en 'inputs | .ok and (.tags | length == 4)' >/dev/null || fail "ocelli.py serial"
python3 "$client" "udp://127.0.0.1:$udp" status | jq -en 'inputs | .ok' >/dev/null || fail "ocelli.py udp"
python3 "$client" "udp://127.0.0.1:$udp" nonsense 2>/dev/null && fail "ocelli.py takes an error for an answer"

# What a request may not hold is told before it is sent: a value with a line break would be two lines.
refused() { # WORDS COMMAND...: exit code 2, a line with WORDS
    words=$1
    shift
    timeout 60 "$@" >"$work/out" 2>"$work/fault"
    [ $? -eq 2 ] && [ ! -s "$work/out" ] && grep -q "$words" "$work/fault" && [ "$(wc -l <"$work/fault")" -eq 1 ] || fail "$*: $(cat "$work/fault")"
}
two=$(printf 'x\nremove cat\ny')
for uri in "udp://127.0.0.1:$udp" "$wire" $more; do
    refused "control character" "$ocelli" query "$uri" set bird "$two"
    refused "not UTF-8" "$ocelli" query "$uri" set bird "$(printf 'x\377')"
    refused "terse is for" "$ocelli" query "$uri" tags terse
    refused "at most 1024 bytes" "$ocelli" query "$uri" set "$(printf '%01300d' 0)" x
    ask "$ocelli" query "$uri" tags | grep -q "^cat " || fail "a line was put into a request by $uri"
done
python3 "$client" "$wire" set bird "$two" 2>&1 | grep -q "control character" || fail "ocelli.py sends control characters"
timeout 60 python3 "$client" "$wire" set bird "$(printf '%01100d' 0)" 2>&1 | grep -q "at most 1024 bytes" || fail "ocelli.py sends a long line"
python3 "$client" "$wire" tags terse x >/dev/null 2>"$work/fault" && fail "ocelli.py takes a terse error for an answer"
grep -q "usage" "$work/fault" || fail "ocelli.py: a terse error: $(cat "$work/fault")"

# Where nothing listens: who is told so does not wait for an answer.
for program in "$ocelli query" "python3 $client"; do
    timeout 60 $program udp://127.0.0.1:1 tags >/dev/null 2>"$work/fault"
    [ $? -eq 1 ] && grep -q "nothing listens there" "$work/fault" || fail "$program, a port that is not served: $(cat "$work/fault")"
done

# Noise that could begin a frame before a request on a wire.
at_once() { printf '\300' >"$work/client" && timeout 0.9 "$ocelli" query "$wire" ping >/dev/null 2>&1; }
n=0
until at_once || test $n -eq 20; do n=$((n + 1)); done # a busy machine may be slow now and then; sent again is slow each time
test $n -lt 20 || fail "a request behind 0xC0 has to be sent again"

# A line that turns round gives bytes before each line that nobody sent, in both directions.
for junk in 00 00fff8; do
    python3 "$work/wire.py" "$work/board$junk" "$work/client$junk" $junk 3>&- & pids="$pids $!"
    while [ ! -e "$work/client$junk" ]; do sleep 0.05; done
    another "junk$junk" --serial "$work/board$junk"
    [ "$(ask "$ocelli" query --json "serial:$work/client$junk" tags | jq '.tags | length')" -eq 4 ] || fail "tags behind $junk"
    ask "$ocelli" query "serial:$work/client$junk" set bird "a bird" >/dev/null || fail "a change behind $junk"
    timeout 2 "$ocelli" watch --json "serial:$work/client$junk" >"$work/out" 2>"$work/fault"
    [ $? -eq 124 ] || fail "watch behind $junk: $(cat "$work/fault")"
    ask python3 "$client" "serial:$work/client$junk" prompts bird | jq -en 'inputs | .values == ["a bird"]' >/dev/null || fail "ocelli.py behind $junk"
done

# More tags than a line holds, from one of them on; a search that takes longer than a client waits for other answers.
python3 "$work/wire.py" "$work/board2" "$work/client2" 3>&- & pids="$pids $!"
while [ ! -e "$work/client2" ]; do sleep 0.05; done
another many --serial "$work/board2" --search 2500
read -r _ many _ <"$work/many"
python3 - "$(dirname "$client")" "udp://127.0.0.1:$many" <<'PY' || fail "58 tags more"
import sys
sys.path.insert(0, sys.argv[1])
import ocelli
board = ocelli.Board(sys.argv[2])
for i in range(58):
    board.ask("set", "a tag with a name that takes much room %d" % i, "x%d" % i)
PY
for uri in "udp://127.0.0.1:$many" "serial:$work/client2"; do
    [ "$(ask "$ocelli" query "$uri" tags from 3 | wc -l)" -eq 59 ] || fail "tags from 3 of 62 by $uri"
    [ "$(ask "$ocelli" query --json "$uri" prompts from 60 | jq '.tags | length')" -eq 2 ] || fail "prompts from 60 by $uri"
    ask "$ocelli" query "$uri" search "red truck $uri" | grep -q "cat" || fail "a search of 2.5 s by $uri"
    ask python3 "$client" "$uri" search "a cat $uri" | jq -en 'inputs | .hits | length == 1' >/dev/null || fail "ocelli.py: a search of 2.5 s by $uri"
done
"$ocelli" query "udp://127.0.0.1:$many" search "a long one" >/dev/null & searcher=$!
sleep 0.3
"$ocelli" query "udp://127.0.0.1:$many" search "another" 2>"$work/fault" && fail "two searches at once"
grep -q "search: busy: another text" "$work/fault" || fail "a search beside another: $(cat "$work/fault")"
wait $searcher || fail "a search that another was asked beside"

# A board that is not ours: terminals are safe from it, and it may want a proof of everything.
cat >"$work/odd.py" <<'PY'
import json, re, socket, zlib
board, proved = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), set()
board.bind(("127.0.0.1", 0))
print(board.getsockname()[1], flush=True)
def send(to, text):
    board.sendto(b"%s*%08X\n" % (text, zlib.crc32(text)), to)
def say(to, **answer):
    send(to, json.dumps(answer, separators=(",", ":")).encode())
while True:
    data, client = board.recvfrom(2048)
    name, words = re.fullmatch(r"#(\S+) (.*)\*[0-9A-F]{8}\n", data.decode().replace('"', "")).groups()
    escape, terse = "\x1b[2J", "terse" in words
    if words == "ping 1a2b3c4d":
        proved.add(client)
        say(client, id=name, ok=True, pong="ocelli")
    elif client not in proved:
        send(client, b"#%s ERR prove 1a2b3c4d" % name.encode()) if terse else say(client, id=name, ok=False, error="prove", proof="1a2b3c4d")
    elif terse:
        send(client, b"#%s ERR limit" % name.encode())
    elif words == "status":
        say(client, id=name, ok=False, error="failed", message="its log" + escape)
    elif words == "help":
        say(client, id=name, ok=True, help="me", **{"k" + escape: escape})
    else:
        say(client, id=name, ok=True, tags=[{"tag": "a" + escape, "state": escape, "group": escape, "score": 0.5}])
        if words == "watch":
            say(client, id=name, push="change", n=1, tag=escape, state=escape)
PY
mkfifo "$work/odd"
python3 "$work/odd.py" >"$work/odd" 3>&- 4>&- & pids="$pids $!"
read -r odd <"$work/odd"
odd=udp://127.0.0.1:$odd
escape=$(printf '\033')
ask "$ocelli" query "$odd" tags >"$work/out"
grep -q '^a?\[2J *?\[2J *0.500 ?\[2J' "$work/out" || fail "escapes in a table: $(cat -v "$work/out")"
ask "$ocelli" query "$odd" help >>"$work/out"
timeout 2 "$ocelli" watch "$odd" >>"$work/out" 2>&1
grep -q ' ?\[2J *?\[2J$' "$work/out" || fail "escapes in a change: $(cat -v "$work/out")"
"$ocelli" query "$odd" status 2>"$work/fault" && fail "an error behind a proof is an answer"
grep -q 'status: failed: its log?' "$work/fault" || fail "an error behind a proof: $(cat -v "$work/fault")"
grep -q "$escape" "$work/out" "$work/fault" && fail "escapes reach the terminal"
python3 "$client" "$odd" tags terse >/dev/null 2>"$work/fault" && fail "ocelli.py: a terse error behind a proof"
grep -q limit "$work/fault" || fail "ocelli.py: a terse proof: $(cat "$work/fault")"

# A network that doubles datagrams and repeats old ones changes nothing that was not asked for; a key that is not the board's opens nothing.
if [ -n "$more" ]; then
    cat >"$work/again.py" <<'PY'
import select, socket, sys
board, far, old = ("127.0.0.1", int(sys.argv[1])), {}, []
near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
near.bind(("127.0.0.1", 0))
print(near.getsockname()[1], flush=True)
while True:
    for s in select.select([near, *far], [], [])[0]:
        data, client = s.recvfrom(4096)
        if s is not near:
            near.sendto(data, far[s])
            continue
        if client not in far.values():
            far[socket.socket(socket.AF_INET, socket.SOCK_DGRAM)], old = client, []
        old = (old + [data])[-20:]
        for again in [data, *old]:
            next(s for s in far if far[s] == client).sendto(again, board)
PY
    mkfifo "$work/again"
    python3 "$work/again.py" "$coaps" >"$work/again" 3>&- & pids="$pids $!"
    read -r again <"$work/again"
    over() { "$ocelli" query --psk "$work/psk" --json "coaps://127.0.0.1:$again" "$@" 2>"$work/fault" || fail "replays: $*: $(cat "$work/fault")"; }
    over set bird one >/dev/null
    over add bird two >/dev/null
    over prompts bird | jq -en 'inputs | .values == ["one", "two"]' >/dev/null || fail "replays change something"
    over remove bird >/dev/null
    over prompts | jq -en 'inputs | .tags | length == 4' >/dev/null || fail "a replay brings a tag back"
    (umask 077; echo "me:736573616d65736573616d6573657362" >"$work/wrong")
    timeout 60 "$ocelli" query --psk "$work/wrong" "coaps://127.0.0.1:$coaps" status >/dev/null 2>&1 && fail "a wrong key is taken"
    ask "$ocelli" query --psk "$work/psk" "coaps://127.0.0.1:$coaps" status >/dev/null
fi

# A foreign client, where it is installed.
if [ -n "$more" ] && command -v coap-client-openssl >/dev/null; then
    foreign() { timeout 60 coap-client-openssl "$@"; }
    for path in tags events prompts status .well-known/core; do foreign "$more/$path" | grep -q . || fail "coap-client $path"; done
    foreign -o "$work/got.jpg" "$more/frame"
    cmp -s "$work/got.jpg" "$work/frame.jpg" || fail "coap-client frame"
    foreign -u me -k sesamesesamesesa "coaps://127.0.0.1:$coaps/status" | jq -en 'inputs | .protocol' >/dev/null || fail "coap-client with a key"
    keyed() { foreign -u me -k sesamesesamesesa "$@"; }
    keyed -m put -e "a bird" "coaps://127.0.0.1:$coaps/prompts?tag=bird" >/dev/null
    keyed "coaps://127.0.0.1:$coaps/prompts?tag=bird" | jq -en 'inputs | .values == ["a bird"]' >/dev/null || fail "coap-client PUT"
    keyed -m delete "coaps://127.0.0.1:$coaps/prompts?tag=bird" >/dev/null
    keyed "coaps://127.0.0.1:$coaps/prompts?tag=bird" 2>&1 | grep -q 4.04 || fail "coap-client DELETE"
    keyed -B 4 -s 4 "coaps://127.0.0.1:$coaps/events" | grep -o '{"n":[0-9]*' | sort -u | wc -l | grep -qv '^1$' || fail "coap-client observes"
    foreign -B 2 -u me -k sesamesesamesesb "coaps://127.0.0.1:$coaps/status" 2>/dev/null | grep -q protocol && fail "a wrong key"
fi

if [ "$coap" != 0 ]; then
    while [ "$(wc -l <"$work/anew")" -le "$before" ] && [ $(($(date +%s) - restarted)) -lt 45 ]; do sleep 0.5; done
    tail -n +$((before + 1)) "$work/anew" | head -1 | jq -en 'inputs | .n < 10' >/dev/null || fail "watch coap: over a restart: $(tail -n 3 "$work/anew" "$work/anew.said")"
fi

exec 3>&-
wait $server || fail "the server ended with $?: $(cat "$work/said")"
grep -v -e "CoAP is not built in" -e "tags.ini:[0-9]*: on = " "$work/said" && fail "the server said this" # but for what the test asks it in vain
exit $failed
