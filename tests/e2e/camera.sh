#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a camera to a tag: libcamera's virtual one shows a picture, `ocelli run` says what it is; another camera while it runs. Where
# the driver imports dma-bufs no frame is copied, with OCELLI_NEED_DMA_BUF=1 that must be so.
# Needs root, as the virtual cameras' file has a fixed place: it is put there for this process alone.
# OCELLI_BUILD, OCELLI_SOURCE as in cli.sh.
set -u
no_camera() {
    echo "SKIP: $1"
    exit 77
}
test -e "${OCELLI_CAMERA_MODULE:-$OCELLI_BUILD/camera.so}" || no_camera "built without libcamera"
place=/usr/share/libcamera/pipeline/virtual
test -d $place || no_camera "no libcamera with a virtual camera"
if test -z "${OCELLI_PRIVATE:-}"; then
    unshare -m true 2>/dev/null || no_camera "no mount namespace"
    OCELLI_PRIVATE=1 exec unshare -m --propagation private sh "$0"
fi
. "$OCELLI_SOURCE/tests/e2e/tools/daemon.sh"

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
mount --bind virtual $place || no_camera "no bind mounts"
ini() {
    printf 'template = a photo of a {}.\ntemplate = {}\n[source]\nuri = camera:%s\nwidth = 480\nheight = 480\n' "$1"
    printf '[run]\nmodel = %s\nmotion = 0\nstatus_every = 0.5\n[defaults]\non = 0.05\nmin_on = 0\nmin_off = 0\n' "$model"
    for tag in cat sailboat pizza; do printf '[tag %s]\ngroup = things\n' $tag; done
}
ini First >ocelli.ini
start
until_true 20 grep -q . out err
last() { grep '"status"' out | tail -n 1 | jq -en "inputs | $1"; }

until_true 20 event_is on cat || fail "the first camera's cat is not seen"
until_true 20 last '.pictures > 20' || fail "no pictures"
echo "$(last '[.dma_bufs, .frame_cpu_ms.median]' | tr -d '\n'): dma-bufs read without a copy, ms of processor a frame"
test -z "${OCELLI_NEED_DMA_BUF:-}" || last '.dma_bufs > 0' >/dev/null || fail "frames are copied"

ini Second >new && mv new ocelli.ini
until_true 20 event_is on sailboat || fail "the second camera's sailboat is not seen"
until_true 20 event_is off cat || fail "the cat is still there"
test -s err && faults | grep -v ': is there$' && fail "something was said"

name=camera
stop TERM
test $failures -eq 0
