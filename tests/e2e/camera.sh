#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a camera to a tag: libcamera's virtual one shows a picture, `ocelli run` says what it is; another camera while it runs. Where
# the driver imports dma-bufs no frame is copied, with OCELLI_NEED_DMA_BUF=1 that must be so.
# Needs root, as the virtual cameras' file has a fixed place: it is put there for this process alone.
# OCELLI_BUILD, OCELLI_SOURCE as in cli.sh.
set -u
skip() {
    echo "SKIP: $1"
    exit 77
}
place=/usr/share/libcamera/pipeline/virtual
test -d $place || skip "no libcamera with a virtual camera"
if test -z "${OCELLI_PRIVATE:-}"; then
    unshare -m true 2>/dev/null || skip "no mount namespace"
    OCELLI_PRIVATE=1 exec unshare -m --propagation private sh "$0"
fi
ocelli=$OCELLI_BUILD/ocelli tools=$OCELLI_BUILD/tests
pictures=$OCELLI_SOURCE/tools/demo/pictures
work=$(mktemp -d) || exit 1
daemon=
trap 'test -z "$daemon" || kill -9 "$daemon" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
command -v jq >/dev/null || skip "no jq"

failures=0
fail() {
    failures=$((failures + 1))
    echo "FAILED: $1"
    tail -n 8 err | cut -c 1-400; grep -v status out | cut -c 1-300; tail -n 1 out
}
until_true() {
    for _ in $(seq 200); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    return 1
}

mkdir virtual
camera() { # ID PICTURE
    mkdir "$1" && "$tools/jpeg" "$pictures/$2.png" >"$1/0.jpg" || exit 1
    printf '"%s":\n  supported_formats:\n  - width: 480\n    height: 480\n    frame_rates: [30]\n' "$1"
    printf '  frames:\n    path: "%s/%s/"\n  location: "CameraLocationFront"\n  model: "%s"\n' "$work" "$1" "$1"
}
{
    printf '%%YAML 1.1\n---\n'
    camera First cat
    camera Second sailboat
} >virtual/virtual.yaml
mount --bind virtual $place || skip "no bind mounts"
"$OCELLI_BUILD/ocelli-convert" "$OCELLI_SOURCE/tools/demo/checkpoint" -o demo.gguf >/dev/null || exit 1
ini() {
    printf 'template = a photo of a {}.\ntemplate = {}\n[source]\nuri = camera:%s\nwidth = 480\nheight = 480\n' "$1"
    printf '[run]\nmodel = demo.gguf\nmotion = 0\nstatus_every = 0.5\n[defaults]\non = 0.05\nmin_on = 0\nmin_off = 0\n'
    for tag in cat sailboat pizza; do printf '[tag %s]\ngroup = things\n' $tag; done
}
ini First >ocelli.ini
"$ocelli" run -c ocelli.ini >out 2>err & daemon=$!
until_true grep -q . out err
grep -q "without libcamera" err && skip "built without libcamera"
is() { jq -se "map(select(.event == \"$2\" and .tag == \"$1\")) | length > 0" out; }
last() { grep '"status"' out | tail -n 1 | jq -e "$1"; }

until_true is cat on || fail "the first camera's cat is not seen"
until_true last '.pictures > 20' || fail "no pictures"
echo "$(last '[.dma_bufs, .frame_cpu_ms.median]' | tr -d '\n'): dma-bufs read without a copy, ms of processor a frame"
test -z "${OCELLI_NEED_DMA_BUF:-}" || last '.dma_bufs > 0' >/dev/null || fail "frames are copied"

ini Second >new && mv new ocelli.ini
until_true is sailboat on || fail "the second camera's sailboat is not seen"
until_true is cat off || fail "the cat is still there"
test -s err && grep -v INFO err && fail "something was said"

kill -TERM $daemon
wait $daemon || fail "exit code $?"
daemon=
test $failures -eq 0
