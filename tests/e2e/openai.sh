#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# OpenAI's ViT-B/32 against its published scores (README of openai/CLIP, 0.9927937 0.00421068 0.00299572).
# OCELLI_CLIP_CHECKPOINT: folder of openai/clip-vit-base-patch32. OCELLI_CLIP_PICTURE: CLIP.png of openai/CLIP.
checkpoint=${OCELLI_CLIP_CHECKPOINT:-}
picture=${OCELLI_CLIP_PICTURE:-$checkpoint/CLIP.png}
test -n "$checkpoint" || { echo "SKIP: OCELLI_CLIP_CHECKPOINT names no checkpoint of OpenAI's ViT-B/32"; exit 77; }
test -r "$picture" || { echo "no picture $picture: OCELLI_CLIP_PICTURE names openai/CLIP's CLIP.png"; exit 1; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
"$OCELLI_BUILD/ocelli-convert" "$checkpoint" -o "$work/clip.gguf" || exit 1
"$OCELLI_BUILD/ocelli" selftest -m "$work/clip.gguf" || exit 1
"$OCELLI_BUILD/ocelli" tag -m "$work/clip.gguf" --json -t "a diagram" -t "a dog" -t "a cat" "$picture" >"$work/out" || exit 1
cat "$work/out"
# int8 weights: within 0.005 of the published first score, the others small and in order.
jq -en 'inputs | .tags | map({(.tag): .score}) | add |
       (."a diagram" - 0.9927937 | fabs) < 0.005 and (."a dog" - 0.00421068 | fabs) < 0.004 and
       (."a cat" - 0.00299572 | fabs) < 0.004' "$work/out"
