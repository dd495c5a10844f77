#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# For run.sh, in the system: each part of the program that a library makes.
set -u
cd /in || exit 1
failed=0
fail() { echo "FAILED: $1"; tail -n 5 out err 2>/dev/null; failed=1; }
ldd /opt/ocelli/bin/ocelli | grep 'not found' && fail "libraries are missing"
ocelli-convert checkpoint -o demo.gguf >out 2>err || fail "ocelli-convert"
for picture in cat.png 422.jpg lossy.webp; do
    ocelli tag -m demo.gguf --device cpu "$picture" -t cat -t boat >out 2>err && grep -q '0\.[0-9]* *cat$' out || fail "$picture is not tagged"
done
./example demo.gguf cat.png 'a cat' 'a dog' >out 2>err
grep -q '^100.0 %  a cat' out || fail "libocelli.so"
ocelli info >out 2>err && grep -q '^cameras .*needs the package ocelli-camera: .*no /opt/ocelli/lib/ocelli/camera.so;' out || fail "ocelli info"

cat >ocelli.ini <<END
template = a photo of a {}.
[source]
uri = test:160x120@10
[run]
model = demo.gguf
device = cpu
[serve]
coap = 57683
[web]
port = 57684
[mqtt]
host = 127.0.0.1
port = 1
[memory]
file = /in/history
[defaults]
on = 0
smooth = 0
min_on = 0
min_off = 0
[tag green triangle]
group = things
[tag balloon]
group = things
END
rm -f history*
ocelli run -c ocelli.ini >out 2>err & daemon=$!
changes='on:green triangle|off:green triangle|on:balloon|off:balloon'
seen() { sed -n 's/^{"event":"\(on\|off\)","tag":"\([^"]*\)".*/\1:\2/p' out | grep -Ex "$changes" | sort -u | wc -l; }
tries=0
until test "$(seen)" = 4 || test $tries = 60; do tries=$((tries + 1)) && sleep 1; done
test "$(seen)" = 4 || fail "tags do not come and go"
ocelli query coap://127.0.0.1:57683 tags >tags 2>&1 && grep -q 'green triangle' tags || fail "CoAP: $(cat tags)"
bash -c 'exec 3<>/dev/tcp/127.0.0.1/57684 && printf "GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n" >&3 && grep -q "^HTTP/1.[01] 200" <&3' || fail "no page"
grep -q '^ocelli: .*MQTT broker 127.0.0.1:1: ' err || fail "no MQTT"
kill -TERM $daemon
wait $daemon || fail "the daemon ends with $?"
test -s history || fail "no history"
test $failed -ne 0 || echo "tags come and go, and all else is as it should be"
exit $failed
