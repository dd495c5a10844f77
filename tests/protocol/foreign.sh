#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A foreign client against our own server, over UDP and over a pair of ptys (socat) for the UART. Usage: foreign.sh SERVER PYTHON,
# a python3 that has aiocoap and cbor2.
here=$(cd "$(dirname "$0")" && pwd)
command -v socat >/dev/null || { echo "socat is not installed"; exit 1; }
work=$(mktemp -d) || exit 1
trap 'kill $wire 2>/dev/null; rm -rf "$work"' EXIT
socat "pty,raw,echo=0,link=$work/board" "pty,raw,echo=0,link=$work/client" & wire=$!
until [ -e "$work/client" ]; do sleep 0.1; kill -0 $wire || exit 1; done
head -c 20000 /dev/urandom >"$work/frame.jpg"
mkfifo "$work/in"
"$1" --serial "$work/board" --jpeg "$work/frame.jpg" --change 500 <"$work/in" >"$work/ports" & server=$!
exec 3>"$work/in"
until [ -s "$work/ports" ]; do sleep 0.1; kill -0 $server || exit 1; done
read -r _ _ _ coap _ <"$work/ports"
"$2" "$here/foreign.py" "$work/frame.jpg" "coap://127.0.0.1:$coap" "serial:$work/client"
result=$?
exec 3>&-
wait $server || result=1
exit $result
