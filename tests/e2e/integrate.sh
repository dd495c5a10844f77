#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/integrate.md and then the commands of docs/library.md, typed as they stand there; where it sleeps for the daemon, the test waits for what has to come.
set -u
. "$OCELLI_SOURCE/tests/e2e/tools/document.sh"
events=$work/build/ask/events
steps docs/integrate.md >typed
steps docs/library.md >>typed
grep -q '^COAP_FOUND.*=1' "$OCELLI_BUILD/CMakeCache.txt" || { # without libcoap: lines alone
    echo "SKIP: CoAP, which is not built in"
    sed -i -e '/^coaps* = /d' -e '/^psk = /d' -e '/coaps*:/d' typed
}
sed -i -e 's/^sleep 5$/until_true ask ping/' -e 's/^sleep 2$/until_true state_is cat on/' typed
command -v socat >/dev/null || sed -i '/^kill \$!$/d' typed # it is what that ends; the daemon would be
# `make install` is cmake --install of this build; the compiler gets this build's flags, for its sanitizers.
cached() { sed -n "s/^$1:[^=]*=//p" "$OCELLI_BUILD/CMakeCache.txt"; }
sed -i -e 's|^make install PREFIX=\(.*\)|cmake --install build/release --prefix "\1" >/dev/null|' -e "s|^cc |$(cached CMAKE_C_COMPILER) $(cached CMAKE_C_FLAGS) |" typed
type_lines typed
grep -q ' cat on$' out || fail "no event"
if command -v nc >/dev/null; then
    grep -q '^{"ok":true,.*"tag":"cat","state":"on"' out || fail "no JSON line"
    grep -q '^TAGS [0-9]* [0-9]* cat:1.00 dog:0' out || fail "no terse line"
fi
grep -qxF "['cat']" out || fail "the Python client"
grep -qx 'cat 100' out || fail "the MicroPython client"
if grep -q '^coap-client' typed; then
    grep -q '"tag":"cat","count":1,"values":\["cat"\]' out || fail "coap-client: prompts"
    grep -q '"tag":"car","count":1,"values":\["a green car"\]' out || fail "coap-client: no change with the key"
    grep -q '"n":1,"seq":1,.*"tag":"cat","state":"on"' out || fail "coap-client: no events"
    test -s build/ask/frame.jpg || fail "coap-client: no picture"
    test -s build/ask/tags.cbor || fail "coap-client: no CBOR"
fi
test "$(grep -Ec '^ *[0-9.]+ %  a cat$' out)" = 2 || fail "the example of the library"
exit $failed
