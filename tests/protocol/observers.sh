#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Observers of our own server with a change a second: none may lose one. Usage: observers.sh SERVER COUNT SECONDS
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkfifo "$work/in"
"$1" --change 1000 <"$work/in" >"$work/ports" & server=$!
exec 3>"$work/in"
until [ -s "$work/ports" ]; do sleep 0.1; kill -0 $server || exit 1; done
read -r _ _ _ coap _ <"$work/ports"
python3 "$here/observers.py" "coap://127.0.0.1:$coap" "$2" "$3" $server
result=$?
exec 3>&-
wait $server || result=1
exit $result
