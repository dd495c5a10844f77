#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Pictures from a network camera's address: snapshots and MJPEG, log-ins, TLS, and a server that answers in every wrong way. Each time the
# daemon goes on, its tags stay, one line tells why, `status` too; and no secret stands in any of that.
set -u
. "$OCELLI_SOURCE/tests/e2e/tools/daemon.sh"
export OCELLI_DEVICE=cpu http_proxy=http://127.0.0.1:1/ https_proxy=http://127.0.0.1:1/ # which are not for it
command -v python3 >/dev/null || skip "no python3"
long=${OCELLI_LONG:-0} # 1: make test-http
mkdir camera
echo good >camera/mode
server=
trap 'kill -9 $server $daemon 2>/dev/null; rm -rf "$work"' EXIT
board=udp://localhost:$((21000 + $$ % 9000))

serve() { # serve [CERTIFICATE KEY]
    rm -f port
    python3 "$OCELLI_SOURCE/tests/e2e/tools/http_camera.py" port camera "$@" 2>camera.err & server=$!
    tries=400
    until [ -s port ]; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || { echo "FAILED: the camera does not start: $(cat camera.err)"; exit 1; }
        sleep 0.05
    done
    port=$(cat port)
}
look_at() { "$tools/jpeg" "$pictures/$1.png" >camera/new && mv camera/new camera/picture.jpg; }
becomes_mode() { echo "$1" >camera/new && mv camera/new camera/mode; }
# write URI [LINE]...: an ini whose source has these lines
write() {
    {
        printf '[run]\nmodel = %s\nlook_every = 3600\n[serve]\nudp = %s\n[source]\nuri = %s\n' "$model" "${board##*:}" "$1"
        shift
        for line in "$@"; do echo "$line"; done
        printf '[defaults]\non = 0.05\nsmooth = 0\nmin_on = 0\nmin_off = 0\n'
        for tag in cat pizza sailboat; do printf '[tag %s]\ngroup = things\n' $tag; done
    } >new.ini
    mv new.ini ocelli.ini
}
is_on() { tail -n 1 out | grep -q "^{\"event\":\"on\",\"tag\":\"$1\""; } # the three are of one group: only the last one is
tells() { "$ocelli" query --json $board status | jq -s -e "[.[].faults[]] | any(test(\"$1\"))" >/dev/null; }
# slowly SECONDS COMMAND...: as until_true, for what asks the daemon
slowly() {
    ends=$(($(date +%s) + 3 * $1))
    shift
    until "$@"; do [ "$(date +%s)" -lt $ends ] || return 1; sleep 1; done
}
has_none() { "$ocelli" query --json $board status | jq -s -e '[.[].faults[]] | length == 0' >/dev/null; }
comes() { look_at "$1"; until_true 20 is_on "$1" || fail "$name: the $1 does not come"; }
# hostile MODE WORDS: it is told so, in one line; the tag that is on stays; and when the camera is good again, pictures come
hostile() {
    name=$1
    before=$(grep -c "$2.*it is tried again" err)
    becomes_mode "$1"
    until_true "${3:-20}" grep -q "$2.*it is tried again" err || fail "$name: not told"
    sleep 3
    slowly 20 tells "source http.*127.0.0.1.*($2)" || fail "$name: not in the status: $("$ocelli" query $board status | grep fault)"
    [ $(($(grep -c "$2.*it is tried again" err) - before)) -le 1 ] || fail "$name: told again and again"
    is_on "$now" || fail "$name: the tag did not stay"
    becomes_mode good
    case $now in cat) now="pizza" ;; *) now="cat" ;; esac
    look_at $now
    until_true 60 is_on $now || fail "$name: no picture afterwards"
    slowly 20 has_none || fail "$name: the fault stays"
}

name="without libcurl's headers"
serve
look_at cat
write "http://127.0.0.1:$port/snap.jpg?key=hush"
"$ocelli" check -c ocelli.ini >checked 2>&1
if grep -q 'not built in: build with libcurl4-openssl-dev installed\|needs libcurl 7.66 or newer' checked; then
    skip "no libcurl"
fi
grep -q "http://127.0.0.1:$port/snap.jpg?\.\.\.$" checked || fail "ocelli check: $(cat checked)"

name="snapshots"
start
until_true 20 is_on cat || fail "$name: no cat"
comes pizza
now=pizza
grep -q '^GET /snap.jpg?key=hush good' camera/seen || fail "$name: the query is not asked for"
count=$(wc -l <camera/seen)
sleep 2
more=$(($(wc -l <camera/seen) - count))
[ $more -le 6 ] || fail "$name: $more in 2 s"

hostile html 'what came is no JPEG'
if [ $long = 1 ]; then
    hostile half 'broke off in the middle of a picture'
    hostile 401 '401: it wants a log-in'
    hostile 404 '404: there is no such page'
    hostile 500 'it answers 500'
    hostile short 'ended in the middle of a picture'
    hostile headers 'more than 64 KiB of headers'
    hostile giant 'a picture of more than 8 MiB'
    hostile junk 'no JPEG .its type is image/jpeg'
    hostile circle 'redirects more than 3 times'
    hostile to:http://localhost:1/ 'redirects to another host'
    hostile to:file:///etc/passwd 'redirects to'
    hostile hang 'no picture for 15 s' 40
    hostile drip 'no picture for 15 s' 40
fi

name="a bomb"
python3 - camera/picture.jpg camera/bomb.jpg <<'PY'
import sys
jpeg = bytearray(open(sys.argv[1], "rb").read())
at = jpeg.index(b"\xff\xc0")
jpeg[at + 5:at + 9] = b"\x3f\xff\x3f\xff"
open(sys.argv[2], "wb").write(jpeg)
PY
becomes_mode bomb
slowly 20 tells 'its pictures cannot be read' || fail "$name: not told"
[ "$(grep -c '16383' err)" -eq 1 ] || fail "$name: not told once"
is_on $now || fail "$name: the tag did not stay"
becomes_mode good
comes sailboat
if [ $long = 1 ]; then
    name="a length that is too long, and a redirect within the host"
    becomes_mode long
    comes cat
    becomes_mode redirect
    comes pizza
    grep -q '^GET /moved.jpg redirect' camera/seen || fail "$name: not followed"
fi
grep -qi 'hush' err out && fail "$name: a secret is in the log"
[ "$(grep -c 'is back' err)" -ge 1 ] || fail "$name: not told that it is back"

name="streams"
kinds="stream-cut"
[ $long = 0 ] || kinds="stream stream-wrong-boundary stream-no-boundary stream-lies $kinds"
for kind in $kinds; do
    becomes_mode $kind
    comes cat
    comes sailboat
done
grep -q 'a picture that is cut short: skipped' err || fail "$name: one that is cut is not told"
becomes_mode good # it ends, and a picture alone comes
until_true 20 grep -q 'the stream ended; it is tried again' err || fail "$name: its end is not told"
comes pizza
if [ $long = 1 ]; then
    name="a stream by another type"
    becomes_mode stream-odd-type
    write "mjpeg:http://127.0.0.1:$port/video"
    comes cat
    becomes_mode good
fi

name="log-ins"
printf 'swordfish\n' >password
chmod 644 password
write "http://127.0.0.1:$port/snap.jpg" 'user = admin' 'password = password'
until_true 20 grep -q 'password.*chmod' err || fail "$name: a password that others may read"
chmod 600 password
ways=digest
[ $long = 0 ] || ways="basic digest"
for way in $ways; do
    becomes_mode $way
    comes sailboat
    comes cat
    : >camera/seen
    until_true 20 grep -q ' in$' camera/seen || fail "$name, $way: not let in"
    sleep 1
    requests=$(grep -c " $way" camera/seen) in=$(grep -c ' in$' camera/seen)
    [ "$requests" -le $((in + 1)) ] || fail "$name, $way: $requests requests for $in pictures"
    echo wrong >password
    becomes_mode 500 # with a new try the file is read again
    until_true 20 grep -q 'it answers 500' err || fail "$name, $way: 500"
    becomes_mode $way
    slowly 20 tells '401: it does not take this user and password' || fail "$name, $way: a wrong one is not told"
    echo swordfish >password
    comes sailboat
done
becomes_mode digest
write "http://admin:swordfish@127.0.0.1:$port/snap.jpg"
comes pizza
"$ocelli" query --json $board status >status
kill -USR1 $daemon
"$ocelli" check --json -c ocelli.ini >checked
"$ocelli" init --source rtsp://admin:swordfish@127.0.0.1/ here >initialized 2>&1 && fail "$name: ocelli init takes RTSP"
grep -rq 'swordfish' err out status checked initialized && fail "$name: the password is shown in $(grep -l swordfish err out status checked initialized)"
grep -q 'http://\.\.\.@127.0.0.1' checked || fail "$name: $(cat checked)"

name="https"
kill $server
wait $server 2>/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out certificate.pem -days 2 -subj /CN=camera \
    -addext subjectAltName=IP:127.0.0.1 2>/dev/null || { echo "SKIP: no openssl"; exit $((failures ? 1 : 77)); }
becomes_mode good
serve certificate.pem key.pem
write "https://127.0.0.1:$port/snap.jpg"
slowly 20 tells 'its certificate is not trusted.*give ca' || fail "$name: not verified"
write "https://127.0.0.1:$port/snap.jpg" 'ca = certificate.pem' 'rate = 5'
slowly 20 has_none || fail "$name: not with its certificate"
comes cat
now="cat"
[ $long = 0 ] || hostile "to:http://127.0.0.1:$port/" 'redirects to something else than https'
write "https://localhost:$port/snap.jpg" 'ca = certificate.pem'
slowly 20 tells 'its certificate is not trusted' || fail "$name: another host's certificate"
stop TERM

[ $failures -eq 0 ]
