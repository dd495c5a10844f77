#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Libraries that are loaded when they are wanted (base/loader.h): where one is missing, a line tells what to install, and the rest goes on.
# OCELLI_BUILD, OCELLI_SOURCE, OCELLI_MODEL as in cli.sh.
set -u
. "$OCELLI_SOURCE/tests/e2e/tools/daemon.sh"
export OCELLI_DEVICE=cpu
has() { ! "$ocelli" check -c ocelli.ini 2>&1 | grep -q "$1 is not built in"; }

# The dynamic linker looks into this folder first, and what it finds there is no library.
mkdir none
for file in libmicrohttpd.so.12 libmosquitto.so.1 libpq.so.5; do : >none/$file; done
without() { LD_LIBRARY_PATH=$work/none "$ocelli" "$@" >out 2>err; }

ini test:
printf '[web]\nport = 56895\n[mqtt]\nhost = 127.0.0.1\n' >>ocelli.ini
name="the page"
if has "the web page"; then
    without check -c ocelli.ini || fail "$name: check: exit code $?"
    grep -q '^ocelli.ini:[0-9]*: warning: port = 56895: the web page needs libmicrohttpd (.*libmicrohttpd.so.12: .*): sudo apt install libmicrohttpd12$' out || fail "$name: check"
    without run -c ocelli.ini --for 1 || fail "$name: run: exit code $?"
    grep -q '^ocelli: warning: the web page needs libmicrohttpd (.*): sudo apt install libmicrohttpd12$' err || fail "$name: run"
fi
name="a broker"
if has MQTT; then
    without check -c ocelli.ini || fail "$name: check: exit code $?"
    grep -q '^ocelli.ini:[0-9]*: warning: \[mqtt\] MQTT needs libmosquitto (.*libmosquitto.so.1: .*): sudo apt install libmosquitto1$' out || fail "$name: check"
    without run -c ocelli.ini --for 1 || fail "$name: run: exit code $?"
    grep -q '^ocelli: warning: MQTT needs libmosquitto (.*): sudo apt install libmosquitto1$' err || fail "$name: run"
fi
name="PostgreSQL"
"$ocelli" index -m "$model" --library l.db "$pictures" >/dev/null 2>&1 || fail "$name: index"
"$ocelli" export -m "$model" --library l.db --postgres postgres://nobody@127.0.0.1:1/none >out 2>err
if ! grep -q 'not built in' err; then
    without export -m "$model" --library l.db --postgres postgres://nobody@127.0.0.1:1/none && fail "$name: exit code 0"
    grep -q '^ocelli: PostgreSQL needs libpq (.*libpq.so.5: .*): sudo apt install libpq5$' err || fail "$name"
    test "$(wc -l <err)" -eq 1 || fail "$name: more than a line"
fi
test $failures -eq 0 || exit 1
echo ok
