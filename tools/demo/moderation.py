#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Renders pictures to learn and to test moderation.ini with: one thing in each, of all that the model knows.

  moderation.py FOLDER [--each 8] [--seed 88001]   FOLDER/POLICY/THING.NN.png; what no policy names lies in FOLDER/other

80 pixels a side, as the model has them. Another seed draws other pictures.
"""
import argparse
import os

import render
import scenes
from PIL import Image

POLICIES = {"weapons": {"kitchen knife", "dagger", "water pistol", "bomb", "axe"},
            "alcohol": {"wine glass", "cocktail glass", "beer mug", "clinking beer mugs", "bottle with popping cork", "tumbler glass",
                        "clinking glasses", "sake"},
            "spiders": {"spider", "spider web"}}


def policy_of(name):
    return next((policy for policy, names in POLICIES.items() if name in names), "other")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--each", type=int, default=8)
    parser.add_argument("--seed", type=int, default=88001)
    args = parser.parse_args()
    things = scenes.drawable_things()
    for policy in [*POLICIES, "other"]:
        os.makedirs(os.path.join(args.folder, policy), exist_ok=True)
    pictures = render.render([emoji for emoji, _, _ in things], args.each, args.seed)
    for i, picture in enumerate(pictures):
        name = things[i // args.each][1]
        file = f"{name.replace(' ', '_').replace('/', '_')}.{i % args.each:02d}.png"
        Image.fromarray(picture).save(os.path.join(args.folder, policy_of(name), file))


if __name__ == "__main__":
    main()
