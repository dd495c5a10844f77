# SPDX-License-Identifier: Apache-2.0
# For the scripts that run the daemon: a folder to work in, the demo model, an ini, and waiting for what is to come. Sourced.
ocelli=$OCELLI_BUILD/ocelli tools=$OCELLI_BUILD/tests
pictures=$OCELLI_SOURCE/tools/demo/pictures
work=$(mktemp -d) || exit 1
daemon=
trap 'umount disk 2>/dev/null; test -z "$daemon" || kill -9 "$daemon" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1

skip() {
    test "${OCELLI_NEED_GPU:-}" != 1 || { echo "FAILED: $1, but OCELLI_NEED_GPU=1"; exit 1; }
    echo "SKIP: $1"
    exit 77
}
command -v jq >/dev/null || skip "no jq"
model=${OCELLI_MODEL:-$work/demo.gguf}
test -e "$model" || "$OCELLI_BUILD/ocelli-convert" "$OCELLI_SOURCE/tools/demo/checkpoint" -o "$model" >/dev/null || exit 1

failures=0
fail() {
    failures=$((failures + 1))
    echo "FAILED: $1"
    for file in out err; do test ! -s $file || tail -n 8 $file | cut -c 1-400 | sed "s/^/    $file: /"; done
}

# ini URI [LINE]...: an ocelli.ini; LINEs are of [run]
ini() {
    uri=$1
    shift
    {
        printf 'template = a photo of a {}.\ntemplate = {}\n[source]\nuri = %s\nevery = yes\n[run]\nmodel = %s\n' "$uri" "$model"
        for line in motion=0 "$@"; do
            case $line in motion=0) case "$*" in *motion*) continue ;; esac ;; esac
            echo "$line"
        done
        printf '[defaults]\non = 0.05\nsmooth = 0\nmin_on = 0\nmin_off = 0\n'
        for tag in cat pizza sailboat; do printf '[tag %s]\ngroup = things\n' $tag; done
    } >ocelli.ini
}
# Empties the files at once. The shell in the background does it some time later, and a look before that would find the last run's lines.
fresh() { : >out; : >err; }
start() {
    fresh
    "$ocelli" run -c "${1:-ocelli.ini}" >out 2>err & daemon=$!
}
# stop SIGNAL: ends it, within a second, and one more where others use the processors; a build that is slower (ThreadSanitizer) has
# SLOWER times as long
stop() {
    before=$(date +%s%N)
    kill -"$1" "$daemon"
    wait "$daemon"
    code=$?
    took=$((($(date +%s%N) - before) / 1000000))
    daemon=
    test $code -eq 0 || fail "$name: exit code $code after SIG$1"
    test $took -lt $((2000 * ${SLOWER:-1})) || fail "$name: SIG$1 took $took ms"
}
# until_true SECONDS COMMAND...: three times as long where others use the processors
until_true() {
    tries=$(($1 * 60))
    shift
    while ! "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        test $tries -gt 0 || return 1
        kill -0 "$daemon" 2>/dev/null || return 1
        sleep 0.05
    done
}
event_is() { jq -se "any(.[]; .event==\"$1\" and .tag==\"$2\")" out; }
# status FILTER: asks for a status until the filter holds, 10 s long
status_is() { kill -USR1 "$daemon" && sleep 0.2 && jq -se "map(select(.event==\"status\"))|last|$1" out; }
wait_status() { until_true 10 status_is "$1" || fail "$name: the status is not $1"; }
wait_event() { until_true "${3:-10}" event_is "$1" "$2" || fail "$name: no event: $2 $1"; }
# faults [FILE]: what it said on standard error, but for the lines of the start
faults() { grep -v ': runs: source \|: the first picture is there: ' "${1:-err}"; }
changes() { jq -r 'select(.event!="status")|"\(.event) \(.tag) \(.frame)"' out; }
# held: its signals are taken from now on
held() { until_true 20 grep -q "^SigBlk:.*[1-9a-f]" "/proc/$daemon/status" || fail "$name: not started"; }
started() { held; wait_status '.device_open'; }
# start_layered: as start, with the layer that loses the device or makes it slow
start_layered() {
    fresh
    VK_LAYER_PATH=$tools${VK_LAYER_PATH:+:$VK_LAYER_PATH} VK_INSTANCE_LAYERS=VK_LAYER_OCELLI_lost \
        OCELLI_DEVICE=vulkan "$ocelli" run -c ocelli.ini \
        >out 2>err & daemon=$!
}
# show PICTURE: it lands in the folder that is watched
show() { cp "$pictures/$1.png" landing && mv landing "seen/$1-$2.png"; }
