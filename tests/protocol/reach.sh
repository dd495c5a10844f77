#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who is not of the board's own networks gets no byte from it, of lines, CoAP and DTLS: hosts are network namespaces. One host has an
# address on the board's link, and one that is routed there.
command -v python3 >/dev/null || { echo "SKIP: no python3"; exit 77; }
here=$(cd "$(dirname "$0")" && pwd)
board=ocelli-board-$$ host=ocelli-host-$$
work=$(mktemp -d) || exit 1
trap 'kill $server 2>/dev/null; ip netns del $board 2>/dev/null; ip netns del $host 2>/dev/null; rm -rf "$work"' EXIT
server=
{ ip netns add $board && ip netns add $host; } 2>"$work/said" || { echo "SKIP: no network namespaces: $(cat "$work/said")"; exit 77; }
failed=0
fail() { echo "FAIL $*"; failed=1; }
on_board() { ip netns exec $board "$@"; }
on_host() { ip netns exec $host "$@"; }

ip -n $board link add wire type veth peer name wire netns $host || { echo "SKIP: no virtual wire"; exit 77; }
for n in "$board 1" "$host 2"; do
    set -- $n
    ip -n "$1" link set lo up
    ip -n "$1" link set wire up
    ip -n "$1" address add 10.9.1.$2/24 dev wire
    ip -n "$1" address add fd00:9:1::$2/64 dev wire nodad
done
ip -n $host address add 10.77.0.1/32 dev lo
ip -n $host address add fd00:77::1/128 dev lo
ip -n $board route add 10.77.0.0/16 via 10.9.1.2
ip -n $board route add fd00:77::/64 via fd00:9:1::2

(umask 077; echo "me:736573616d65736573616d6573657361" >"$work/psk")
coap=$(grep '^COAP_FOUND.*=1' "$OCELLI_BUILD/CMakeCache.txt")
serve() { # WORD...: the server's arguments
    rm -f "$work/in" "$work/ports"
    mkfifo "$work/in"
    on_board "$OCELLI_BUILD/tests/protocol_server" ${coap:+--psk "$work/psk"} "$@" <"$work/in" >"$work/ports" & server=$!
    exec 3>"$work/in"
    for i in $(seq 600); do [ -s "$work/ports" ] && break; sleep 0.1; done
    read -r _ udp _ coap_port _ coaps_port <"$work/ports" || fail "the server does not begin"
}
ask() { on_host python3 "$here/stranger.py" "$1" "$2" "$udp" "$coap_port" "$coaps_port" >"$work/got"; }
answered() { # LEAST FROM TO
    ask "$2" "$3"
    test "$(cut -d: -f1 "$work/got" | sort -u | wc -l)" -ge "$1" || fail "$2 gets only $(cat "$work/got")"
}
silence() { # FROM TO
    ask "$1" "$2"
    test ! -s "$work/got" || fail "$1 gets $(cat "$work/got")"
}
end() {
    exec 3>&-
    wait $server || fail "the server ended with $?"
}
some=${coap:+15} # all of it

serve
answered "${some:-2}" 10.9.1.2 10.9.1.1
silence 10.77.0.1 10.9.1.1
answered "${some:-2}" fd00:9:1::2 fd00:9:1::1
silence fd00:77::1 fd00:9:1::1
# One who asks too fast is told, and its neighbour on the same link is served.
ip -n $host address add fd00:9:1::3/64 dev wire nodad
ip -n $host address add 10.9.1.3/24 dev wire
on_host python3 "$here/neighbour.py" fd00:9:1::1 "$udp" "$coap_port" fd00:9:1::2 fd00:9:1::3 || fail "neighbours on IPv6"
on_host python3 "$here/neighbour.py" 10.9.1.1 "$udp" "$coap_port" 10.9.1.2 10.9.1.3 || fail "neighbours on IPv4"
# A network that comes later counts within 10 s.
ip -n $board address add 10.77.0.2/16 dev wire
for i in 1 2 3 4 5 6 7 8; do sleep 1.5; ask 10.77.0.1 10.9.1.1; test -s "$work/got" && break; done
answered "${some:-2}" 10.77.0.1 10.9.1.1
end

serve --reach loopback
silence 10.9.1.2 10.9.1.1
silence fd00:9:1::2 fd00:9:1::1
end

ip -n $board address del 10.77.0.2/16 dev wire
ip -n $board route replace 10.77.0.0/16 via 10.9.1.2
serve --reach all
answered "${some:-2}" 10.77.0.1 10.9.1.1
answered "${some:-2}" fd00:77::1 fd00:9:1::1
end
exit $failed
