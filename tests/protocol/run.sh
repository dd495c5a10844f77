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
for (master, slave), link in zip(ends, sys.argv[1:]):
    tty.setraw(slave)
    os.symlink(os.ttyname(slave), link)
while True:
    for master in select.select([ends[0][0], ends[1][0]], [], [])[0]:
        data = os.read(master, 4096)
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
for i in 1 2 3 4 5 6 7 8 9 10; do [ -s "$work/ports" ] || sleep 0.3; done
read -r _ udp _ coap _ coaps <"$work/ports" || { cat "$work/said"; exit 1; }
ocelli=$OCELLI_BUILD/ocelli
wire=serial:$work/client

test "$coap" != 0 && more=coap://127.0.0.1:$coap
python3 "$here/conformance.py" --change "udp://127.0.0.1:$udp" "$wire" $more || failed=1

# The clients give the same tags by every way.
ask() { "$@" 2>"$work/fault" || fail "$*: $(cat "$work/fault")"; }
want="dog"
for uri in "udp://127.0.0.1:$udp" "udp:localhost:$udp" "$wire" $more ${coaps:+$([ "$coaps" = 0 ] || echo "coaps://127.0.0.1:$coaps")}; do
    ask "$ocelli" query --psk "$work/psk" "$uri" tags | grep -q "^$want " || fail "query $uri tags"
    ask "$ocelli" query --psk "$work/psk" --json "$uri" tags | jq -e '.tags | length == 4' >/dev/null || fail "query --json $uri"
    ask "$ocelli" query --psk "$work/psk" "$uri" set bird "a \"bird\" \\ here" "against=a wall" >/dev/null
    ask "$ocelli" query --psk "$work/psk" "$uri" prompts bird | grep -qxF 'a "bird" \ here' || fail "prompts by $uri"
    ask "$ocelli" query --psk "$work/psk" "$uri" remove bird >/dev/null
    "$ocelli" query --psk "$work/psk" "$uri" remove bird 2>/dev/null && fail "remove twice by $uri"
    timeout 5 "$ocelli" watch --psk "$work/psk" --json "$uri" >"$work/watched"
    jq -es 'map(select(.push == "change")) | length >= 1 and all(.n > 0 and .seq > 0)' "$work/watched" >/dev/null || fail "watch $uri: $(cat "$work/watched")"
done
python3 "$here/../../docs/clients/ocelli.py" "$wire" tags | jq -e '.ok and (.tags | length == 4)' >/dev/null || fail "ocelli.py serial"
python3 "$here/../../docs/clients/ocelli.py" "udp://127.0.0.1:$udp" status | jq -e .ok >/dev/null || fail "ocelli.py udp"
python3 "$here/../../docs/clients/ocelli.py" "udp://127.0.0.1:$udp" nonsense 2>/dev/null && fail "ocelli.py takes an error for an answer"

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
    over prompts bird | jq -e '.values == ["one", "two"]' >/dev/null || fail "replays change something"
    over remove bird >/dev/null
    over prompts | jq -e '.tags | length == 4' >/dev/null || fail "a replay brings a tag back"
    (umask 077; echo "me:736573616d65736573616d6573657362" >"$work/wrong")
    timeout 20 "$ocelli" query --psk "$work/wrong" "coaps://127.0.0.1:$coaps" status >/dev/null 2>&1 && fail "a wrong key is taken"
    ask "$ocelli" query --psk "$work/psk" "coaps://127.0.0.1:$coaps" status >/dev/null
fi

# A foreign client, where it is installed.
if [ -n "$more" ] && command -v coap-client-openssl >/dev/null; then
    foreign() { timeout 10 coap-client-openssl "$@"; }
    for path in tags events prompts status .well-known/core; do foreign "$more/$path" | grep -q . || fail "coap-client $path"; done
    foreign -o "$work/got.jpg" "$more/frame"
    cmp -s "$work/got.jpg" "$work/frame.jpg" || fail "coap-client frame"
    foreign -u me -k sesamesesamesesa "coaps://127.0.0.1:$coaps/status" | jq -e .protocol >/dev/null || fail "coap-client with a key"
    keyed() { foreign -u me -k sesamesesamesesa "$@"; }
    keyed -m put -e "a bird" "coaps://127.0.0.1:$coaps/prompts?tag=bird" >/dev/null
    keyed "coaps://127.0.0.1:$coaps/prompts?tag=bird" | jq -e '.values == ["a bird"]' >/dev/null || fail "coap-client PUT"
    keyed -m delete "coaps://127.0.0.1:$coaps/prompts?tag=bird" >/dev/null
    keyed "coaps://127.0.0.1:$coaps/prompts?tag=bird" 2>&1 | grep -q 4.04 || fail "coap-client DELETE"
    keyed -B 4 -s 4 "coaps://127.0.0.1:$coaps/events" | grep -o '{"n":[0-9]*' | sort -u | wc -l | grep -qv '^1$' || fail "coap-client observes"
    foreign -B 2 -u me -k sesamesesamesesb "coaps://127.0.0.1:$coaps/status" 2>/dev/null | grep -q protocol && fail "a wrong key"
fi

exec 3>&-
wait $server || fail "the server ended with $?: $(cat "$work/said")"
grep -v -e "CoAP is not built in" -e "tags.ini:[0-9]*: on = " "$work/said" && fail "the server said this" # but for what the test asks it in vain
exit $failed
