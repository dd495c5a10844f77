#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Pictures sent to be searched for, by curl and by a foreign CoAP client, and what people send who mean ill. The board is
# tests/protocol/server.c, which reads the picture as the daemon does.
set -u
command -v curl >/dev/null || { echo "SKIP: no curl"; exit 77; }
command -v jq >/dev/null || { echo "SKIP: no jq"; exit 77; }
command -v python3 >/dev/null || { echo "SKIP: no python3"; exit 77; }
grep -q '^WEB_FOUND:INTERNAL=1' "$OCELLI_BUILD/CMakeCache.txt" || { echo "SKIP: the page is not built in"; exit 77; }
work=$(mktemp -d) || exit 1
cd "$work" || exit 1
trap 'kill $pid 2>/dev/null; rm -rf "$work"' EXIT
failed=0
fail() { echo "FAILED: $1"; failed=1; }
picture=$OCELLI_SOURCE/tools/demo/pictures/cat.png
mkfifo in
"$OCELLI_BUILD/tests/protocol_server" --search 20 --web 0 <in >out 2>err &
pid=$!
exec 9>in
tries=0
until grep -q web out; do
    tries=$((tries + 1))
    test $tries -lt 400 || { cat err; exit 1; }
    sleep 0.05
done
coap=$(sed 's/.* coap \([0-9]*\) .*/\1/' out)
url=http://127.0.0.1:$(sed 's/.*web //' out)/api

# is STATUS ARGUMENT...: the body is in `got`
is() {
    want=$1
    shift
    c=$(curl -s -m 20 -o got -w '%{http_code}' "$@")
    test "$c" = "$want" || fail "$want expected, $c got: $* $(head -c 200 got)"
}
has() { jq -en "inputs | $1" got >/dev/null || fail "not $1: $(head -c 300 got)"; }
head -c 10000000 /dev/zero >big
head -c 3000 "$picture" >half
printf 'P6 16384 16384 255\n' >bomb
is 200 -T "$picture" "$url/search" && has '.hits[0].tags == "cat"'
is 200 -T "$picture" -H 'Content-Type: image/png' "$url/search?q=a+cat" && has '.hits | length == 1'
is 400 -T half "$url/search" && has '.message | startswith("the picture: ")'
sleep 1.1 # a fault is told again for a second
is 400 -T "$OCELLI_SOURCE/README.md" "$url/search" && has '.error == "usage" and (.message | contains("not a picture"))'
is 400 -X PUT "$url/search" && has '.error == "usage"'
is 413 -T big -H 'Expect:' "$url/search" && has '.error == "long"'
curl -s -m 20 -T big -H 'Transfer-Encoding: chunked' -H 'Expect:' "$url/search" >/dev/null # the connection ends
is 415 -T "$picture" -H 'Content-Type: application/json' "$url/search"
is 403 -T "$picture" -H 'Origin: http://evil.com' "$url/search"
curl -s -m 20 -T bomb "$url/search" >got
jq -en 'inputs | .error == "long" or .error == "usage"' got >/dev/null || fail "a bomb: $(cat got)"
# Four that send half of one, and no more: the fifth is told, the rest goes on.
python3 - "${url%/api}" <<'PYTHON' || fail "too many that send"
import socket, sys
host, port = sys.argv[1][7:].split(":")
def half():
    s = socket.create_connection((host, int(port)), 10)
    s.sendall(b"PUT /api/search HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n" + bytes(50000))
    return s
import time
kept = [half() for _ in range(4)]
time.sleep(0.3)
told = half()
answer = told.recv(4096)
assert b" 429 " in answer.split(b"\r\n")[0], answer
s = socket.create_connection((host, int(port)), 10)
s.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
assert b" 200 " in s.recv(4096)
PYTHON
tries=0
until is_free=$(curl -s -m 20 -o got -w '%{http_code}' -T "$picture" "$url/search") && test "$is_free" = 200; do
    tries=$((tries + 1))
    test $tries -lt 50 || { fail "those that left keep their places: $is_free"; break; }
    sleep 0.1
done

# --- CoAP ---

if grep -q 'coap 0' out; then
    test $failed -eq 0
    exit
fi
for client in coap-client-openssl coap-client-gnutls coap-client-notls coap-client ''; do command -v "$client" >/dev/null && break; done
if test -n "$client"; then
    for method in put fetch; do
        timeout 30 "$client" -m $method -f "$picture" "coap://127.0.0.1:$coap/search" >got 2>said
        has '.hits[0].tags == "cat"'
    done
    timeout 30 "$client" -m put -b 64 -f "$picture" "coap://127.0.0.1:$coap/search?q=cat" >got 2>said
    has '.hits[0].tags == "cat"'
    timeout 30 "$client" -m put -f big "coap://127.0.0.1:$coap/search" >got 2>said
    grep -q '4.13' said || fail "10 MB by CoAP: $(cat got said)"
    timeout 30 "$client" -m put -t 50 -f "$picture" "coap://127.0.0.1:$coap/search" >got 2>said
    grep -q '4.15' said || fail "JSON for a picture: $(cat got said)"
fi
python3 - "$coap" "$picture" <<'PYTHON' || fail "blocks by hand"
import socket, sys
port, picture = int(sys.argv[1]), open(sys.argv[2], "rb").read()
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("127.0.0.1", port)); s.settimeout(10)
mid = 0
def option(delta, value):
    d = bytes([13, delta - 13]) if delta >= 13 else bytes([delta])
    if delta >= 269: d = bytes([14]) + (delta - 269).to_bytes(2, "big")
    return bytes([d[0] << 4 | len(value)]) + d[1:] + value
def put(num, more, data, szx=6, tag=None):
    """The code of the answer; of a separate one the second message's."""
    global mid
    mid += 1
    block = num << 4 | more << 3 | szx
    m = bytes([0x42, 3]) + mid.to_bytes(2, "big") + mid.to_bytes(2, "big") + option(11, b"search") + option(16, block.to_bytes(3, "big"))
    if tag is not None: m += option(265, tag)
    s.send(m + b"\xff" + data)
    while True:
        a = s.recv(2048)
        if a[1] and a[4:6] == mid.to_bytes(2, "big"):
            if a[0] >> 4 & 3 == 0: s.send(bytes([0x60, 0]) + a[2:4])
            return (a[1] >> 5) * 100 + (a[1] & 31)
def check(got, want, what):
    assert got == want, (what, got, want)
blocks = [picture[i:i + 1024] for i in range(0, len(picture), 1024)]
last = len(blocks) - 1
assert last > 2
check(put(5, 1, bytes(1024)), 408, "no beginning")
check(put(0, 1, blocks[0]), 231, "the first")
check(put(2, 1, blocks[2]), 408, "a gap")
check(put(0, 1, blocks[0]), 231, "the first again")
check(put(1, 1, blocks[1][:100]), 400, "a block that is short")
check(put(1, 1, blocks[1], szx=7), 400, "a size that there is not")
check(put(1048575, 1, bytes(1024)), 413, "the last number that there is")
for tag in b"a", b"b": check(put(0, 1, blocks[0], tag=tag), 231, "two at once")
for n in range(1, last):
    for tag in b"a", b"b": check(put(n, 1, blocks[n], tag=tag), 231, f"two at once, block {n}")
for tag in b"a", b"b": check(put(last, 0, blocks[last], tag=tag), 204, "two at once, the end")
check(put(last, 0, blocks[last], tag=b"a"), 204, "its answer was lost")
PYTHON
is 200 "${url%/api}/healthz"
grep -q Sanitizer err && fail "$(cat err)"
test $failed -eq 0
