#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws the pictures of `make demo`: pictures/NAME.png, named after the things in them. No light or noise: they are to be looked at."""
import math
import os

import torch
from PIL import Image

import render
import scenes

SIDE = 192
ONE = [(0.0, 0.0, 0.75, -8)]  # x, y (-1..1), share of the frame, degrees
TWO = [(-0.46, 0.08, 0.48, 6), (0.46, -0.1, 0.5, -5)]
PICTURES = [["cat"], ["pizza"], ["sailboat"], ["dog", "balloon"], ["guitar", "cactus"], ["umbrella", "duck"],
            ["banana", "carrot"], ["car", "tree"]]


def main():
    torch.manual_seed(2026)
    emoji = dict(render.read_labels())
    names = sorted({name for names in PICTURES for name in names})
    painter = scenes.Painter([emoji[n] for n in names], SIDE)
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pictures")
    os.makedirs(folder, exist_ok=True)
    for things in PICTURES:
        canvas = painter.background(1).clone() * 0.6 + 0.3
        for name, (x, y, scale, angle) in zip(things, ONE if len(things) == 1 else TWO):
            one = lambda v: torch.tensor([float(v)])
            painter.place(canvas, [names.index(name)], one(scale), one(x), one(y), one(math.radians(angle)))
        pixels = (canvas[0].permute(1, 2, 0).clamp(0, 1) * 255).round().byte().numpy()
        Image.fromarray(pixels).save(os.path.join(folder, "-and-".join(n.replace(" ", "-") for n in things) + ".png"), optimize=True)


if __name__ == "__main__":
    main()
