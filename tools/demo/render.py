#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Renders test pictures the training never saw: its backgrounds, places and lights come from other seeds.

  render.py FOLDER [--each 12] [--seed 77001]   FOLDER/LABEL.NN.png for every line of labels.txt

80 pixels a side, as the model has them: what is measured is the model, not the resize.
"""
import argparse
import os
import random

import numpy as np
import torch
from PIL import Image

import scenes

SIDE = 80


def read_labels():
    """[(label, emoji)]"""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "labels.txt")
    with open(path, encoding="utf-8") as f:
        return [tuple(line.rstrip("\n").split("\t")) for line in f]


def render(characters, count, seed):
    """(len(characters) * count, SIDE, SIDE, 3) uint8, one thing in each, `count` of the first, then of the second..."""
    torch.manual_seed(seed)
    random.seed(seed)
    painter = scenes.Painter(characters, SIDE)
    chosen = [i for i in range(len(characters)) for _ in range(count)]
    order = torch.randperm(len(chosen)).tolist()  # so that blur, which goes by place in a batch, falls on any
    out = np.empty((len(chosen), SIDE, SIDE, 3), np.uint8)
    for start in range(0, len(order), 200):
        rows = order[start:start + 200]
        pictures = painter.paint([chosen[r] for r in rows], [-1] * len(rows), 1.0) * scenes.STD + scenes.MEAN
        out[rows] = (pictures.permute(0, 2, 3, 1) * 255).round().clamp(0, 255).byte().numpy()
    return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--each", type=int, default=12)
    parser.add_argument("--seed", type=int, default=77001)
    args = parser.parse_args()
    os.makedirs(args.folder, exist_ok=True)
    labels = read_labels()
    pictures = render([emoji for _, emoji in labels], args.each, args.seed)
    for i, picture in enumerate(pictures):
        label = labels[i // args.each][0]
        Image.fromarray(picture).save(os.path.join(args.folder, f"{label}.{i % args.each:02d}.png"))


if __name__ == "__main__":
    main()
