#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The web page and its API with curl: requests, access, and what people send who mean ill. The board is tests/protocol/server.c.
set -u
command -v curl >/dev/null || { echo "SKIP: no curl"; exit 77; }
command -v jq >/dev/null || { echo "SKIP: no jq"; exit 77; }
grep -q '^WEB_FOUND:INTERNAL=1' "$OCELLI_BUILD/CMakeCache.txt" || { echo "SKIP: the page is not built in"; exit 77; }
work=$(mktemp -d) || exit 1
cd "$work" || exit 1
pids='' p=''
trap 'for p in $pids; do kill -9 $p 2>/dev/null; done; rm -rf "$work"' EXIT
failed=0
fail() { echo "FAILED: $1"; failed=1; }
server=$OCELLI_BUILD/tests/protocol_server
json='Content-Type: application/json'

# board NAME OPTION...: sets url and pid
board() {
    name=$1
    shift
    mkfifo "$name.in"
    "$server" --change 400 --jpeg "$OCELLI_SOURCE/tests/golden/pictures/422.jpg" --search 100 --web 0 "$@" <"$name.in" >"$name.out" 2>"$name.err" &
    pid=$!
    pids="$pids $pid"
    exec 9>"$name.in"
    tries=0
    until grep -q web "$name.out" 2>/dev/null; do
        tries=$((tries + 1))
        test $tries -lt 400 || { cat "$name.err"; exit 1; }
        sleep 0.05
    done
    port=$(sed 's/.*web //' "$name.out")
    url=http://127.0.0.1:$port
}
# code ARGUMENT...: the status; the body is in `got`
code() { curl -s -m $((20 * ${SLOWER:-1})) -o got -w '%{http_code}' "$@"; }
is() { # STATUS ARGUMENT...
    want=$1
    shift
    c=$(code "$@")
    test "$c" = "$want" || fail "$want expected, $c got: $* $(head -c 200 got)"
}
has() { jq -en "inputs | $1" got >/dev/null || fail "not $1: $(head -c 300 got)"; }

# --- requests ---

board open
tags=$url/api/prompts
is 200 "$url/healthz" && has .ok
is 200 "$url/" && grep -q '<title>ocelli' got && grep -q '^<html lang="en" data-session="open">$' got || fail "no page"
is 200 "$url/api/tags" && has '.count == 4 and (.tags[0].state == "on")'
is 200 "$url/api/tags?from=3" && has '.tags | length == 1'
is 200 -X POST -H "$json" -d '{"values":["a big cat","against=a wall"]}' "$tags?tag=cat" && has '.version == 2'
is 200 "$tags?tag=cat" && has '.values == ["cat","a big cat","against=a wall"]'
is 200 -X PUT -H "$json" -d '{"values":["<b>bold</b> &\u00e9","on=0.2"]}' "$tags?tag=%3Cscript%3E" && has '.version == 3'
is 200 "$tags?tag=%3Cscript%3E" && has '.values == ["<b>bold</b> &é","on=0.2"]'
is 200 -X DELETE "$tags?tag=cat&value=a+big+cat&value=against%3Da%20wall"
is 200 "$tags?tag=cat" && has '.values == ["cat"]'
is 200 -X DELETE "$tags?tag=%3Cscript%3E"
# More connections that stay open than an address may have: each is answered.
python3 - "$port" <<'PY' || fail "a connection is refused where others are idle"
import http.client, sys
kept = []
for _ in range(90):
    kept.append(http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=60))
    kept[-1].request("GET", "/healthz")
    answer = kept[-1].getresponse()
    assert answer.status == 200 and answer.read()
PY
is 404 "$tags?tag=%3Cscript%3E" && has '.error == "none"'
is 200 "$url/api/search?q=a+cat" && has '.hits[0].tags == "cat"'
is 200 "$url/api/status" && has '.program != null and .faults == []'
is 200 "$url/api/events" && has '.events | length > 0'
is 200 "$url/api/changes" && has '.changes[0].n == .n and (.changes[0].time | type == "number")'
is 200 "$url/api/frame" && cmp -s got "$OCELLI_SOURCE/tests/golden/pictures/422.jpg" || fail "another frame"
is 200 "$url/api/log" && has '.lines | type == "array"'
is 200 "$url/metrics" && grep -q '^ocelli_tag_on{tag="cat"} [01]$' got && grep -q '^ocelli_frames_total [0-9]' got || fail "metrics"
is 200 "$url/openapi.json" && has '.openapi and (.paths | keys | length > 10)'
is 200 "$url/api/session" && has '.password == false and .in'
# Each path of the description is there, and each of the program's is described, but for streams and the page.
for path in $(jq -r '.paths | keys[]' "$OCELLI_SOURCE/runtime/serve/openapi.json"); do
    c=$(code -X POST "$url$path")
    test "$c" != 404 || fail "$path is described and not there"
done
sed -n 's/^    {"\([^"]*\)", SERVE_\([A-Z]*\).*/\1 \2/p' "$OCELLI_SOURCE/runtime/serve/web_pages.c" | while read -r path method; do
    case $path in / | /icon.svg | /openapi.json | /api/stream | /api/video) continue ;; esac
    jq -en --arg p "$path" --arg m "$(echo "$method" | tr A-Z a-z)" 'inputs | .paths[$p][$m]' "$OCELLI_SOURCE/runtime/serve/openapi.json" >/dev/null || echo "$path $method"
done >missing
test ! -s missing || fail "not described: $(cat missing)"

# --- what follows states ---

# Each goes on until all of them have told enough, however long that takes.
: >stream; : >second; : >video
curl -s -N -m 120 "$url/api/stream" >stream & followers=$!
curl -s -N -m 120 "$url/api/stream" >second & followers="$followers $!"
curl -s -N -m 120 "$url/api/video" >video & followers="$followers $!"
pids="$pids $followers"
shared() { grep '^data: {.*"tags":' second | grep -cxFf - stream; }
enough() {
    together=$(shared) ids=$(grep -c '^id: ' stream) pictures=$(grep -ac '^--ocelli-frame' video)
    test "${together:-0}" -ge 2 && test "${ids:-0}" -ge 3 && test "${pictures:-0}" -ge 3
}
tries=0
until enough; do
    tries=$((tries + 1))
    test $tries -lt 500 || break
    sleep 0.1
done
kill $followers
wait $followers 2>/dev/null
test "$(shared)" -ge 2 || fail "two streams have $(shared) tellings of tags in common"
grep -q '^event: change$' stream && grep -q '^event: tags$' stream && grep -q '^id: [0-9]*$' stream || fail "the stream tells nothing"
sed -n 's/^data: //p' stream | sed '$d' | jq -se 'length > 2' >/dev/null || fail "the stream's data are no JSON"
sed -n 's/^id: //p' stream | awk 'NR > 1 && $1 != last + 1 { exit 1 } { last = $1 }' || fail "the stream lost a change"
test "$(grep -ac '^--ocelli-frame' video)" -ge 3 || fail "no video"

# --- wrong ones ---

is 404 "$url/api/nothing"
is 404 --path-as-is "$url/../../etc/passwd"
is 404 --path-as-is "$url/api/..%2f..%2fetc%2fpasswd"
is 404 "$url/api/tags/"
is 405 -X POST "$url/api/tags" && has '.error == "verb"'
is 405 -X PATCH "$url/api/prompts"
is 400 "$url/api/tags?x=1"
is 400 "$url/api/tags?from=x"
is 400 "$tags?tag=a&tag=b"
is 400 -X DELETE "$tags"
is 400 "$url/api/thumbnail?n=x"
is 404 "$url/api/thumbnail?n=99999999999999999999"
is 400 "$url/api/search?q="
is 415 -X PUT -d '{"values":["x"]}' "$tags?tag=x"
is 415 -X PUT -H 'Content-Type: text/plain' -d '{"values":["x"]}' "$tags?tag=x"
for body in '' '{' '[]' '{"values":[1]}' '{"values":["a"],"path":"/etc/passwd"}' '{"values":["smoth=0"]}' '{"values":["example=/etc/passwd"]}'; do
    is 400 -X PUT -H "$json" -d "$body" "$tags?tag=x"
done
head -c 10000000 /dev/zero | tr '\0' '[' >big
is 413 -X PUT -H "$json" --data-binary @big "$tags?tag=x"
# A client that does not wait for leave may still send when the connection ends, and then lose the answer (000), but not each time.
for _ in 1 2 3 4 5 6 7 8 9 10; do
    c=$(code -X PUT -H "$json" -H 'Expect:' --data-binary @big "$tags?tag=x")
    test "$c" = 000 || break
done
test "$c" = 413 || fail "413 expected, $c got, by a client that does not wait for leave"
code -X PUT -H "$json" -H 'Transfer-Encoding: chunked' --data-binary @big "$tags?tag=x" >/dev/null # the connection ends
is 200 "$url/healthz"
is 404 "$tags?tag=x"
is 421 -H 'Host: evil.com' "$url/api/tags"
is 421 -H 'Host: 127.0.0.1.evil.com' "$url/"
is 403 -X DELETE -H 'Origin: http://evil.com' "$tags?tag=cat"
is 403 -X DELETE -H 'Origin: null' "$tags?tag=cat"
is 403 -X DELETE -H 'Sec-Fetch-Site: cross-site' "$tags?tag=cat"
is 403 -H 'Sec-Fetch-Site: cross-site' -H 'Sec-Fetch-Mode: no-cors' "$url/api/frame"
is 200 -H 'Sec-Fetch-Site: cross-site' -H 'Sec-Fetch-Mode: navigate' "$url/"
is 200 "$tags?tag=cat"
# An address that is none, and requests whose end or host two readers may see at different places: a line each, and the connection ends.
is 400 "$url/api/tags%00.html" && has '.error == "usage"'
is 400 "$url/api/tags?from=1%00"
for n in 65 800 2000; do
    many=$(awk -v n=$n 'BEGIN { while (n--) printf "a=%d&", n }')
    is 400 "$url/api/tags?${many}from=1" && has '.message == "too many parameters"'
done
for length in 'Content-Length: 0' 'Content-Length: 7' 'Transfer-Encoding: chunked'; do
    is 400 -X PUT -H "$json" -H 'Content-Length: 0' -H "$length" "$tags?tag=x" && has '.message | startswith("its end is told twice")'
done
is 400 -H 'Transfer-Encoding: gzip, chunked' "$url/api/tags"
is 400 -H 'Content-Length : 0' "$url/api/tags"
raw() { printf "$1" | curl -s -m 5 "telnet://127.0.0.1:$port" >got; } # curl would not send it so
raw 'GET /api/tags HTTP/1.1\r\nHost: localhost\r\nHost: 127.0.0.1\r\n\r\n'
grep -q '^HTTP/1.1 400' got && grep -q '"two lines of Host"' got || fail "two lines of Host: $(cat got)"
raw 'GET /api/tags HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 40\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'
test "$(grep -c '^HTTP/1.1' got)" = 1 || fail "a request within a request: $(cat got)"
# One that is refused leaves the connection to the next.
test "$(curl -s -o got -o got -w '%{num_connects} ' "$url/api/nothing" "$url/healthz")" = '1 0 ' || fail "a refused request ends its connection"
# The page's own scheme: another one may be a proxy's, for a name that is given.
is 403 -X DELETE -H "Origin: https://127.0.0.1:$port" "$tags?tag=none"
is 404 -X DELETE -H "Origin: http://127.0.0.1:$port" "$tags?tag=none"
curl -s -D heads -o page "$url/"
grep -qi "^content-security-policy: default-src 'none'; script-src 'sha256-" heads || fail "no policy"
grep -qi 'unsafe' heads && fail "the policy lets anything in"
hash=$(sed -n '/^<script>$/,/^<\/script>$/p' page | sed '1d;$d' | { printf '\n'; cat; } | openssl dgst -sha256 -binary | openssl base64)
grep -qF "'sha256-$hash'" heads || fail "the policy's hash is not the script's: $hash"
grep -Eo '(src|href)="[^"]*"|https?://[a-z.]*' page | grep -v '"[/#]' && fail "the page names another host"
c=$(code -H 'Host:' "$url/healthz")
case $c in 4??) ;; *) fail "a request without a host: $c" ;; esac

# --- the password ---

printf 'correct horse\n' | "$OCELLI_BUILD/ocelli" password secret || fail "no password was made"
test "$(stat -c %a secret)" = 600 || fail "the password's file can be read"
grep -q 'correct' secret && fail "the password stands in its file"
printf 'short\n' | "$OCELLI_BUILD/ocelli" password secret 2>err && fail "a short password"
test "$(wc -l <err)" -eq 1 || fail "a short password: not one line"
chmod 644 secret
"$server" --web 0 --password secret </dev/null >/dev/null 2>err && fail "a password that others may read is taken"
grep -q 'chmod 600' err || fail "the mode is not told: $(cat err)"
chmod 600 secret
board locked --password "$work/secret" --host cam.example
is 401 "$url/api/tags" && has '.error == "denied"'
is 401 "$url/metrics"
is 401 "$url/api/frame"
curl -s -m 20 -o /dev/null -D heads "$url/api/frame"; grep -qi '^www-authenticate: basic' heads || fail "$name: a program is not told how to log in"
curl -s -m 20 -o /dev/null -D heads -H 'Accept-Language: en' "$url/api/frame"; grep -qi '^www-authenticate' heads && fail "$name: a browser would ask itself"
is 401 -X DELETE "$url/api/prompts?tag=cat"
is 401 "$url/api/stream"
is 200 "$url/healthz"
is 200 -H 'Host: cam.example' "$url/" && grep -q 'data-session="out"' got || fail "the page does not know that nobody is logged in"
is 200 "$url/api/session" && has '.password and (.in | not)'
is 400 -X POST -H "$json" -d '{"user":"x"}' "$url/api/session"
is 400 -X POST -H 'Host: cam.example' -H 'Origin: https://cam.example' -H "$json" -d '{"user":"x"}' "$url/api/session"
is 403 -X POST -H 'Host: localhost' -H 'Origin: https://localhost' -H "$json" -d '{"user":"x"}' "$url/api/session"
is 403 -X POST -H 'Origin: http://evil.com' -H "$json" -d '{"password":"correct horse"}' "$url/api/session"
is 204 -c jar -X POST -H "$json" -d '{"password":"correct horse"}' "$url/api/session"
grep -q '^#HttpOnly_127.0.0.1' jar || fail "a script can read the cookie"
is 200 -b jar "$url/api/tags"
is 200 -b jar "$url/" && grep -q 'data-session="in"' got || fail "the page does not know who is logged in"
is 200 -b jar "$url/api/session" && has .in
is 403 -b jar -X DELETE -H "Origin: http://evil.com" "$url/api/prompts?tag=cat"
is 401 -b 'ocelli-session=0000000000000000000000000000000000000000000000000000000000000000' "$url/api/tags"
is 200 -u "any:correct horse" "$url/metrics"
is 200 -u "any:correct horse" -X PUT -H "$json" -d '{"values":["a parcel"]}' "$url/api/prompts?tag=parcel"
cp jar old
is 204 -b jar -X DELETE "$url/api/session"
is 401 -b old "$url/api/tags"
# Five are free.
for n in 1 2 3 4 5; do is 401 -X POST -H "$json" -d "{\"password\":\"wrong $n wrong\"}" "$url/api/session"; done
is 429 -D heads -X POST -H "$json" -d '{"password":"correct horse"}' "$url/api/session"
grep -qi '^retry-after: [1-9]' heads || fail "how long to wait is not told"
is 429 -u 'any:another guess' "$url/api/tags"
is 200 -u "any:correct horse" "$url/metrics" # who was in stays in
grep -r 'correct horse' ./*.out ./*.err got page && fail "the password is given back"

# --- a port in use, an address without a password ---

"$server" --web "$port" </dev/null >/dev/null 2>err && fail "a port in use"
grep -q "TCP port $port: .*in use" err && test "$(wc -l <err)" -eq 1 || fail "a port in use is not one line: $(cat err)"

# --- HTTPS ---

# As many as may be connected, who all end at one moment: libmicrohttpd stopped listening, and nobody tells it to begin again.
cat >crowd.py <<'EOF'
import os, signal, socket, sys, time
port, pid = int(sys.argv[1]), int(sys.argv[2])
crowd = []
for i in range(160):
    crowd.append(socket.create_connection(("127.0.0.1", port), 20, ("127.0.0.%d" % (2 + i % 8), 0)))
time.sleep(1)
os.kill(pid, signal.SIGSTOP)
for one in crowd:
    one.close()
os.kill(pid, signal.SIGCONT)
EOF
if command -v python3 >/dev/null; then
    board crowd
    python3 crowd.py "$port" "$pid" || fail "160 connections"
    is 200 "$url/healthz"
fi

# The board's own certificate, made at the first start and kept.
own=$PWD/state/web.pem
board first --https "$work/state"
is 200 --cacert "$own" "https://localhost:$port/healthz"
is 200 --cacert "$own" "https://127.0.0.1:$port/healthz"
is 403 --cacert "$own" -X DELETE -H "Origin: http://localhost:$port" "https://localhost:$port/api/prompts?tag=none"
is 404 --cacert "$own" -X DELETE -H "Origin: https://localhost:$port" "https://localhost:$port/api/prompts?tag=none"
c=$(code "https://localhost:$port/healthz")
test "$c" = 000 || fail "the certificate is trusted unseen: $c"
test "$(stat -c %a "$own")" = 600 || fail "the key can be read"
fingerprint=$(openssl x509 -in "$own" -noout -fingerprint -sha256 | sed 's/.*=//')
grep -q "a certificate was made, as there was none: $own" first.err && grep -q "fingerprint of the certificate is $fingerprint\$" first.err ||
    fail "the certificate is not told: $(cat first.err)"
board second --https "$work/state" --password "$work/secret"
grep -q "$fingerprint" second.err && ! grep -q "was made" second.err || fail "it is not the same at the next start: $(cat second.err)"
is 204 --cacert "$own" -c jar -X POST -H "$json" -d '{"password":"correct horse"}' "https://localhost:$port/api/session"
awk '/ocelli-session/ && $4 != "TRUE" { exit 1 }' jar || fail "the cookie goes over HTTP"

cp "$own" kept.pem
head -c 300 kept.pem >"$own"
"$server" --web 0 --https "$work/state" </dev/null >/dev/null 2>err && fail "a damaged certificate"
grep -q "$own: .*: remove this file, and the next start makes another" err && test "$(wc -l <err)" -eq 1 || fail "a damaged certificate: $(cat err)"
cp kept.pem "$own"

# A given one.
sed -n '/BEGIN CERT/,$p' "$own" >cert.pem
sed '/BEGIN CERT/,$d' "$own" >key.pem && chmod 600 key.pem
board given --certificate "$work/cert.pem" --key "$work/key.pem"
is 200 --cacert cert.pem "https://localhost:$port/healthz"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out other.pem 2>/dev/null && chmod 600 other.pem
cp key.pem wide.pem && chmod 644 wide.pem
printf '[run]\nmodel = none\n[source]\nuri = test:\n[tag cat]\non = 0.1\n[web]\nport = 1\n' >plain.ini
# says WORDS LINE...: `ocelli check` refuses an ini with these lines of [web], and names the line
says() {
    words=$1
    shift
    { cat plain.ini; printf '%s\n' "$@"; } >bad.ini
    "$OCELLI_BUILD/ocelli" check -c bad.ini >out 2>&1 && fail "check takes $*"
    grep -q "^bad.ini:[0-9]*: .*$words" out || fail "check, $*: $(cat out)"
}
says 'write state = FOLDER under' 'https = yes'
says 'give certificate and key' 'certificate = cert.pem'
says 'other.pem: not the key of .*cert.pem' 'certificate = cert.pem' 'key = other.pem'
says 'wide.pem: others may read or change the key: chmod 600' 'certificate = cert.pem' 'key = wide.pem'
says 'none.pem.*No such file' 'certificate = none.pem' 'key = key.pem'
says 'plain.ini: no certificate in PEM' 'certificate = plain.ini' 'key = key.pem'
test -z "$(cat open.err locked.err | grep -v '^ocelli: web: this machine alone')" || fail "a board said something: $(cat open.err locked.err)"
exit $failed
